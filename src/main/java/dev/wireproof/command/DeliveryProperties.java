package dev.wireproof.command;

import java.time.Duration;
import java.util.List;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * How often a command is offered.
 *
 * @param ackWait how long attempt 1, 2, 3… may stay unacknowledged; the last repeats. 1 to 20 values of 100 ms to 1 h
 * @param maxAttempts in one round; 1 to 100
 */
@ConfigurationProperties("wireproof.delivery")
record DeliveryProperties(
        @DefaultValue({"5s", "10s", "20s", "30s", "60s"}) List<Duration> ackWait,
        @DefaultValue("10") int maxAttempts) {
    private static final Duration SHORTEST = Duration.ofMillis(100);
    private static final Duration LONGEST = Duration.ofHours(1);

    DeliveryProperties {
        ackWait = List.copyOf(ackWait);
        if (ackWait.isEmpty() || ackWait.size() > 20) {
            throw new IllegalArgumentException(
                    "wireproof.delivery.ack-wait has %d values; allowed are 1 to 20".formatted(ackWait.size()));
        }
        for (Duration wait : ackWait) {
            if (wait.compareTo(SHORTEST) < 0 || wait.compareTo(LONGEST) > 0) {
                throw new IllegalArgumentException(
                        "wireproof.delivery.ack-wait contains %s; allowed is 100ms to 1h each".formatted(wait));
            }
        }
        if (maxAttempts < 1 || maxAttempts > 100) {
            throw new IllegalArgumentException(
                    "wireproof.delivery.max-attempts is %d; allowed is 1 to 100".formatted(maxAttempts));
        }
    }
}
