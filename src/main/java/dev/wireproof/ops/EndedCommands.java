package dev.wireproof.ops;

import dev.wireproof.id.CommandId;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Commands that ended and are still to be told of as traces. Bounded: telling of delivery never grows at delivery's cost. A command waits
 * here a moment, for the last rungs are stored a little after its end.
 */
final class EndedCommands implements Consumer<CommandId> {
    private static final int MOST = 10_000;
    private static final long SETTLED_AFTER_NS = Duration.ofSeconds(1).toNanos();
    /** A share is taken by the id's random tail, so that all servers and restarts choose the same ones. */
    private static final int RESOLUTION = 1 << 20;

    private record Ended(CommandId id, long atNs) {}

    private final double ratio;
    private final LongSupplier nanos;
    private final Deque<Ended> waiting = new ArrayDeque<>(); // guarded by this
    private long dropped; // guarded by this

    EndedCommands(double ratio, LongSupplier nanos) {
        this.ratio = ratio;
        this.nanos = nanos;
    }

    /** Returns at once. */
    @Override
    public void accept(CommandId id) {
        if ((id.value().getLeastSignificantBits() & (RESOLUTION - 1)) >= ratio * RESOLUTION) {
            return;
        }
        synchronized (this) {
            if (waiting.size() < MOST) {
                waiting.add(new Ended(id, nanos.getAsLong()));
            } else {
                dropped++;
            }
        }
    }

    /** @return at most {@code most} that ended long enough ago, oldest first; they are gone from here */
    synchronized List<CommandId> settled(int most) {
        List<CommandId> ids = new ArrayList<>();
        long now = nanos.getAsLong();
        for (@Nullable Ended first = waiting.peek();
                first != null && now - first.atNs() >= SETTLED_AFTER_NS && ids.size() < most;
                first = waiting.peek()) {
            ids.add(first.id());
            waiting.remove();
        }
        return ids;
    }

    /** How many found no room, since the start. */
    synchronized long dropped() {
        return dropped;
    }
}
