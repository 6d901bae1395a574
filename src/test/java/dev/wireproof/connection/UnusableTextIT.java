package dev.wireproof.connection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.wireproof.id.AgentId;
import dev.wireproof.id.CommandId;
import dev.wireproof.protocol.AgentMessage;
import dev.wireproof.protocol.ProtocolFault;
import dev.wireproof.protocol.ServerMessage;
import dev.wireproof.testkit.RawPeer;
import dev.wireproof.testkit.Shows;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whatever text comes is acted on or answered, and the connection goes on. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class UnusableTextIT {
    private LineUnderTest line;
    private AgentId agent;
    private RawPeer peer;

    @BeforeAll
    void start() {
        line = new LineUnderTest();
    }

    @AfterAll
    void stop() {
        line.close();
    }

    @BeforeEach
    void connect() {
        agent = LineUnderTest.anyAgent();
        peer = line.agent(agent);
    }

    @AfterEach
    void disconnect() {
        peer.close();
    }

    private ProtocolFault answer(String text) {
        peer.text(text);
        ProtocolFault fault = ((ServerMessage.ProtocolError) peer.awaitMessage("ProtocolError")).fault();
        assertThat(fault.sha256())
                .isEqualTo(OutboundText.of("", text, null, false).sha256());
        return fault;
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{\"type\":\"Hello\",\"payload\":{}} | UNKNOWN_TYPE | Hello",
                "{\"type\":\"Command\",\"payload\":{}} | UNKNOWN_TYPE | Command",
                "{\"type\":\"Heartbeat\",\"payload\":{\"seq\":-1}} | INVALID_FIELD | Heartbeat",
                "{\"type\":\"ConfigAck\",\"payload\":{\"config_version\":1.5,\"applied\":true}} | INVALID_FIELD | ConfigAck",
                "{\"type\":\"ConfigAck\" | MALFORMED | ConfigAck",
                "[1,2,3] | MALFORMED | ",
                "hello | MALFORMED | ",
            })
    @Shows("S29")
    void a_text_that_cannot_be_used_is_answered_with_what_is_wrong(String text, ProtocolFault.Code code, String type) {
        ProtocolFault fault = answer(text);
        assertThat(fault.code()).isEqualTo(code);
        assertThat(fault.receivedType()).isEqualTo(type);
        assertThat(fault.receivedBytes()).isEqualTo(text.length());
    }

    @Test
    void nesting_beyond_32_is_malformed_and_31_is_not() {
        assertThat(answer("{\"type\":\"Hello\",\"payload\":" + "[".repeat(32) + "]".repeat(32) + "}")
                        .code())
                .isEqualTo(ProtocolFault.Code.MALFORMED);
        assertThat(answer("{\"type\":\"Hello\",\"payload\":" + "[".repeat(31) + "]".repeat(31) + "}")
                        .code())
                .isEqualTo(ProtocolFault.Code.UNKNOWN_TYPE);
    }

    @Test
    void a_string_may_be_as_long_as_the_message() {
        String start = "{\"type\":\"Hello\",\"payload\":{\"s\":\"";
        String text = start + "x".repeat(64 * 1024 - start.length() - 3) + "\"}}";
        assertThat(answer(text).code()).isEqualTo(ProtocolFault.Code.UNKNOWN_TYPE);
    }

    @Test
    void types_of_a_newer_protocol_are_answered_however_many_come() {
        for (int i = 0; i < 300; i++) {
            answer("{\"type\":\"FromTheFuture\",\"payload\":{\"n\":" + i + "}}");
        }
        assertThat(line.connectionOf(agent).count(Count.PARSE_ERRORS)).isEqualTo(300);
        assertThat(line.connectionOf(agent).course().ending()).isNull();
    }

    @Test
    @Shows("S29")
    void who_sends_nothing_but_malformed_texts_is_no_agent_and_closed_with_4400() {
        for (int i = 0; i < 99; i++) {
            answer("garbage");
        }
        answer("{\"type\":\"FromTheFuture\",\"payload\":{}}"); // counts as a sign of reason
        for (int i = 0; i < 100; i++) {
            peer.text("garbage");
        }
        assertThat(peer.awaitClose().closeCode()).isEqualTo(4400);
    }

    @Test
    void a_message_that_nobody_waits_for_is_answered_as_unexpected() {
        peer.send(new AgentMessage.CommandResult(
                new CommandId(UUID.randomUUID()), AgentMessage.Outcome.EXITED, 0, null, 0, 0, false, null, 1, null));
        ProtocolFault fault = ((ServerMessage.ProtocolError) peer.awaitMessage("ProtocolError")).fault();
        assertThat(fault.code()).isEqualTo(ProtocolFault.Code.UNEXPECTED);
        assertThat(fault.receivedType()).isEqualTo("CommandResult");
    }

    @Test
    void unknown_fields_are_ignored() {
        peer.text(
                "{\"type\":\"CommandAck\",\"new\":1,\"payload\":{\"command_id\":\"0198c0de-0000-7000-8000-000000000001\","
                        + "\"attempt\":1,\"duplicate\":false,\"status\":\"accepted\",\"colour\":[\"blue\"]}}");
        await().until(() -> line.handled.stream().anyMatch(AgentMessage.CommandAck.class::isInstance));
    }

    @Test
    void NUL_lone_surrogates_and_control_characters_are_kept_in_a_form_that_can_be_stored() {
        peer.text("{\"type\":\"Heartbeat\",\"payload\":{\"seq\":1,\"uptime_s\":1,"
                + "\"rx\":{\"text\":1,\"ping\":1,\"bytes\":1,\"parse_errors\":1,\"last_ping_seq\":0},"
                + "\"tx\":{\"text\":1,\"bytes\":1},\"running_commands\":[],\"queued_commands\":0,\"last_error\":{\"sha256\":\""
                + "ab".repeat(32)
                + "\",\"message\":\"a\\u0000b\\ud800c\\u001b[0m<script>\",\"at\":\"2026-10-25T00:00:00Z\"}}}");
        await().untilAsserted(() -> assertThat(line.telemetry
                        .heartbeats()
                        .ofAgent(agent, Instant.EPOCH, line.board.now().plusSeconds(60), 10))
                .singleElement()
                .satisfies(beat -> assertThat(
                                Objects.requireNonNull(beat.lastError()).message())
                        .isEqualTo("a\u2400b\uFFFDc\u001b[0m<script>")));
    }

    @Test
    void every_text_that_came_is_in_the_record_with_its_length_and_hash() {
        String unusable = "{\"type\":\"Hello\",\"payload\":{}}";
        answer(unusable);
        var frames = line.frames()
                .find(
                        line.connectionOf(agent).connectionId(),
                        new dev.wireproof.telemetry.FrameFilter(
                                dev.wireproof.telemetry.Direction.IN, null, "Hello", null, null),
                        0,
                        10);
        assertThat(frames).singleElement().satisfies(seen -> {
            assertThat(seen.frame().bytes()).isEqualTo(unusable.length());
            assertThat(seen.frame().sha256())
                    .isEqualTo(OutboundText.of("", unusable, null, false).sha256());
            assertThat(seen.frame().error()).isNotBlank();
        });
        assertThat(List.of(line.connectionOf(agent).count(Count.TEXT_IN))).containsExactly(2L);
    }
}
