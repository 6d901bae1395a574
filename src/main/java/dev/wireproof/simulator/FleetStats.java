package dev.wireproof.simulator;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;

/** What the whole fleet did and saw. Counted from every loop. */
final class FleetStats {
    private static final long LONGEST_US = 3_600_000_000L;

    final LongAdder connects = new LongAdder();
    final LongAdder logins = new LongAdder();
    final LongAdder enrolments = new LongAdder();
    final LongAdder rejections = new LongAdder();
    /** Ends of a logged-in connection that the agent did not mean. */
    final LongAdder drops = new LongAdder();

    final LongAdder offers = new LongAdder();
    final LongAdder duplicateOffers = new LongAdder();
    final LongAdder acks = new LongAdder();
    final LongAdder nacks = new LongAdder();
    final LongAdder executions = new LongAdder();
    final LongAdder results = new LongAdder();
    final LongAdder resultAcks = new LongAdder();
    final LongAdder ledgerQueries = new LongAdder();
    final LongAdder echoes = new LongAdder();
    final LongAdder pings = new LongAdder();
    final LongAdder heartbeats = new LongAdder();
    final LongAdder protocolErrors = new LongAdder();
    final AtomicInteger live = new AtomicInteger();
    final AtomicInteger stopped = new AtomicInteger();

    private final Map<String, LongAdder> closes = new ConcurrentHashMap<>();
    private final Histogram connectToLoginUs = new ConcurrentHistogram(LONGEST_US, 3);
    private final Histogram issuedToAckUs = new ConcurrentHistogram(LONGEST_US, 3);

    /** @param how a close code, or a sentence of ours; never a stranger's text, so the map stays small */
    void closed(String how) {
        closes.computeIfAbsent(how, _ -> new LongAdder()).increment();
    }

    void loggedIn(long afterNs) {
        connectToLoginUs.recordValue(Math.clamp(afterNs / 1_000, 0, LONGEST_US));
    }

    /** @param issuedAt by the server's clock: means something only where both ends share one */
    void acknowledged(Instant issuedAt, Instant ackedAt) {
        issuedToAckUs.recordValue(Math.clamp(Duration.between(issuedAt, ackedAt).toNanos() / 1_000, 0, LONGEST_US));
    }

    Map<String, Long> closes() {
        Map<String, Long> counts = new TreeMap<>();
        closes.forEach((how, count) -> counts.put(how, count.sum()));
        return counts;
    }

    Map<String, Object> connectToLogin() {
        return Latencies.of(connectToLoginUs);
    }

    Map<String, Object> issuedToAck() {
        return Latencies.of(issuedToAckUs);
    }
}
