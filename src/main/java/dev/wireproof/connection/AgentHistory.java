package dev.wireproof.connection;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.wireproof.id.AgentId;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.UUID;

/**
 * What happened lately around an agent's connections: who superseded whom, how often it was evicted, and whether somebody
 * traces it. Only agents to which
 * something happened have an entry, and there is room for a bounded number of them.
 */
final class AgentHistory {
    static final int MOST_RETURNS = 5;
    static final Duration RETURNS_WITHIN = Duration.ofMinutes(5);
    static final int MOST_EVICTIONS = 3;
    static final Duration EVICTIONS_WITHIN = Duration.ofHours(1);

    private static final int AGENTS = 20_000;
    private static final int INSTANCES = 8;

    private static final class Entry {
        // guarded by this
        private final SequencedMap<UUID, String> superseded = new LinkedHashMap<>();
        private final ArrayDeque<Long> returns = new ArrayDeque<>();
        private final ArrayDeque<Long> evictions = new ArrayDeque<>();
        private final SequencedMap<String, Boolean> addresses = new LinkedHashMap<>();
        private long tracedUntilMs = Long.MIN_VALUE;
    }

    private final Cache<AgentId, Entry> entries = Caffeine.newBuilder()
            .maximumSize(AGENTS)
            .expireAfterAccess(EVICTIONS_WITHIN.multipliedBy(2))
            .build();

    private Entry of(AgentId agent) {
        return entries.get(agent, _ -> new Entry());
    }

    /** A connection of one process of this agent took over from that of another one. */
    void superseded(AgentId agent, UUID instance, String address) {
        Entry entry = of(agent);
        synchronized (entry) {
            entry.superseded.put(instance, address);
            if (entry.superseded.size() > INSTANCES) {
                entry.superseded.pollFirstEntry();
            }
        }
    }

    /**
     * A process authenticated. When another one had superseded it, that is a return, and only two living processes do that.
     *
     * @return whether this makes more than five returns in five minutes: an identity conflict
     */
    boolean returned(AgentId agent, UUID instance, String address, long nowMs) {
        Entry entry = entries.getIfPresent(agent);
        if (entry == null) {
            return false;
        }
        synchronized (entry) {
            if (entry.superseded.remove(instance) == null) {
                return false;
            }
            entry.addresses.put(address, true);
            if (entry.addresses.size() > INSTANCES) {
                entry.addresses.pollFirstEntry();
            }
            return add(entry.returns, nowMs, RETURNS_WITHIN) > MOST_RETURNS;
        }
    }

    /** The addresses that returns came from. */
    List<String> addresses(AgentId agent) {
        Entry entry = entries.getIfPresent(agent);
        if (entry == null) {
            return List.of();
        }
        synchronized (entry) {
            SequencedMap<String, Boolean> all = new LinkedHashMap<>(entry.addresses);
            for (Map.Entry<UUID, String> one : entry.superseded.entrySet()) {
                all.put(one.getValue(), true);
            }
            return List.copyOf(all.keySet());
        }
    }

    /** @return false when this agent was evicted as unproven three times in the last hour; true counts as one more */
    boolean mayEvict(AgentId agent, long nowMs) {
        Entry entry = of(agent);
        synchronized (entry) {
            forget(entry.evictions, nowMs, EVICTIONS_WITHIN);
            if (entry.evictions.size() >= MOST_EVICTIONS) {
                return false;
            }
            entry.evictions.add(nowMs);
            return true;
        }
    }

    /** Whether it was evicted as unproven as often as is allowed. Changes nothing. */
    boolean evictionsSpent(AgentId agent, long nowMs) {
        Entry entry = entries.getIfPresent(agent);
        if (entry == null) {
            return false;
        }
        synchronized (entry) {
            forget(entry.evictions, nowMs, EVICTIONS_WITHIN);
            return entry.evictions.size() >= MOST_EVICTIONS;
        }
    }

    /** Somebody watches this agent until then, whatever becomes of the connection that it has now. */
    void traced(AgentId agent, long untilMs) {
        Entry entry = of(agent);
        synchronized (entry) {
            entry.tracedUntilMs = untilMs;
        }
    }

    /** @return for how long it is still to be traced; zero or less: not any more */
    Duration tracedFor(AgentId agent, long nowMs) {
        Entry entry = entries.getIfPresent(agent);
        if (entry == null) {
            return Duration.ZERO;
        }
        synchronized (entry) {
            return entry.tracedUntilMs == Long.MIN_VALUE
                    ? Duration.ZERO
                    : Duration.ofMillis(entry.tracedUntilMs - nowMs);
        }
    }

    void forget(AgentId agent) {
        entries.invalidate(agent);
    }

    private static int add(ArrayDeque<Long> times, long nowMs, Duration within) {
        forget(times, nowMs, within);
        times.add(nowMs);
        if (times.size() > MOST_RETURNS + 1) {
            times.poll();
        }
        return times.size();
    }

    private static void forget(ArrayDeque<Long> times, long nowMs, Duration within) {
        while (!times.isEmpty() && nowMs - times.peek() > within.toMillis()) {
            times.poll();
        }
    }
}
