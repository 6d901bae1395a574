package dev.wireproof.telemetry;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The last 64 frames of one connection, packed: ten thousand idle connections hold little else. A frame takes four longs; what does
 * not fit there (a command, an error, a write of over four seconds) is kept as the record itself, which idle connections have none
 * of. The hash of any other text is in its row only.
 *
 * <p>Packed: {@code [seq << 32 | bytes] [enqueued or received] [write started - enqueued << 32 | written - write started]
 * [counter << 16 | flags]}. Not safe for many threads: {@link FrameTrace} locks.
 */
final class FrameRing {
    static final int CAPACITY = 64;

    private static final int FIRST_CAPACITY = 8;
    private static final int LONGS = 4;
    private static final long UNSIGNED_INT = 0xFFFF_FFFFL;
    private static final long NO_DELTA = UNSIGNED_INT;
    private static final long NO_COUNTER = 0xFFFF_FFFF_FFFFL;
    private static final int KEPT_AS_ROW = 1 << 15;
    private static final int AS_RECORD = 1 << 14;

    private long[] packed = new long[FIRST_CAPACITY * LONGS];
    private @Nullable Object @Nullable [] records;
    private int next;
    private int size;

    void add(FrameRecord frame, boolean keptAsRow) {
        if (size == capacity() && size < CAPACITY) {
            grow();
        }
        int slot = next;
        next = (next + 1) % capacity();
        size = Math.min(size + 1, capacity());
        pack(slot, frame, keptAsRow);
    }

    private int capacity() {
        return packed.length / LONGS;
    }

    /** Only ever while it never wrapped: slot 0 is the oldest. */
    private void grow() {
        int larger = Math.min(CAPACITY, capacity() * 2);
        next = size;
        packed = Arrays.copyOf(packed, larger * LONGS);
        if (records != null) {
            records = Arrays.copyOf(records, larger);
        }
    }

    private void pack(int slot, FrameRecord frame, boolean keptAsRow) {
        long toWrite = delta(frame.enqueuedNs(), frame.writeStartedNs());
        long writing = delta(frame.writeStartedNs(), frame.writtenNs());
        int type = FrameTypes.index(frame.type());
        boolean whole = frame.commandId() != null
                || frame.error() != null
                || type < 0
                || toWrite < 0
                || writing < 0
                || frame.bytes() > UNSIGNED_INT
                || frame.seq() > UNSIGNED_INT;
        if (whole || records != null) {
            keepRecord(slot, whole ? frame : null);
        }
        boolean in = frame.direction() == Direction.IN;
        long counter = in ? frame.pongOf() : frame.fenceSeq();
        int flags = (keptAsRow ? KEPT_AS_ROW : 0)
                | (whole ? AS_RECORD : 0)
                | (Math.max(type, 0) << 4)
                | (frame.opcode().ordinal() << 1)
                | frame.direction().ordinal();
        int at = slot * LONGS;
        packed[at] = (frame.seq() << 32) | (frame.bytes() & UNSIGNED_INT);
        packed[at + 1] = in ? frame.receivedNs() : frame.enqueuedNs();
        packed[at + 2] = (toWrite << 32) | (writing & UNSIGNED_INT);
        packed[at + 3] = (counter << 16) | flags;
    }

    private void keepRecord(int slot, @Nullable FrameRecord frame) {
        if (records == null) {
            records = new Object[capacity()];
        }
        records[slot] = frame;
    }

    /** @return -1 when it does not fit */
    private static long delta(long from, long to) {
        if (to == FrameRecord.NONE) {
            return NO_DELTA;
        }
        long delta = to - from;
        return delta >= 0 && delta < NO_DELTA ? delta : -1;
    }

    /** Oldest first. */
    List<FrameRecord> frames() {
        List<FrameRecord> frames = new ArrayList<>(size);
        for (int i = 0; i < size; i++) {
            frames.add(unpack(slotOf(i)));
        }
        return frames;
    }

    /** The frames that are no rows yet, oldest first; from now on they count as rows. */
    List<FrameRecord> takeUnkept() {
        List<FrameRecord> frames = new ArrayList<>();
        for (int i = 0; i < size; i++) {
            int flags = slotOf(i) * LONGS + 3;
            if ((packed[flags] & KEPT_AS_ROW) == 0) {
                packed[flags] |= KEPT_AS_ROW;
                frames.add(unpack(slotOf(i)));
            }
        }
        return frames;
    }

    private int slotOf(int age) {
        return size < capacity() ? age : (next + age) % capacity();
    }

    private FrameRecord unpack(int slot) {
        int at = slot * LONGS;
        int flags = (int) packed[at + 3] & 0xFFFF;
        if ((flags & AS_RECORD) != 0 && records != null && records[slot] instanceof FrameRecord whole) {
            return whole;
        }
        long seq = packed[at] >>> 32;
        long bytes = packed[at] & UNSIGNED_INT;
        long first = packed[at + 1];
        long counter = packed[at + 3] >>> 16;
        counter = counter == NO_COUNTER ? FrameRecord.NONE : counter;
        Opcode opcode = Opcode.of((flags >> 1) & 7);
        String type = FrameTypes.name((flags >> 4) & 0x3FF);
        if (Direction.of(flags & 1) == Direction.IN) {
            return FrameRecord.received(seq, opcode, type, null, bytes, counter, first, null, null);
        }
        long toWrite = packed[at + 2] >>> 32;
        long writing = packed[at + 2] & UNSIGNED_INT;
        long started = toWrite == NO_DELTA ? FrameRecord.NONE : first + toWrite;
        long written = writing == NO_DELTA ? FrameRecord.NONE : started + writing;
        return FrameRecord.sent(seq, opcode, type, null, bytes, counter, first, started, written, null, null);
    }
}
