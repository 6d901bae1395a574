package dev.wireproof.connection;

import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Positive;
import java.time.Duration;
import java.util.List;
import org.hibernate.validator.constraints.time.DurationMin;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * Who may connect, and when a silent connection is given up. The timings may stand in any relation but one.
 *
 * @param plaintext who may connect by {@code ws://} without TLS or a trusted TLS proxy
 * @param allowedOrigins values of the Origin header that are let in; agents send none, browsers always do
 * @param trustedProxies addresses or CIDR blocks whose X-Forwarded-For and X-Forwarded-Proto are believed
 * @param pingInterval between two Pings; must be shorter than {@code idleTimeout}
 * @param idleTimeout how long nothing at all may come in
 * @param echoInterval between two Echo texts while no Command is acknowledged; each is varied by 10 % either way
 * @param outboundUnprovenTimeout how old the newest answered frame may become
 * @param writeStallTimeout how long one frame may take to be written, plus 1 s for each 8 KiB of it
 * @param authTimeout how long the first message may take
 * @param maxConnections beyond it an upgrade is answered 503
 * @param maxUnauthenticatedPerAddress sockets of one address that have not authenticated yet; beyond it an upgrade is answered 429
 * @param maxMessagesPerSecond from one agent, on average; a burst of twice that is let through
 */
@Validated
@ConfigurationProperties("wireproof.connection")
public record ConnectionProperties(
        @DefaultValue("loopback") @NotNull Plaintext plaintext,
        @DefaultValue List<String> allowedOrigins,
        @DefaultValue List<String> trustedProxies,
        @DefaultValue("20s") @DurationMin(seconds = 1) Duration pingInterval,
        @DefaultValue("90s") @DurationMin(seconds = 1) Duration idleTimeout,
        @DefaultValue("60s") @DurationMin(seconds = 1) Duration echoInterval,
        @DefaultValue("45s") @DurationMin(seconds = 1) Duration outboundUnprovenTimeout,
        @DefaultValue("15s") @DurationMin(seconds = 1) Duration writeStallTimeout,
        @DefaultValue("10s") @DurationMin(seconds = 1) Duration authTimeout,
        @DefaultValue("20000") @Positive @Max(1_000_000) int maxConnections,
        @DefaultValue("10000") @Positive @Max(1_000_000) int maxUnauthenticatedPerAddress,
        @DefaultValue("1000") @Positive @Max(1_000_000) int maxMessagesPerSecond) {

    /** Where unencrypted connections may come from. */
    public enum Plaintext {
        LOOPBACK,
        ANY
    }

    public ConnectionProperties {
        allowedOrigins = List.copyOf(allowedOrigins);
        trustedProxies = List.copyOf(trustedProxies);
        trustedProxies.forEach(AddressBlock::parse);
        if (pingInterval.compareTo(idleTimeout) >= 0) {
            throw new IllegalArgumentException(
                    "wireproof.connection.ping-interval (%s) must be below wireproof.connection.idle-timeout (%s)"
                            .formatted(pingInterval, idleTimeout));
        }
    }
}
