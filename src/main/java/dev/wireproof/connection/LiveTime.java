package dev.wireproof.connection;

import java.util.List;
import java.util.function.LongSupplier;
import java.util.stream.Stream;

/**
 * The time that deadlines are judged by: it stands still while the server itself stands still. A server that was paused, starved or
 * collecting garbage for twenty seconds therefore does not hold those against its agents. It moves only with {@link #tick}, so it is
 * coarse, and reading it costs one field.
 */
final class LiveTime {
    static final long GAP_NS = 2_000_000_000L;
    static final long STEP_NS = 250_000_000L;

    private static final long MS = 1_000_000L;

    private static final int REMEMBERED_GAPS = 16;

    /** @param before the last tick before the server was gone. @param lostNs how long it was, as far as it does not count */
    private record Gap(long before, long lostNs) {}

    /** @param gaps newest first */
    private record Now(long tick, long liveNs, List<Gap> gaps) {}

    private final LongSupplier nanos;
    private volatile Now now;
    private boolean ticked; // by the sweeping thread only
    private volatile long nowMs;

    LiveTime(LongSupplier nanos) {
        this.nanos = nanos;
        this.now = new Now(nanos.getAsLong(), 0, List.of());
    }

    long nowMs() {
        return nowMs;
    }

    /**
     * Where an earlier instant of the machine's clock stands on this scale. What was sent just before a pause of a minute and answered
     * just after it is as fresh as if there had been no pause.
     *
     * @param at by the clock that was given to the constructor
     */
    long msOf(long at) {
        Now last = now;
        long ago = Math.max(0, last.tick() - at);
        for (Gap gap : last.gaps()) {
            if (at - gap.before() >= gap.lostNs()) {
                break; // it came after that gap, and so after all older ones
            }
            ago -= gap.lostNs() - Math.max(0, at - gap.before());
        }
        return (last.liveNs() - Math.max(0, ago)) / MS;
    }

    /**
     * Called by the one sweeping thread. @return nanoseconds that the server was gone for, and that do not count; at the first call 0: a
     * slow start is no pause
     */
    long tick() {
        Now last = now;
        long tick = nanos.getAsLong();
        long elapsed = tick - last.tick();
        long lostNs = elapsed > GAP_NS ? elapsed - STEP_NS : 0;
        List<Gap> gaps = last.gaps();
        if (lostNs > 0) {
            gaps = Stream.concat(Stream.of(new Gap(last.tick(), lostNs)), gaps.stream())
                    .limit(REMEMBERED_GAPS)
                    .toList();
        }
        now = new Now(tick, last.liveNs() + elapsed - lostNs, gaps);
        nowMs = now.liveNs() / MS;
        boolean first = !ticked;
        ticked = true;
        return first ? 0 : lostNs;
    }
}
