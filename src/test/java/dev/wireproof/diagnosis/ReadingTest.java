package dev.wireproof.diagnosis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wireproof.diagnosis.Observations.Elsewhere;
import dev.wireproof.diagnosis.Observations.Line;
import dev.wireproof.diagnosis.Observations.Tcp;
import dev.wireproof.id.AgentId;
import dev.wireproof.id.CommandId;
import dev.wireproof.telemetry.FrameRecord;
import dev.wireproof.telemetry.HeartbeatRow;
import dev.wireproof.telemetry.Opcode;
import dev.wireproof.telemetry.SeenFrame;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Frames and heartbeats as they are recorded, and what is counted of them. Times are seconds since the connection opened. */
class ReadingTest {
    private static final CommandId COMMAND = new CommandId(new UUID(2, 2));
    private static final CommandId OTHER = new CommandId(new UUID(3, 3));
    private static final AgentId AGENT = new AgentId(new UUID(4, 4));
    private static final long SECOND = 1_000_000_000L;

    private final List<SeenFrame> frames = new ArrayList<>();
    private final List<HeartbeatRow> heartbeats = new ArrayList<>();
    private final List<SeenFrame> configs = new ArrayList<>();
    private final List<SeenFrame> configAcks = new ArrayList<>();
    private final List<SeenFrame> acks = new ArrayList<>();
    private final List<AgentFaults.Fault> faults = new ArrayList<>();
    private long seq;

    private static long ns(double seconds) {
        return Math.round(seconds * SECOND);
    }

    private SeenFrame seen(FrameRecord frame) {
        SeenFrame seen = new SeenFrame(Seen.CONNECTION, frame, Seen.OPENED.plusNanos(frame.atNs()));
        frames.add(seen);
        return seen;
    }

    /** @param fence the counter of the Ping behind it */
    private ReadingTest command(CommandId id, double at, long fence) {
        seen(FrameRecord.sent(
                ++seq, Opcode.TEXT, "Command", id, 300, fence, ns(at), ns(at), ns(at), null, hash(id, at)));
        return ping(at + 0.001, fence);
    }

    private static String hash(CommandId id, double at) {
        return id + "@" + at;
    }

    private ReadingTest ping(double at, long counter) {
        seen(FrameRecord.sent(++seq, Opcode.PING, null, null, 16, counter, ns(at), ns(at), ns(at), null, null));
        return this;
    }

    private ReadingTest pong(double at, long of) {
        seen(FrameRecord.received(++seq, Opcode.PONG, null, null, 16, of, ns(at), null, null));
        return this;
    }

    private SeenFrame text(double at, String type, @Nullable CommandId id) {
        return seen(FrameRecord.received(++seq, Opcode.TEXT, type, id, 100, FrameRecord.NONE, ns(at), null, "h"));
    }

    private ReadingTest ack(CommandId id, double at) {
        acks.add(text(at, "CommandAck", id));
        return this;
    }

    private ReadingTest beat(double at, long texts, long parseErrors, long lastPing) {
        heartbeats.add(new HeartbeatRow(
                AGENT,
                Seen.CONNECTION,
                Instant.EPOCH.plus(
                        Duration.ofDays(1)), // an agent's clock, or ours, a day off: nothing is ordered by it
                ns(at),
                1,
                true,
                1,
                texts,
                0,
                0,
                parseErrors,
                lastPing,
                0,
                0,
                0,
                0,
                parseErrors == 0 ? null : new HeartbeatRow.LastError(hash(COMMAND, 1), "cannot read", Instant.EPOCH),
                List.of()));
        text(at, "Heartbeat", null);
        return this;
    }

    private Set<CommandId> offered() {
        Set<CommandId> offered = new HashSet<>(Set.of(COMMAND, OTHER));
        frames.forEach(seen -> {
            CommandId id = seen.frame().commandId();
            if (id != null && "Command".equals(seen.frame().type())) {
                offered.add(id);
            }
        });
        return offered;
    }

    private Observations at(double end) {
        return Reading.of(new Scene(
                        new Line(Seen.CONNECTION, Seen.OPENED, null, null),
                        0,
                        ns(end),
                        true,
                        COMMAND,
                        10,
                        false,
                        List.of(),
                        frames,
                        offered(),
                        heartbeats,
                        configs,
                        configAcks,
                        acks,
                        null,
                        faults,
                        0,
                        Tcp.UNKNOWN,
                        Elsewhere.NOTHING,
                        List.of(),
                        Seen.WAITS))
                .observations();
    }

