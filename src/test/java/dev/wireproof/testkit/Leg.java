package dev.wireproof.testkit;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** One direction of a {@link TcpProxy}: what it does to the bytes of every connection, those that are open and those that come. */
public final class Leg {
    private static final Duration LONGEST_TIMEOUT = Duration.ofMillis(1_600);

    private final Set<Pump> pumps = ConcurrentHashMap.newKeySet();
    private final CopyOnWriteArrayList<Trap> traps = new CopyOnWriteArrayList<>();
    private volatile Duration delay = Duration.ZERO;
    private volatile int split;
    private volatile long bytesPerSecond;
    private volatile double loss;
    private volatile boolean discarding;
    private final AtomicBoolean flips = new AtomicBoolean();
    private boolean held; // guarded by this

    Leg() {}

    /** Every byte arrives that much later; order is kept, and bytes follow each other as closely as they came. */
    public Leg delay(Duration by) {
        delay = by;
        return this;
    }

    /** Each write carries at most so many bytes; 0: as they came. */
    public Leg split(int bytes) {
        split = bytes;
        return this;
    }

    /** A slow line; 0: as fast as it goes. */
    public Leg rate(long bytesPerSecond) {
        this.bytesPerSecond = bytesPerSecond;
        return this;
    }

    /**
     * What a stream feels of packets that get lost with that share: a chunk is late by TCP's retransmissions, 200 ms and then twice as long
     * for each further loss up to 1.6 s, and all behind it waits.
     */
    public Leg loss(double share) {
        loss = share;
        return this;
    }

    /** Nothing passes until {@link #release}; what comes waits here, and beyond some buffers at its sender. */
    public synchronized Leg hold() {
        held = true;
        return this;
    }

    public synchronized Leg release() {
        held = false;
        notifyAll();
        return this;
    }

    /** What comes is taken and lost, as by a middlebox that forgot the flow; {@link #deliver} ends that. */
    public Leg discard() {
        discarding = true;
        return this;
    }

    public Leg deliver() {
        discarding = false;
        return this;
    }

    /** One bit of what comes next is turned over, in the middle of it. */
    public Leg flipOneBit() {
        flips.set(true);
        return this;
    }

    byte[] flipped(byte[] bytes) {
        if (bytes.length > 0 && flips.compareAndSet(true, false)) {
            bytes[bytes.length / 2] ^= 1;
        }
        return bytes;
    }

    /** Sends a FIN to the receiving end of every connection that is open, and loses what comes for it after. */
    public void halfClose() {
        pumps.forEach(Pump::halfClose);
    }

    /** The connection on which that many more bytes have come is reset towards both ends, exactly behind the last of them. */
    public Trap cutAfter(long bytes) {
        return set(Trap.afterBytes(bytes));
    }

    /** The first connection on which the pattern comes is reset towards both ends, and the pattern never passes whole. */
    public Trap cutBefore(String pattern) {
        return set(new Trap(pattern, Trap.Act.CUT_BEFORE));
    }

    /** The first connection on which the pattern comes is reset towards both ends, once the pattern was handed to the kernel. */
    public Trap cutAfter(String pattern) {
        return set(new Trap(pattern, Trap.Act.CUT_AFTER));
    }

    /** On the first connection on which the pattern comes, this direction stands still before it until {@link Trap#release}. */
    public Trap holdBefore(String pattern) {
        return set(new Trap(pattern, Trap.Act.HOLD_BEFORE));
    }

    /** On the first connection on which the pattern comes, this direction stands still behind it until {@link Trap#release}. */
    public Trap holdAfter(String pattern) {
        return set(new Trap(pattern, Trap.Act.HOLD_AFTER));
    }

    /** Takes a trap away that may not have sprung. */
    public void forget(Trap trap) {
        traps.remove(trap);
        trap.release();
    }

    Trap set(Trap trap) {
        traps.add(trap);
        return trap;
    }

    void joined(Pump pump) {
        pumps.add(pump);
    }

    void left(Pump pump) {
        pumps.remove(pump);
    }

    Duration delayed() {
        return delay;
    }

    /** @return how long the next chunk's retransmissions take */
    Duration retransmissions() {
        Duration late = Duration.ZERO;
        Duration timeout = Duration.ofMillis(200);
        while (loss > 0 && ThreadLocalRandom.current().nextDouble() < loss) {
            late = late.plus(timeout);
            timeout = timeout.compareTo(LONGEST_TIMEOUT) < 0 ? timeout.multipliedBy(2) : timeout;
        }
        return late;
    }

    int largestWrite() {
        return split;
    }

    long rate() {
        return bytesPerSecond;
    }

    boolean discards() {
        return discarding;
    }

    synchronized void awaitRelease() throws InterruptedException {
        while (held) {
            wait();
        }
    }

    /** @return the trap that these bytes spring, which then is sprung for nobody else; null: none */
    @Nullable
    Sprung spring(Pump pump, byte[] bytes) {
        for (Trap trap : traps) {
            int at = trap.end(pump, bytes);
            if (at >= 0 && traps.remove(trap)) {
                return new Sprung(trap, at);
            }
        }
        return null;
    }

    /** @param end of the pattern: so many of the bytes belong to it or came before it */
    record Sprung(Trap trap, int end) {}
}
