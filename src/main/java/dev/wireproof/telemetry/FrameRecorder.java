package dev.wireproof.telemetry;

import dev.wireproof.background.Batcher;
import dev.wireproof.background.RepeatingTask;
import dev.wireproof.id.CommandId;
import dev.wireproof.id.ConnectionId;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/**
 * Takes the frames of all connections and makes rows of them, in batches, on a thread of its own. While the whole server makes few
 * rows, each frame becomes one; beyond that, routine frames are only counted where nothing of interest happens. When rows come
 * faster than the database takes them, routine frames of healthy connections are given up first and those of commands last: half of
 * the queue is closed to the former, its last quarter to all but the latter. Each loss is counted.
 */
public final class FrameRecorder implements AutoCloseable {
    static final String HEARTBEAT = "Heartbeat";

    /** Frames a second of the whole server up to which every one becomes a row. */
    static final long SPARING_ABOVE = 500;

    static final int QUEUED_ROWS = 65_536;
    static final int QUEUED_HEARTBEATS = 16_384;

    /** How much a frame is worth as evidence, least first. */
    public enum Worth {
        /** Ping, Pong, Echo, Heartbeat of a connection on which nothing of interest happens. */
        ROUTINE(QUEUED_ROWS / 2),
        OTHER(QUEUED_ROWS / 4),
        COMMAND(0);

        private final int roomToLeave;

        Worth(int roomToLeave) {
            this.roomToLeave = roomToLeave;
        }
    }

    private static final Set<String> ROUTINE_TEXTS = Set.of("Echo", "EchoReply", HEARTBEAT);
    private static final int LARGEST_BATCH = 8_192;
    private static final Duration GATHER = Duration.ofMillis(150);
    /** Longer: what one connection says about a command is then one row, and whoever reads does not wait for it. */
    private static final Duration GATHER_FRAMES = Duration.ofMillis(500);

    private final TelemetryProperties settings;
    private final Map<ConnectionId, FrameTrace> open = new ConcurrentHashMap<>();
    private final Batcher<FrameRow> rows;
    private final Batcher<FrameSummary> summaries;
    private final Batcher<HeartbeatRow> heartbeats;
    private final LongAdder seen = new LongAdder();
    private final Map<Worth, LongAdder> shed = new EnumMap<>(Worth.class);
    private final LongAdder heartbeatsShed = new LongAdder();
    private final FrameCounts counts = new FrameCounts();
    private final RepeatingTask pace;
    private final RecordingSwitch recording = RecordingSwitch.open();
    private volatile boolean sparing;

    FrameRecorder(TelemetryProperties settings, TelemetrySinks sinks) {
        this(settings, sinks::writeFrames, sinks::writeSummaries, sinks::writeHeartbeats);
    }

    FrameRecorder(
            TelemetryProperties settings,
            Batcher.Sink<FrameRow> frames,
            Batcher.Sink<FrameSummary> summaries,
            Batcher.Sink<HeartbeatRow> heartbeats) {
        this.settings = settings;
        for (Worth worth : Worth.values()) {
            shed.put(worth, new LongAdder());
        }
        this.rows = Batcher.start("frame-rows", QUEUED_ROWS, LARGEST_BATCH, GATHER_FRAMES, frames);
        this.summaries = Batcher.start("frame-summaries", QUEUED_ROWS, LARGEST_BATCH, GATHER, summaries);
        this.heartbeats = Batcher.start("heartbeats", QUEUED_HEARTBEATS, LARGEST_BATCH, GATHER, heartbeats);
        this.pace = RepeatingTask.start("frame-pace", Duration.ofSeconds(1), Duration.ofSeconds(1), this::judgePace);
    }

    /** Begins the record of a connection. It is found here until {@link FrameTrace#close}. */
    public FrameTrace open(ConnectionId connection, Instant openedAt) {
        FrameTrace trace = new FrameTrace(this, connection, openedAt);
        open.put(connection, trace);
        return trace;
    }

