package dev.wireproof.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.wireproof.id.AgentId;
import dev.wireproof.testkit.Mutations;
import dev.wireproof.testkit.Shows;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The codec's parsers under Jazzer, which looks for inputs that reach code that none reached before. In {@code verify} it tries the seeds;
 * for more see {@code docs/security.md}.
 */
@Shows("S30")
class CodecGuidedFuzzTest {
    static Stream<byte[]> agentsTexts() {
        return Stream.concat(
                Mutations.corpus("protocol").stream(),
                MessageExamples.agentMessages().stream().map(message -> bytes(AgentMessageCodec.encode(message))));
    }

    @MethodSource("agentsTexts")
    @FuzzTest(maxDuration = "10m")
    void a_text_of_an_agent_is_a_message_or_refused_with_a_reason(byte[] input) {
        if (AgentMessageCodec.decode(text(input)) instanceof Decoded.Usable<AgentMessage>(var message)) {
            assertThat(AgentMessageCodec.decode(AgentMessageCodec.encode(message)))
                    .isEqualTo(new Decoded.Usable<>(message));
        }
    }

    static Stream<byte[]> serversTexts() {
        return Stream.concat(
                Mutations.corpus("protocol").stream(),
                MessageExamples.serverMessages().stream().map(message -> bytes(ServerMessageCodec.encode(message))));
    }

    @MethodSource("serversTexts")
    @FuzzTest(maxDuration = "10m")
    void a_text_of_a_server_is_a_message_or_refused_with_a_reason(byte[] input) {
        ServerMessageCodec.glimpse(text(input));
        if (ServerMessageCodec.decode(text(input)) instanceof Decoded.Usable<ServerMessage>(var message)) {
            assertThat(ServerMessageCodec.decode(ServerMessageCodec.encode(message)))
                    .isEqualTo(new Decoded.Usable<>(message));
        }
    }

    static Stream<byte[]> signed() {
        return Stream.of(new SignedCommand(
                        new AgentId(MessageExamples.COMMAND.value()),
                        MessageExamples.command(Map.of("A", "1")),
                        MessageExamples.AT,
                        42)
                .document());
    }

    @MethodSource("signed")
    @FuzzTest(maxDuration = "10m")
    void a_signed_document_is_read_or_refused(byte[] input) {
        SignedCommand read = SignedCommand.read(input, 1);
        if (read != null) {
            assertThat(SignedCommand.read(read.document(), 1)).isEqualTo(read);
        }
    }

    static Stream<byte[]> payloads() {
        return Stream.of(new PingPayload(8, 42).toBuffer().array(), new byte[125]);
    }

    @MethodSource("payloads")
    @FuzzTest(maxDuration = "10m")
    void a_payload_of_a_pong_is_read_or_refused(byte[] input) {
        PingPayload.read(ByteBuffer.wrap(input));
    }

    private static String text(byte[] input) {
        return new String(input, StandardCharsets.UTF_8);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
