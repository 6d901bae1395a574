package dev.wireproof.command;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * How commands are kept.
 *
 * @param resultGrace added to a command's timeout, from its start, before a missing result ends it while its agent is connected; 1 s to 7 d
 * @param writers threads that store what happens to commands, each with a database connection of its own while it stores; 1 to 8
 * @param maxWaiting commands that may wait for one agent; beyond it a POST is answered 429; 1 to 1000000
 * @param reaperInterval between two looks for deadlines that have passed; 50 ms to 10 s
 */
@ConfigurationProperties("wireproof.command")
record CommandProperties(
        @DefaultValue("5m") Duration resultGrace,
        @DefaultValue("2") int writers,
        @DefaultValue("10000") int maxWaiting,
        @DefaultValue("500ms") Duration reaperInterval) {

    CommandProperties {
        if (resultGrace.compareTo(Duration.ofSeconds(1)) < 0 || resultGrace.compareTo(Duration.ofDays(7)) > 0) {
            throw new IllegalArgumentException(
                    "wireproof.command.result-grace is %s; allowed is 1s to 7d".formatted(resultGrace));
        }
        if (writers < 1 || writers > 8) {
            throw new IllegalArgumentException("wireproof.command.writers is %d; allowed is 1 to 8".formatted(writers));
        }
        if (maxWaiting < 1 || maxWaiting > 1_000_000) {
            throw new IllegalArgumentException(
                    "wireproof.command.max-waiting is %d; allowed is 1 to 1000000".formatted(maxWaiting));
        }
        if (reaperInterval.compareTo(Duration.ofMillis(50)) < 0
                || reaperInterval.compareTo(Duration.ofSeconds(10)) > 0) {
            throw new IllegalArgumentException(
                    "wireproof.command.reaper-interval is %s; allowed is 50ms to 10s".formatted(reaperInterval));
        }
    }
}
