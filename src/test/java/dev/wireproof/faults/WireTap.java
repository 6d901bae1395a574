package dev.wireproof.faults;

import dev.wireproof.id.CommandId;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What the agents' ends of all connections saw and sent: kept by the laboratory, not by the agents, so a crashing agent forgets none of it.
 * Safe for many threads.
 */
final class WireTap {

    /** @param epoch of the connection it came on */
    record Offer(CommandId id, int attempt, String connection, long epoch) {}

    private final Map<CommandId, List<Offer>> offers = new ConcurrentHashMap<>();
    private final Set<String> acks = ConcurrentHashMap.newKeySet();
    private final Set<CommandId> resultAcks = ConcurrentHashMap.newKeySet();
    private final Map<String, Long> ponged = new ConcurrentHashMap<>();
    private final Queue<Long> offeredAfterNs = new ConcurrentLinkedQueue<>();
    private final AtomicLong offered = new AtomicLong();
    private final AtomicLong connections = new AtomicLong();

    void offered(Offer offer) {
        offers.computeIfAbsent(offer.id(), _ -> new CopyOnWriteArrayList<>()).add(offer);
        offered.incrementAndGet();
    }

    /** Noted before the ack is sent. */
    void acked(CommandId id, int attempt) {
        acks.add(id + "#" + attempt);
    }

    void resultAcked(CommandId id) {
        resultAcks.add(id);
    }

    /** Noted before the Pong is sent. */
    void ponged(String connection, long counter) {
        ponged.merge(connection, counter, Math::max);
    }

    /** So long after its AuthAck a connection brought its first command, which had waited for it. */
    void offeredAfter(long ns) {
        offeredAfterNs.add(ns);
    }

    /** From AuthAck to the first offer of what waited, in milliseconds. @return -1 when nothing ever waited */
    long offeredAfterMs(double share) {
        long[] sorted =
                offeredAfterNs.stream().mapToLong(Long::longValue).sorted().toArray();
        return sorted.length == 0 ? -1 : sorted[Math.min(sorted.length - 1, (int) (share * sorted.length))] / 1_000_000;
    }

    void connected() {
        connections.incrementAndGet();
    }

    List<Offer> offersOf(CommandId id) {
        return offers.getOrDefault(id, List.of());
    }

    boolean hasAcked(CommandId id, int attempt) {
        return acks.contains(id + "#" + attempt);
    }

    /** As it grows; not a copy, for it is asked once for each of a hundred thousand commands. */
    Set<CommandId> resultsConfirmed() {
        return Collections.unmodifiableSet(resultAcks);
    }

    /** The highest Ping of that connection that was answered; 0: none. */
    long pongedOn(String connection) {
        return ponged.getOrDefault(connection, 0L);
    }

    /** Offers beyond the first of each command. */
    long duplicates() {
        return offered.get() - offers.size();
    }

    long offers() {
        return offered.get();
    }

    long connections() {
        return connections.get();
    }
}
