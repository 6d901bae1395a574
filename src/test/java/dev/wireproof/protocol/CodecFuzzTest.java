package dev.wireproof.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wireproof.testkit.Mutations;
import dev.wireproof.testkit.Shows;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/**
 * Whatever arrives: a message or a reason, never an exception, and what was read says the same when it is written again. Seeds and
 * properties are those of {@link CodecGuidedFuzzTest}, with seeded changes in place of a search.
 */
class CodecFuzzTest {
    private final CodecGuidedFuzzTest properties = new CodecGuidedFuzzTest();

    @Test
    @Shows("S30")
    void no_text_of_an_agent_breaks_the_codec_and_what_it_reads_it_can_write() {
        Mutations.of(
                CodecGuidedFuzzTest.agentsTexts().toList(),
                1,
                properties::a_text_of_an_agent_is_a_message_or_refused_with_a_reason);
    }

    @Test
    @Shows("S30")
    void no_text_of_a_server_breaks_the_agents_codec_and_what_it_reads_it_can_write() {
        Mutations.of(
                CodecGuidedFuzzTest.serversTexts().toList(),
                1,
                properties::a_text_of_a_server_is_a_message_or_refused_with_a_reason);
    }

    @Test
    void no_signed_document_breaks_the_agent_and_what_it_reads_it_can_write() {
        Mutations.of(CodecGuidedFuzzTest.signed().toList(), 2, properties::a_signed_document_is_read_or_refused);
    }

    @Test
    void no_ping_payload_key_or_signature_breaks_who_reads_it() {
        Mutations.of(CodecGuidedFuzzTest.payloads().toList(), 2, input -> {
            properties.a_payload_of_a_pong_is_read_or_refused(input);
            String text = new String(input, StandardCharsets.ISO_8859_1);
            assertThat(SigningKeys.verifies(text, input, text)).isFalse();
        });
    }
}
