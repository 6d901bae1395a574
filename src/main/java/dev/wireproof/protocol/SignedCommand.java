package dev.wireproof.protocol;

import dev.wireproof.id.AgentId;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * What a signature of a command is over: whom it is for, all that decides what runs, from when to when, and a counter. The attempt is not
 * part of it.
 *
 * @param command without its signature
 * @param counter rises with each document for the agent; at least 1
 */
public record SignedCommand(AgentId agentId, ServerMessage.Command command, Instant notBefore, long counter) {
    private static final int EXPECTED_CHARACTERS = 768;
    private static final JsonReader JSON = new JsonReader(ProtocolLimits.SERVER_MESSAGE_BYTES);

    /** The bytes that are signed: the same in every process. */
    public byte[] document() {
        JsonWriter out =
                JsonWriter.object(EXPECTED_CHARACTERS).id("agent_id", agentId).id("command_id", command.commandId());
        ServerMessageWriter.whatRuns(out, command)
                .time("not_before", notBefore)
                .time("expires_at", command.expiresAt())
                .number("counter", counter);
        return out.closed().getBytes(StandardCharsets.UTF_8);
    }

    /**
     * Reads a document whose signature was found good.
     *
     * @param attempt of the message that carried it
     * @return null when it is none
     */
    public static @Nullable SignedCommand read(byte[] document, int attempt) {
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(document))
                    .toString();
            Fields in = Fields.top(JSON.object(text), UnaryOperator.identity());
            ServerMessage.Command command = new ServerMessage.Command(
                    in.commandId(),
                    attempt,
                    in.text("kind"),
                    in.text("interpreter"),
                    in.text("script"),
                    in.textList("args"),
                    in.textMap("env"),
                    in.textOrNull("cwd"),
                    in.integer("timeout_s", 1, Integer.MAX_VALUE),
                    in.number("max_output_bytes", 0, Long.MAX_VALUE),
                    in.time("issued_at"),
                    in.time("expires_at"),
                    null);
            return new SignedCommand(
                    new AgentId(in.uuid("agent_id")),
                    command,
                    in.time("not_before"),
                    in.number("counter", 1, Long.MAX_VALUE));
        } catch (JsonReader.Malformed | Fields.Invalid | CharacterCodingException e) {
            return null;
        }
    }
}
