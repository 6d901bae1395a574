package dev.wireproof.command;

import dev.wireproof.id.CommandId;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Who wants to know when a command changes. They are only woken: what is new they read themselves, from what is stored, so that nothing is
 * lost however slow they are and nothing piles up for them.
 */
final class Followers {
    static final int MOST = 10_000;

    /** Called on a writer's thread: returns at once. */
    interface Follower {
        void changed(boolean ended);
    }

    private final Map<CommandId, List<Follower>> following = new ConcurrentHashMap<>();
    private final AtomicInteger count = new AtomicInteger();

    /** @return false when there are too many already */
    boolean follow(CommandId id, Follower follower) {
        if (count.incrementAndGet() > MOST) {
            count.decrementAndGet();
            return false;
        }
        following.merge(id, List.of(follower), (some, one) -> {
            List<Follower> more = new ArrayList<>(some);
            more.addAll(one);
            return List.copyOf(more);
        });
        return true;
    }

    /** May be called twice. */
    void leave(CommandId id, Follower follower) {
        following.computeIfPresent(id, (_, some) -> {
            List<Follower> rest =
                    some.stream().filter(other -> other != follower).toList();
            count.addAndGet(rest.size() - some.size());
            return rest.isEmpty() ? null : rest;
        });
    }

    void changed(CommandId id, boolean ended) {
        List<Follower> some = following.get(id);
        if (some != null) {
            some.forEach(follower -> follower.changed(ended));
        }
    }

    int count() {
        return count.get();
    }
}
