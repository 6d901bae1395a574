package dev.wireproof.telemetry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.wireproof.id.CommandId;
import dev.wireproof.id.ConnectionId;
import dev.wireproof.telemetry.FrameRecorder.FrameRow;
import dev.wireproof.telemetry.FrameRecorder.Worth;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Which frames become rows: all while they are few, those of interest while they are many, those of commands to the last. */
class FrameBudgetTest {
    private static final Instant OPENED = Instant.parse("2026-10-25T00:30:10Z");
    private static final long SECOND = 1_000_000_000L;

    private final List<FrameRow> rows = new CopyOnWriteArrayList<>();
    private final List<FrameSummary> summaries = new CopyOnWriteArrayList<>();
    private final CountDownLatch hold = new CountDownLatch(1);
    private final CountDownLatch held = new CountDownLatch(1);
    private volatile boolean holding;
    private @Nullable FrameRecorder opened;

    private FrameRecorder recorder(TelemetryProperties.Frames frames) {
        TelemetryProperties settings = new TelemetryProperties(frames, Duration.ofHours(48), Duration.ofDays(90), true);
        opened = new FrameRecorder(settings, this::take, summaries::addAll, _ -> {});
        return opened;
    }

    private void take(List<FrameRow> batch) {
        if (holding) {
            held.countDown();
            try {
                hold.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }
        rows.addAll(batch);
    }

    @AfterEach
    void close() {
        hold.countDown();
        if (opened != null) {
            opened.close();
        }
    }

    private static FrameTrace trace(FrameRecorder recorder) {
        return recorder.open(new ConnectionId(UUID.randomUUID()), OPENED);
    }

    private static void ping(FrameTrace trace, long atNs) {
        trace.record(FrameRecord.sent(trace.nextSeq(), Opcode.PING, null, null, 16, 1, atNs, atNs, atNs, null, null));
    }

    private static void text(FrameTrace trace, String type, @Nullable CommandId command, long atNs) {
        trace.record(FrameRecord.sent(
                trace.nextSeq(), Opcode.TEXT, type, command, 99, -1, atNs, atNs, atNs, null, "ab".repeat(32)));
    }

    private List<FrameRow> written(FrameRecorder recorder) {
        assertThat(recorder.flush(Duration.ofSeconds(10))).isTrue();
        return rows;
    }

    /** More frames in a second than become rows without asking. */
    private static void busy(FrameRecorder recorder) {
        FrameTrace others = trace(recorder);
        for (int i = 0; i < 501; i++) {
            ping(others, SECOND);
        }
        recorder.judgePace();
    }

    @Test
    void up_to_500_frames_a_second_every_one_becomes_a_row() {
        FrameRecorder recorder = recorder(TelemetryProperties.Frames.AUTO);
        FrameTrace trace = trace(recorder);
        for (int i = 0; i < 500; i++) {
            ping(trace, SECOND);
        }
        recorder.judgePace();
        ping(trace, SECOND);
        assertThat(written(recorder)).hasSize(501);
    }

    @Test
    void beyond_that_routine_frames_are_counted_in_one_row_for_a_connection_and_minute() {
        FrameRecorder recorder = recorder(TelemetryProperties.Frames.AUTO);
        busy(recorder);
        FrameTrace trace = trace(recorder);
        int before = written(recorder).size();
        ping(trace, SECOND);
        ping(trace, 2 * SECOND);
        text(trace, "Echo", null, 3 * SECOND);
        text(trace, "Heartbeat", null, 4 * SECOND);
        ping(trace, 61 * SECOND); // in the next minute
        trace.close(false);
        assertThat(written(recorder)).hasSize(before);
        assertThat(summaries)
                .extracting(FrameSummary::pings, FrameSummary::echoes, FrameSummary::heartbeats, FrameSummary::shed)
                .containsExactly(
                        org.assertj.core.groups.Tuple.tuple(2, 1, 1, 0),
                        org.assertj.core.groups.Tuple.tuple(1, 0, 0, 0));
        assertThat(trace.recent()).as("memory holds them all the same").hasSize(5);
        assertThat(trace.missing()).isEqualTo(5);
    }

    @Test
    void a_busy_server_stays_sparing_as_long_as_frames_come_that_fast_whatever_becomes_of_them() {
        FrameRecorder recorder = recorder(TelemetryProperties.Frames.AUTO);
        for (int second = 0; second < 3; second++) {
            busy(recorder);
            assertThat(recorder.sparing()).isTrue();
        }
        recorder.judgePace();
        assertThat(recorder.sparing()).isFalse();
    }

    @Test
    void within_a_minute_of_a_command_an_anomaly_or_a_trace_every_frame_becomes_a_row() {
        FrameRecorder recorder = recorder(TelemetryProperties.Frames.AUTO);
        busy(recorder);
        FrameTrace command = trace(recorder);
        FrameTrace anomaly = trace(recorder);
        FrameTrace traced = trace(recorder);
        ping(anomaly, SECOND); // before it happened: kept as well, out of memory
        text(command, "Command", new CommandId(UUID.randomUUID()), 2 * SECOND);
        anomaly.anomaly(2 * SECOND);
        traced.ofInterest(2 * SECOND, Duration.ofSeconds(10));
        for (FrameTrace trace : List.of(command, anomaly, traced)) {
            ping(trace, 11 * SECOND);
            ping(trace, 61 * SECOND);
            ping(trace, 63 * SECOND);
        }
        written(recorder);
        assertThat(rowsOf(command)).isEqualTo(3);
        assertThat(rowsOf(anomaly)).isEqualTo(3);
        assertThat(rowsOf(traced)).isEqualTo(1);
    }

    private long rowsOf(FrameTrace trace) {
        return rows.stream()
                .filter(row -> row.connection().equals(trace.connectionId()))
                .count();
    }

    @Test
    void all_means_all() {
        FrameRecorder recorder = recorder(TelemetryProperties.Frames.ALL);
        busy(recorder);
        assertThat(recorder.sparing()).isFalse();
        assertThat(written(recorder)).hasSize(501);
    }

    @Test
    void what_comes_too_fast_for_the_database_is_given_up_in_order_of_worth_and_never_a_commands_frame() {
        FrameRecorder recorder = recorder(TelemetryProperties.Frames.ALL);
        FrameTrace healthy = trace(recorder);
        FrameTrace odd = trace(recorder);
        CommandId command = new CommandId(UUID.randomUUID());
        holding = true;
        ping(healthy, SECOND);
        await().until(() -> held.getCount() == 0);

        for (int i = 0; i < FrameRecorder.QUEUED_ROWS; i++) {
            ping(healthy, SECOND);
        }
        assertThat(recorder.shed(Worth.ROUTINE)).isEqualTo(FrameRecorder.QUEUED_ROWS / 2);
        odd.anomaly(SECOND);
        for (int i = 0; i < FrameRecorder.QUEUED_ROWS; i++) {
            ping(odd, SECOND);
        }
        assertThat(recorder.shed(Worth.OTHER)).isEqualTo(FrameRecorder.QUEUED_ROWS * 3L / 4);
        for (int i = 0; i < 10_000; i++) {
            text(healthy, "Command", command, SECOND);
        }
        assertThat(recorder.shed(Worth.COMMAND)).isZero();
        hold.countDown();
        holding = false;
        recorder.close();
        assertThat(rows.stream().filter(row -> row.frame().commandId() != null)).hasSize(10_000);
        assertThat(summaries.stream().mapToInt(FrameSummary::shed).sum())
                .isEqualTo(FrameRecorder.QUEUED_ROWS / 2 + FrameRecorder.QUEUED_ROWS * 3 / 4);
    }
}
