package dev.wireproof.testkit;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Something that a {@link Leg} does once, when certain bytes come by. */
public final class Trap {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    enum Act {
        CUT_BEFORE,
        CUT_AFTER,
        HOLD_BEFORE,
        HOLD_AFTER,
        /** Only notes the connection, for another trap. */
        MARK;

        boolean cuts() {
            return this == CUT_BEFORE || this == CUT_AFTER;
        }

        boolean before() {
            return this == CUT_BEFORE || this == HOLD_BEFORE;
        }
    }

    private final byte[] pattern;
    private final long afterBytes;
    private final Act act;
    /** How much of the pattern, or how many of the bytes, each connection has seen. */
    private final Map<Pump, Long> seen = new WeakHashMap<>(); // guarded by this

    /** The connections that {@link Act#MARK} noted, or on which alone this one may spring; null: on any. */
    private final @Nullable Set<Link> marked;

    private final CountDownLatch sprung = new CountDownLatch(1);
    private final CountDownLatch released = new CountDownLatch(1);

    Trap(String pattern, Act act) {
        this(pattern, act, null);
    }

    Trap(String pattern, Act act, @Nullable Set<Link> marked) {
        this(pattern.getBytes(StandardCharsets.UTF_8), 0, act, marked);
    }

    private Trap(byte[] pattern, long afterBytes, Act act, @Nullable Set<Link> marked) {
        this.marked = marked;
        this.pattern = pattern;
        this.afterBytes = afterBytes;
        this.act = act;
    }

    static Trap afterBytes(long bytes) {
        return new Trap(new byte[0], bytes, Act.CUT_AFTER, null);
    }

    Act act() {
        return act;
    }

    int length() {
        return pattern.length;
    }

    /** @return how many of these bytes come up to the pattern's end; -1 when it did not come */
    synchronized int end(Pump pump, byte[] bytes) {
        if (marked != null && act != Act.MARK && !marked.contains(pump.link())) {
            return -1;
        }
        long before = seen.getOrDefault(pump, 0L);
        if (pattern.length == 0) {
            seen.put(pump, before + bytes.length);
            return before + bytes.length >= afterBytes ? (int) (afterBytes - before) : -1;
        }
        int matched = (int) before;
        for (int i = 0; i < bytes.length; i++) {
            matched = next(matched, bytes[i]);
            if (matched == pattern.length) {
                seen.remove(pump);
                return i + 1;
            }
        }
        seen.put(pump, (long) matched);
        return -1;
    }

    /** The longest beginning of the pattern that ends with this byte, when so much of it was there before. */
    private int next(int matched, byte now) {
        for (int length = matched; ; length = shorter(length)) {
            if (length >= 0 && pattern[length] == now) {
                return length + 1;
            }
            if (length <= 0) {
                return 0;
            }
        }
    }

    /** The longest proper beginning of the first so many bytes that is also their end. */
    private int shorter(int length) {
        for (int candidate = length - 1; candidate > 0; candidate--) {
            boolean same = true;
            for (int i = 0; i < candidate && same; i++) {
                same = pattern[i] == pattern[length - candidate + i];
            }
            if (same) {
                return candidate;
            }
        }
        return 0;
    }

    void mark(Link link) {
        if (marked != null) {
            marked.add(link);
        }
    }

    void sprang() {
        sprung.countDown();
    }

    void awaitRelease() throws InterruptedException {
        released.await();
    }

    /** Waits until it has sprung. */
    public Trap await() {
        try {
            if (!sprung.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
                throw new AssertionError("never came: " + new String(pattern, StandardCharsets.UTF_8));
            }
            return this;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    public boolean hasSprung() {
        return sprung.getCount() == 0;
    }

    /** Lets a direction go on that it holds. */
    public void release() {
        released.countDown();
    }
}
