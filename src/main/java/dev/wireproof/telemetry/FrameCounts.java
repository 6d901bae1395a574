package dev.wireproof.telemetry;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/** How many frames of each kind went which way, over all connections since the start. Costs a look-up and an addition for a frame. */
public final class FrameCounts {
    /** Above what the protocol knows: no agent can make this grow. */
    private static final int MOST_KINDS = 64;

    private static final String UNUSABLE = "unusable";
    private static final String OTHER = "other";

    private final Map<String, LongAdder> in = new ConcurrentHashMap<>();
    private final Map<String, LongAdder> out = new ConcurrentHashMap<>();
    private final LongAdder bytesIn = new LongAdder();
    private final LongAdder bytesOut = new LongAdder();

    void add(FrameRecord frame) {
        boolean incoming = frame.direction() == Direction.IN;
        if (!incoming && frame.writtenNs() == FrameRecord.NONE) {
            return; // never left
        }
        Map<String, LongAdder> kinds = incoming ? in : out;
        String kind = kindOf(frame, incoming);
        LongAdder count = kinds.get(kind);
        if (count == null) {
            String bounded = kinds.size() < MOST_KINDS ? kind : OTHER;
            count = kinds.computeIfAbsent(bounded, _ -> new LongAdder());
        }
        count.increment();
        (incoming ? bytesIn : bytesOut).add(frame.bytes());
    }

    /** A name that an agent made up is never one of ours. */
    private static String kindOf(FrameRecord frame, boolean incoming) {
        if (frame.opcode() != Opcode.TEXT) {
            return frame.opcode().wireName();
        }
        String type = frame.type();
        return type == null || (incoming && frame.error() != null) ? UNUSABLE : type;
    }

    /** @param kind a message's name, or {@code ping}, {@code pong}, {@code close}, {@code binary}; {@code unusable}: could not be read */
    public long count(Direction direction, String kind) {
        LongAdder count = (direction == Direction.IN ? in : out).get(kind);
        return count == null ? 0 : count.sum();
    }

    /** Payload bytes. */
    public long bytes(Direction direction) {
        return (direction == Direction.IN ? bytesIn : bytesOut).sum();
    }
}
