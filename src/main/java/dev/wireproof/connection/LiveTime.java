package dev.wireproof.connection;

import java.util.function.LongSupplier;

/**
 * The time that deadlines are judged by: it stands still while the server itself stands still. A server that was paused, starved or
 * collecting garbage for twenty seconds therefore does not hold those against its agents. It moves only with {@link #tick}, so it is
 * coarse, and reading it costs one field.
 */
final class LiveTime {
    static final long GAP_NS = 2_000_000_000L;
    static final long STEP_NS = 250_000_000L;

    private static final long MS = 1_000_000L;

    private final LongSupplier nanos;
    private long lastTick;
    private long liveNs;
    private volatile long nowMs;

    LiveTime(LongSupplier nanos) {
        this.nanos = nanos;
        this.lastTick = nanos.getAsLong();
    }

    long nowMs() {
        return nowMs;
    }

    /** Called by the one sweeping thread. @return nanoseconds that the server was gone for, and that do not count */
    long tick() {
        long now = nanos.getAsLong();
        long elapsed = now - lastTick;
        lastTick = now;
        boolean gap = elapsed > GAP_NS;
        liveNs += gap ? STEP_NS : elapsed;
        nowMs = liveNs / MS;
        return gap ? elapsed - STEP_NS : 0;
    }
}
