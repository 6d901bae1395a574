package dev.wireproof.command;

import java.time.Duration;
import java.util.List;

/**
 * How patient we are.
 *
 * @param ackWaits of attempt 1, 2, 3… of a round; the last repeats
 * @param maxAttempts in one round
 * @param resultGrace added to a command's timeout, from its start, before a missing result ends it
 */
record DeliveryPolicy(List<Duration> ackWaits, int maxAttempts, Duration resultGrace) {
    /** In one round, counted or not. */
    static final int MAX_OFFERS = 100;
    /** How long past its expiry an agent remembers a command. */
    static final Duration RECORD_KEPT = Duration.ofDays(7);
    /** Rows of evidence for one command. */
    static final int MAX_NOTES = 50;
    /** An ack wait is stretched or shortened by up to this part of it, so that agents do not come all at once. */
    static final double JITTER = 0.2;

    DeliveryPolicy {
        ackWaits = List.copyOf(ackWaits);
        if (ackWaits.isEmpty()) {
            throw new IllegalArgumentException("at least one ack wait");
        }
    }

    /**
     * @param number 1 for the first of a round
     * @param jitter -1…1
     */
    Duration ackWait(int number, double jitter) {
        Duration wait = ackWaits.get(Math.min(Math.max(number, 1), ackWaits.size()) - 1);
        long micros = wait.toNanos() / 1_000;
        return Duration.ofNanos((long) (micros * (1 + JITTER * jitter)) * 1_000);
    }
}
