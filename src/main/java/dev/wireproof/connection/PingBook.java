package dev.wireproof.connection;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The Pings of one connection that have no Pong yet: two longs each, in a ring that grows with need and is bounded. A Pong for n
 * confirms every earlier Ping, and so every text that was written before it. A Ping that falls out of a full ring keeps its place in
 * that order: a later Pong no longer tells of it, which is a claim too little and never one too much.
 */
final class PingBook {
    static final int CAPACITY = 1_024;

    private static final int FIRST_CAPACITY = 2;
    private static final int LONGS = 2;

    /** Told of each confirmed text. */
    interface Confirmed {
        void peerRead(SendObserver observer, long fenceRttNs);
    }

    /** Told of each text that waits. */
    interface Fence {
        void waits(long counter, SendObserver observer);
    }

    // guarded by this
    private long lastCounter;
    private long oldest = 1;
    private long next = 1;
    private long[] slots = new long[FIRST_CAPACITY * LONGS];
    private @Nullable SendObserver @Nullable [] fences;

    synchronized long nextCounter() {
        return ++lastCounter;
    }

    /** Counters rise; one may be left out when the write before its Ping failed. */
    synchronized void started(long counter, long nonce, long startedNs, SendObserver fenceOf) {
        if (oldest == next) {
            oldest = counter;
        }
        if (counter - oldest >= slots.length / LONGS) {
            makeRoom(counter);
        }
        for (long left = Math.max(next, oldest); left < counter; left++) {
            put(left, 0, Long.MIN_VALUE, SendObserver.NONE);
        }
        next = counter + 1;
        put(counter, nonce, startedNs, fenceOf);
    }

    private void put(long counter, long nonce, long startedNs, SendObserver fenceOf) {
        int slot = slot(counter);
        slots[slot * LONGS] = nonce;
        slots[slot * LONGS + 1] = startedNs;
        if (fenceOf != SendObserver.NONE && fences == null) {
            fences = new SendObserver[slots.length / LONGS];
        }
        if (fences != null) {
            fences[slot] = fenceOf == SendObserver.NONE ? null : fenceOf;
        }
    }

    private int slot(long counter) {
        return (int) (counter % (slots.length / LONGS));
    }

    private void makeRoom(long counter) {
        int needed = (int) Math.min(counter - oldest + 1, CAPACITY);
        int capacity = slots.length / LONGS;
        while (capacity < needed) {
            capacity *= 2;
        }
        if (capacity > slots.length / LONGS) {
            moveTo(capacity);
        }
        oldest = Math.max(oldest, counter - capacity + 1);
    }

    private void moveTo(int capacity) {
        long[] from = slots;
        @Nullable SendObserver[] observers = fences;
        slots = new long[capacity * LONGS];
        fences = observers == null ? null : new SendObserver[capacity];
        int before = from.length / LONGS;
        for (long counter = oldest; counter < next; counter++) {
            int old = (int) (counter % before);
            System.arraycopy(from, old * LONGS, slots, slot(counter) * LONGS, LONGS);
            if (observers != null && fences != null) {
                fences[slot(counter)] = observers[old];
            }
        }
    }

    /**
     * A Pong came.
     *
     * @return when the Ping was started; -1 when no outstanding Ping has these 16 bytes
     */
    long confirm(long counter, long nonce, long nowNs, Confirmed confirmed) {
        SendObserver[] read = {};
        long[] rtts = {};
        long startedNs;
        int found = 0;
        synchronized (this) {
            if (counter < oldest || counter >= next) {
                return -1;
            }
            int slot = slot(counter);
            startedNs = slots[slot * LONGS + 1];
            if (slots[slot * LONGS] != nonce || startedNs == Long.MIN_VALUE) {
                return -1;
            }
            for (long earlier = oldest; fences != null && earlier <= counter; earlier++) {
                int at = slot(earlier);
                SendObserver observer = fences[at];
                if (observer != null) {
                    fences[at] = null;
                    read = found == read.length ? Arrays.copyOf(read, Math.max(4, found * 2)) : read;
                    rtts = found == rtts.length ? Arrays.copyOf(rtts, Math.max(4, found * 2)) : rtts;
                    rtts[found] = nowNs - slots[at * LONGS + 1];
                    read[found++] = observer;
                }
            }
            oldest = counter + 1;
            if (oldest == next) {
                shrink();
            }
        }
        for (int i = 0; i < found; i++) {
            confirmed.peerRead(read[i], rtts[i]);
        }
        return startedNs;
    }

    /** All answered: an idle connection keeps room for two. */
    private void shrink() {
        fences = null;
        if (slots.length > 32 * LONGS) {
            slots = new long[FIRST_CAPACITY * LONGS];
        }
    }

    /** The newest fence that waits for its Pong and was started by then; -1 when there is none. */
    synchronized long newestUnread(long startedByNs) {
        for (long counter = next - 1; fences != null && counter >= oldest; counter--) {
            if (fences[slot(counter)] != null && slots[slot(counter) * LONGS + 1] <= startedByNs) {
                return counter;
            }
        }
        return -1;
    }

    /** Tells of each fence beyond that counter that waits for its Pong, oldest first. Its text's write is over. */
    void unread(long after, Fence each) {
        SendObserver[] found = {};
        long[] counters = {};
        int count = 0;
        synchronized (this) {
            for (long counter = Math.max(oldest, after + 1); fences != null && counter < next; counter++) {
                SendObserver observer = fences[slot(counter)];
                if (observer != null) {
                    found = count == found.length ? Arrays.copyOf(found, Math.max(4, count * 2)) : found;
                    counters = count == counters.length ? Arrays.copyOf(counters, Math.max(4, count * 2)) : counters;
                    counters[count] = counter;
                    found[count++] = observer;
                }
            }
        }
        for (int i = 0; i < count; i++) {
            each.waits(counters[i], found[i]);
        }
    }

    /** Whether a Pong may still tell of this Ping. */
    synchronized boolean outstanding(long counter) {
        return counter >= oldest && counter < next;
    }

    synchronized int outstanding() {
        return (int) (next - oldest);
    }

    synchronized long lastCounter() {
        return lastCounter;
    }
}
