package dev.wireproof.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wireproof.id.AgentId;
import dev.wireproof.testkit.Mutations;
import dev.wireproof.testkit.Shows;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Whatever arrives: a message or a reason, never an exception, and what was read says the same when it is written again. */
class CodecFuzzTest {

    @Test
    @Shows("S30")
    void no_text_of_an_agent_breaks_the_codec_and_what_it_reads_it_can_write() {
        List<byte[]> corpus = new ArrayList<>(Mutations.corpus("protocol"));
        MessageExamples.agentMessages().forEach(message -> corpus.add(bytes(AgentMessageCodec.encode(message))));
        Mutations.of(corpus, 1, input -> {
            String text = new String(input, StandardCharsets.UTF_8);
            if (AgentMessageCodec.decode(text) instanceof Decoded.Usable<AgentMessage>(var message)) {
                assertThat(AgentMessageCodec.decode(AgentMessageCodec.encode(message)))
                        .isEqualTo(new Decoded.Usable<>(message));
            }
        });
    }

    @Test
    @Shows("S30")
    void no_text_of_a_server_breaks_the_agents_codec_and_what_it_reads_it_can_write() {
        List<byte[]> corpus = new ArrayList<>(Mutations.corpus("protocol"));
        MessageExamples.serverMessages().forEach(message -> corpus.add(bytes(ServerMessageCodec.encode(message))));
        Mutations.of(corpus, 1, input -> {
            String text = new String(input, StandardCharsets.UTF_8);
            ServerMessageCodec.glimpse(text);
            if (ServerMessageCodec.decode(text) instanceof Decoded.Usable<ServerMessage>(var message)) {
                assertThat(ServerMessageCodec.decode(ServerMessageCodec.encode(message)))
                        .isEqualTo(new Decoded.Usable<>(message));
            }
        });
    }

    @Test
    void no_signed_document_breaks_the_agent_and_what_it_reads_it_can_write() {
        byte[] good = new SignedCommand(
                        new AgentId(MessageExamples.COMMAND.value()),
                        MessageExamples.command(Map.of("A", "1")),
                        MessageExamples.AT,
                        42)
                .document();
        Mutations.of(List.of(good), 2, input -> {
            SignedCommand read = SignedCommand.read(input, 1);
            if (read != null) {
                assertThat(SignedCommand.read(read.document(), 1)).isEqualTo(read);
            }
        });
    }

    @Test
    void no_ping_payload_key_or_signature_breaks_who_reads_it() {
        Mutations.of(List.of(new PingPayload(8, 42).toBuffer().array(), new byte[125]), 2, input -> {
            PingPayload.read(ByteBuffer.wrap(input));
            String text = new String(input, StandardCharsets.ISO_8859_1);
            assertThat(SigningKeys.verifies(text, input, text)).isFalse();
        });
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