    @Test
    void a_command_is_read_when_its_fence_or_a_later_ping_was_answered() {
        command(COMMAND, 1, 5).pong(1.1, 4);
        assertThat(at(20).since().read()).isZero();
        pong(6, 6);
        assertThat(at(20).since().read()).isEqualTo(1);
        assertThat(at(20).fate().written()).isEqualTo(1);
    }

    @Test
    void pongs_from_before_the_command_do_not_count_for_it() {
        ping(0.2, 4).pong(0.3, 4).command(COMMAND, 1, 5);
        Observations seen = at(20);

        assertThat(seen.counts().q()).isEqualTo(1);
        assertThat(seen.since().pongs()).isZero();
        assertThat(seen.since().oldestPingMs()).isEqualTo(18_999);
    }

    @Test
    void a_pong_that_matched_no_ping_is_forged_and_counts_for_nothing() {
        command(COMMAND, 1, 5).pong(2, FrameRecord.NONE).pong(3, FrameRecord.NONE);
        assertThat(at(20).doubts().forgedPongs()).isEqualTo(2);
        assertThat(at(20).counts().q()).isZero();
        assertThat(at(20).since().read()).isZero();
    }

    @Test
    void an_ack_is_late_when_the_command_was_offered_again_before_it() {
        command(COMMAND, 1, 5).command(COMMAND, 6, 6).ack(COMMAND, 7);
        assertThat(at(20).fate().ackMs()).isEqualTo(6_000);
        assertThat(at(20).fate().offeredAgain()).isTrue();
    }

    @Test
    void an_ack_without_any_write_is_impossible_and_proves_nothing() {
        ack(COMMAND, 3);
        Observations seen = at(20);
        assertThat(seen.fate().acked()).isFalse();
        assertThat(seen.doubts().impossible()).singleElement().asString().contains("before any write");
        assertThat(Rules.judge(seen).verdict()).isEqualTo(Verdict.INCONCLUSIVE);
    }

    @Test
    void only_a_command_that_was_written_later_and_acked_overtook_it() {
        command(OTHER, 0.5, 4).command(COMMAND, 1, 5).ack(OTHER, 2);
        assertThat(at(20).fate().otherAcks()).isZero();
        command(OTHER, 3, 6);
        assertThat(at(20).fate().otherAcks()).isZero();
        CommandId third = new CommandId(new UUID(9, 9));
        command(third, 4, 7).ack(third, 5);
        assertThat(at(20).fate().otherAcks()).isEqualTo(1);
        assertThat(Rules.judge(at(20)).verdict()).isEqualTo(Verdict.COMMAND_SPECIFIC);
    }

    @Test
    void counters_are_compared_from_before_the_command_to_the_last_heartbeat() {
        beat(0.5, 3, 0, 0).command(COMMAND, 1, 1).pong(1.1, 1).beat(5, 4, 1, 1).beat(10, 4, 1, 1);
        Observations seen = at(20);
        assertThat(seen.rx().textRise()).isEqualTo(1);
        assertThat(seen.rx().parseErrorRise()).isEqualTo(1);
        assertThat(seen.rx().lastErrorIsOurs()).isTrue();
        assertThat(Rules.judge(seen))
                .extracting(Judgement::verdict, Judgement::confidence)
                .containsExactly(Verdict.AGENT_TEXT_UNPARSED, Confidence.HIGH);

        beat(15, 4, 1, 2); // a Ping that was never sent
        assertThat(Rules.judge(at(20)).verdict()).isEqualTo(Verdict.AGENT_NOT_PROCESSING_TEXT);
        assertThat(Rules.judge(at(20)).rule()).endsWith("contradiction");
    }

    @Test
    void a_counter_that_stands_still_counts_only_for_texts_that_were_read_past() {
        beat(0.5, 3, 0, 0).command(COMMAND, 1, 1).beat(5, 3, 0, 0);
        assertThat(at(20).rx().flat())
                .as("no Pong: nothing shows that it got there")
                .isFalse();
        pong(2, 1);
        assertThat(at(20).rx().flat()).isTrue();
        assertThat(at(20).rx().fencePassed()).isFalse();
        beat(9, 3, 0, 1);
        assertThat(at(20).rx().fencePassed()).isTrue();
        assertThat(Rules.judge(at(20)).verdict()).isEqualTo(Verdict.PATH_TEXT_LOSS);
    }

