package dev.wireproof.agent;

import dev.wireproof.id.CommandId;
import dev.wireproof.id.Uuids;
import dev.wireproof.protocol.AgentMessage;
import dev.wireproof.protocol.AgentMessage.CommandOutput;
import dev.wireproof.protocol.AgentMessage.Encoding;
import dev.wireproof.protocol.AgentMessage.Stream;
import dev.wireproof.protocol.ServerMessage.Command;
import dev.wireproof.protocol.WireTime;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Commands for tests, and their output put together again. */
final class Commands {
    private Commands() {}

    static Command sh(String script) {
        return command("sh", script, 60);
    }

    static Command command(String interpreter, String script, int timeoutS) {
        return with(
                interpreter,
                script,
                timeoutS,
                List.of(),
                Map.of(),
                null,
                1 << 20,
                Instant.now().plusSeconds(600));
    }

    static Command with(
            String interpreter,
            String script,
            int timeoutS,
            List<String> args,
            Map<String, String> env,
            @Nullable String cwd,
            long maxOutput,
            Instant expiresAt) {
        Instant now = WireTime.parse(WireTime.format(Instant.now()));
        return new Command(
                new CommandId(Uuids.version7(now)),
                1,
                "shell",
                interpreter,
                script,
                args,
                env,
                cwd,
                timeoutS,
                maxOutput,
                now,
                WireTime.parse(WireTime.format(expiresAt)),
                null);
    }

    static Command again(Command command, int attempt) {
        return new Command(
                command.commandId(),
                attempt,
                command.kind(),
                command.interpreter(),
                command.script(),
                command.args(),
                command.env(),
                command.cwd(),
                command.timeoutS(),
                command.maxOutputBytes(),
                command.issuedAt(),
                command.expiresAt(),
                null);
    }

    /** The bytes of one stream, as far as its chunks follow each other without a gap. */
    static byte[] output(List<AgentMessage> messages, CommandId id, Stream stream) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (AgentMessage message : messages) {
            if (message instanceof CommandOutput chunk
                    && chunk.commandId().equals(id)
                    && chunk.stream() == stream
                    && chunk.offset() == bytes.size()) {
                bytes.writeBytes(
                        chunk.encoding() == Encoding.UTF_8
                                ? chunk.data().getBytes(StandardCharsets.UTF_8)
                                : Base64.getDecoder().decode(chunk.data()));
            }
        }
        return bytes.toByteArray();
    }

    static String stdout(List<AgentMessage> messages, CommandId id) {
        return new String(output(messages, id, Stream.STDOUT), StandardCharsets.UTF_8);
    }
}
