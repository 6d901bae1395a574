package dev.wireproof.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CodecTextTest {
    private static final String NOTHING_TO_STORE = "{\"type\":\"ConfigAck\",\"payload\":"
            + "{\"config_version\":1,\"applied\":false,\"error\":\"a\\u0000b\\ud800c\\u001b\\udc00\"}}";

    @Test
    void agent_text_comes_out_fit_for_a_database_and_keeps_its_control_characters() {
        assertThat(AgentMessageCodec.decode(NOTHING_TO_STORE))
                .isEqualTo(new Decoded.Usable<>(new AgentMessage.ConfigAck(1, false, "a␀b\uFFFDc\u001b\uFFFD")));
    }

    @Test
    void output_keeps_nul_because_its_bytes_are_counted() {
        String text = "{\"type\":\"CommandOutput\",\"payload\":{\"command_id\":\"" + MessageExamples.COMMAND
                + "\",\"stream\":\"stdout\",\"offset\":0,\"encoding\":\"utf-8\",\"data\":\"a\\u0000\\ud800\"}}";
        assertThat(AgentMessageCodec.decode(text))
                .isEqualTo(new Decoded.Usable<>(new AgentMessage.CommandOutput(
                        MessageExamples.COMMAND,
                        AgentMessage.Stream.STDOUT,
                        0,
                        AgentMessage.Encoding.UTF_8,
                        "a\u0000\uFFFD")));
    }

    @Test
    void a_script_stays_as_it_was_written() {
        var query = new ServerMessage.Echo("a\u0000\ud800\u0007");
        assertThat(ServerMessageCodec.decode(ServerMessageCodec.encode(query))).isEqualTo(new Decoded.Usable<>(query));
    }

    /** Seeded, so that a failure can be repeated. */
    @Test
    void no_text_whatever_makes_decoding_throw() {
        Random random = new Random(20261125);
        String[] seeds = new String
                [MessageExamples.agentMessages().size()
                        + MessageExamples.serverMessages().size()];
        int at = 0;
        for (AgentMessage message : MessageExamples.agentMessages()) {
            seeds[at++] = AgentMessageCodec.encode(message);
        }
        for (ServerMessage message : MessageExamples.serverMessages()) {
            seeds[at++] = ServerMessageCodec.encode(message);
        }
        for (int round = 0; round < 20_000; round++) {
            String text = round % 10 == 0 ? noise(random) : mutated(seeds[random.nextInt(seeds.length)], random);
            assertThat(AgentMessageCodec.decode(text)).isNotNull();
            assertThat(ServerMessageCodec.decode(text)).isNotNull();
            assertThat(ServerMessageCodec.glimpse(text)).isNotNull();
        }
    }

    private static String noise(Random random) {
        byte[] bytes = new byte[random.nextInt(200)];
        random.nextBytes(bytes);
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    private static String mutated(String text, Random random) {
        StringBuilder mutated = new StringBuilder(text);
        String interesting = "{}[]\",:\\u0e-+.9tfn\u0000\ud800\udc00 ";
        for (int i = random.nextInt(4); i >= 0; i--) {
            int place = random.nextInt(mutated.length());
            char c = interesting.charAt(random.nextInt(interesting.length()));
            switch (random.nextInt(3)) {
                case 0 -> mutated.setCharAt(place, c);
                case 1 -> mutated.insert(place, c);
                default -> mutated.deleteCharAt(place);
            }
        }
        return mutated.toString();
    }

    @Test
    void times_are_read_in_any_offset_and_precision_and_written_with_six_digits() {
        assertThat(WireTime.parse("2026-11-25T10:11:12.345678999Z")).isEqualTo(MessageExamples.AT);
        assertThat(WireTime.parse("2026-11-25t15:56:12.345678+05:45")).isEqualTo(MessageExamples.AT);
        assertThat(WireTime.parse("2026-11-25T10:11:12z")).isEqualTo(Instant.parse("2026-11-25T10:11:12Z"));
        assertThat(WireTime.parse("1969-12-31T23:59:59.5Z")).isEqualTo(Instant.parse("1969-12-31T23:59:59.5Z"));
        assertThat(WireTime.format(Instant.parse("2026-11-25T10:11:12Z"))).isEqualTo("2026-11-25T10:11:12.000000Z");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "2026-11-25",
                "2026-11-25T10:11Z",
                "2026-11-25T10:11:12",
                "2026-11-25 10:11:12Z",
                "2026-02-30T10:11:12Z",
                "2026-11-25T24:11:12Z",
                "+12026-11-25T10:11:12Z",
                "2026-11-25T10:11:12+99:00",
                "2026-11-25T10:11:12.Z",
                "0000-01-01T00:00:00Z",
                "0001-01-01T00:00:00+01:00",
                "9999-12-31T23:59:59-01:00",
                "٢٠٢٦-11-25T10:11:12Z",
                "",
            })
    void what_is_not_rfc_3339_is_refused(String text) {
        assertThatThrownBy(() -> WireTime.parse(text)).isInstanceOf(DateTimeException.class);
    }
}