    @Test
    void a_protocol_error_about_this_very_text_is_a_refusal_and_one_about_another_is_not() {
        command(COMMAND, 1, 5).pong(2, 5);
        faults.add(new AgentFaults.Fault(ns(3), "malformed", "bad", "another"));
        assertThat(at(20).fate().answer()).isNull();
        faults.add(new AgentFaults.Fault(ns(3), "malformed", "bad", hash(COMMAND, 1)));
        assertThat(at(20).fate().answer()).isNotNull();
        assertThat(Rules.judge(at(20)).verdict()).isEqualTo(Verdict.AGENT_REJECTS_COMMAND);
    }

    @Test
    void a_configuration_is_suspect_when_acks_ended_with_it() {
        configs.add(config(0.1));
        ack(OTHER, 2);
        configs.add(config(5));
        command(COMMAND, 6, 5).pong(7, 5);
        assertThat(Rules.judge(at(20)).verdict()).isEqualTo(Verdict.CONFIG_SUSPECT);

        configAcks.add(text(5.5, "ConfigAck", null));
        assertThat(Rules.judge(at(20)).verdict()).isEqualTo(Verdict.AGENT_NOT_PROCESSING_TEXT);
    }

    private SeenFrame config(double at) {
        return seen(FrameRecord.sent(
                ++seq, Opcode.TEXT, "ConfigUpdate", null, 90, FrameRecord.NONE, ns(at), ns(at), ns(at), null, "c"));
    }

    @Test
    void errors_that_are_the_other_ends_doing_are_not_ours() {
        for (String error :
                List.of("ClosedChannelException", "EofException: Broken pipe", "IOException: Connection reset")) {
            frames.clear();
            seen(FrameRecord.sent(
                    ++seq, Opcode.TEXT, "Command", COMMAND, 9, 5, ns(1), ns(1), FrameRecord.NONE, error, "h"));
            assertThat(at(20).outgoing().writeError()).as(error).isNull();
        }
        frames.clear();
        seen(FrameRecord.sent(
                ++seq,
                Opcode.TEXT,
                "Command",
                COMMAND,
                9,
                5,
                ns(1),
                ns(1),
                FrameRecord.NONE,
                "IOException: No buffer space available",
                "h"));
        assertThat(at(20).outgoing().writeError()).contains("No buffer space");
        assertThat(Rules.judge(at(20)).verdict()).isEqualTo(Verdict.SERVER_WRITE_FAILED);
    }

    @Test
    void no_ping_at_all_where_one_is_due_each_five_seconds_is_a_server_that_does_not_write() {
        beat(5, 1, 0, 0).beat(35, 1, 0, 0);
        assertThat(Rules.judge(at(40)).verdict()).isEqualTo(Verdict.SERVER_NOT_WRITING);
        assertThat(Rules.judge(at(20)).verdict()).isEqualTo(Verdict.INCONCLUSIVE);
    }

    @Test
    void an_ack_of_a_command_that_was_never_offered_is_none() {
        command(COMMAND, 1, 5).pong(2, 5).ack(new CommandId(new UUID(66, 66)), 3);
        assertThat(at(20).counts().a()).isZero();
        assertThat(at(20).since().acks()).isZero();
        assertThat(Rules.judge(at(20)).verdict()).isEqualTo(Verdict.AGENT_NOT_PROCESSING_TEXT);
    }

    @Test
    void a_write_that_began_before_the_window_and_is_not_over_is_in_progress() {
        seen(FrameRecord.sent(
                ++seq, Opcode.TEXT, "Command", OTHER, 9, 5, ns(-20), ns(-20), FrameRecord.NONE, null, "h"));
        beat(5, 1, 0, 0);
        seen(FrameRecord.sent(
                ++seq, Opcode.PING, null, null, 16, 6, ns(1), FrameRecord.NONE, FrameRecord.NONE, null, null));
        assertThat(at(20).outgoing().writing()).isTrue();
        assertThat(at(20).counts().f()).isEqualTo(1);
        assertThat(Rules.judge(at(20)).verdict()).isEqualTo(Verdict.SERVER_WRITE_STALLED);
    }

    @Test
    void a_bad_patience_is_refused_in_words_and_ten_seconds_are_the_standard() {
        assertThat(new DiagnosisProperties(Duration.ofSeconds(10)).answerWait()).isEqualTo(Duration.ofSeconds(10));
        assertThatThrownBy(() -> new DiagnosisProperties(Duration.ofMillis(999)))
                .hasMessage("wireproof.diagnosis.answer-wait is PT0.999S; allowed is 1s to 60s");
        assertThatThrownBy(() -> new DiagnosisProperties(Duration.ofSeconds(61)))
                .hasMessageContaining("PT1M1S");
    }
}