    void closed(FrameTrace trace) {
        open.remove(trace.connectionId(), trace);
    }

    Optional<FrameTrace> find(ConnectionId connection) {
        return Optional.ofNullable(open.get(connection));
    }

    void judgePace() {
        sparing = settings.frames() == TelemetryProperties.Frames.AUTO && seen.sumThenReset() > SPARING_ABOVE;
    }

    /** False only while a measurement asks for it: frames are then counted as lost. */
    boolean recording() {
        return recording.isRecording();
    }

    /** Whether routine frames are only counted, unless something of interest happened. */
    boolean sparing() {
        return sparing;
    }

    static boolean isRoutine(FrameRecord frame) {
        return switch (frame.opcode()) {
            case PING, PONG -> true;
            case TEXT -> frame.type() != null && ROUTINE_TEXTS.contains(frame.type()) && frame.error() == null;
            case BINARY, CLOSE -> false;
        };
    }

    /** A frame was met that would be a row if every frame became one: the pace is judged by these, not by what is left of them. */
    void met() {
        seen.increment();
    }

    /** @return false when there was no room for it, which is then counted */
    boolean offer(ConnectionId connection, long atMicros, FrameRecord frame, Worth worth) {
        boolean taken = (worth.roomToLeave == 0 || rows.room() > worth.roomToLeave)
                && rows.offer(new FrameRow(connection, atMicros, frame));
        if (!taken) {
            lost(worth).increment();
        }
        return taken;
    }

    private LongAdder lost(Worth worth) {
        return Objects.requireNonNull(shed.get(worth));
    }

    void summarize(FrameSummary summary) {
        summaries.offer(summary);
    }

    /** Keeps what an agent said of itself. */
    public void heartbeat(HeartbeatRow heartbeat) {
        if (!heartbeats.offer(heartbeat)) {
            heartbeatShed();
        }
    }

    /** An agent sent heartbeats faster than any is asked to: this one was counted with its frame, and is not kept. */
    public void heartbeatShed() {
        heartbeatsShed.increment();
    }

    /** Heartbeats that were not kept: they came too fast, or there was no room for them. */
    public long heartbeatsShed() {
        return heartbeatsShed.sum();
    }

    /** Frames of that worth that were to become rows and for which there was no room. */
    public long shed(Worth worth) {
        return lost(worth).sum();
    }

    /** Frames that the database would not take. */
    public long refused() {
        return rows.refused();
    }

    /** What the connections that are open now have taken for that command and not finished. */
    List<SeenFrame> unfinishedOf(CommandId command) {
        List<SeenFrame> found = new ArrayList<>();
        for (FrameTrace trace : open.values()) {
            for (FrameRecord frame : trace.unfinished()) {
                if (command.equals(frame.commandId())) {
                    found.add(new SeenFrame(trace.connectionId(), frame, trace.at(frame)));
                }
            }
        }
        return found;
    }

    /** All frames since the start, rows or not. */
    public FrameCounts counts() {
        return counts;
    }

    /** Rows that wait to be written. */
    public int waiting() {
        return rows.waiting() + heartbeats.waiting() + summaries.waiting();
    }

    /** Batches that the database did not take at the first try. */
    public long writeFailures() {
        return rows.failures() + heartbeats.failures() + summaries.failures();
    }

    /** Waits until what was recorded before is readable. @return false when that took longer */
    public boolean flush(Duration patience) {
        return rows.flush(patience) && heartbeats.flush(patience) && summaries.flush(patience);
    }

    boolean flushFrames(Duration patience) {
        return rows.flush(patience);
    }

    boolean flushHeartbeats(Duration patience) {
        return heartbeats.flush(patience);
    }

    @Override
    public void close() {
        recording.close();
        pace.close();
        open.values().forEach(trace -> trace.close(false));
        rows.close();
        heartbeats.close();
        summaries.close();
    }

    /** A frame on its way to the database. */
    record FrameRow(ConnectionId connection, long atMicros, FrameRecord frame) {}
}
