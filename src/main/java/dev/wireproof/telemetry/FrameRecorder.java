package dev.wireproof.telemetry;

import dev.wireproof.background.Batcher;
import dev.wireproof.background.RepeatingTask;
import dev.wireproof.id.ConnectionId;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/**
 * Takes the frames of all connections and makes rows of them, in batches, on a thread of its own. While the whole server makes few
 * rows, each frame becomes one; beyond that, routine frames are only counted where nothing of interest happens. When rows come
 * faster than the database takes them, routine frames of healthy connections are given up first, and each loss is counted.
 */
public final class FrameRecorder implements AutoCloseable {
    static final String HEARTBEAT = "Heartbeat";

    /** Frames a second of the whole server up to which every one becomes a row. */
    static final long SPARING_ABOVE = 500;

    static final int QUEUED_ROWS = 65_536;
    static final int QUEUED_HEARTBEATS = 16_384;

    private static final Set<String> ROUTINE_TEXTS = Set.of("Echo", "EchoReply", HEARTBEAT);
    private static final int LARGEST_BATCH = 8_192;
    private static final Duration GATHER = Duration.ofMillis(150);

    private final TelemetryProperties settings;
    private final Map<ConnectionId, FrameTrace> open = new ConcurrentHashMap<>();
    private final Batcher<FrameRow> rows;
    private final Batcher<FrameSummary> summaries;
    private final Batcher<HeartbeatRow> heartbeats;
    private final LongAdder seen = new LongAdder();
    private final LongAdder shed = new LongAdder();
    private final RepeatingTask pace;
    private volatile boolean sparing;

    FrameRecorder(TelemetryProperties settings, TelemetrySinks sinks) {
        this.settings = settings;
        this.rows = Batcher.start("frame-rows", QUEUED_ROWS, LARGEST_BATCH, GATHER, sinks::writeFrames);
        this.summaries = Batcher.start("frame-summaries", QUEUED_ROWS, LARGEST_BATCH, GATHER, sinks::writeSummaries);
        this.heartbeats = Batcher.start("heartbeats", QUEUED_HEARTBEATS, LARGEST_BATCH, GATHER, sinks::writeHeartbeats);
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

    boolean offer(ConnectionId connection, long atMicros, FrameRecord frame, boolean givenUpFirst) {
        seen.increment();
        boolean taken = !(givenUpFirst && rows.room() < QUEUED_ROWS / 4)
                && rows.offer(new FrameRow(connection, atMicros, frame));
        if (!taken) {
            shed.increment();
        }
        return taken;
    }

    void summarize(FrameSummary summary) {
        summaries.offer(summary);
    }

    /** Keeps what an agent said of itself. */
    public void heartbeat(HeartbeatRow heartbeat) {
        heartbeats.offer(heartbeat);
    }

    /** Frames that were to become rows and could not. */
    public long shed() {
        return shed.sum() + rows.refused();
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
        pace.close();
        open.values().forEach(trace -> trace.close(false));
        rows.close();
        heartbeats.close();
        summaries.close();
    }

    /** A frame on its way to the database. */
    record FrameRow(ConnectionId connection, long atMicros, FrameRecord frame) {}
}
