package dev.wireproof.agent;

import dev.wireproof.id.CommandId;
import java.util.Collection;
import java.util.concurrent.ConcurrentSkipListMap;
import org.jspecify.annotations.Nullable;

/**
 * All commands that the server is still to be told of, oldest first. The agent's core adds and removes, connections
 * read. Bounded by the core: it takes no command while {@link #isFull()}.
 */
final class Deliveries {
    static final int MAX = 1_000;

    private final ConcurrentSkipListMap<CommandId, Delivery> open = new ConcurrentSkipListMap<>();

    void add(Delivery delivery) {
        open.put(delivery.commandId(), delivery);
    }

    void remove(CommandId commandId) {
        open.remove(commandId);
    }

    @Nullable
    Delivery find(CommandId commandId) {
        return open.get(commandId);
    }

    Collection<Delivery> all() {
        return open.values();
    }

    boolean isFull() {
        return open.size() >= MAX;
    }
}
