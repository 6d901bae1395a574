package dev.wireproof.fleet;

import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * @param authFailuresPerMinute refused Auths from one address after which further refusals there become {@code rate_limited} and are
 *     checked two at a time; good keys still pass
 */
@Validated
@ConfigurationProperties("wireproof.fleet")
record FleetSettings(
        @DefaultValue("30") @Min(1) @Max(1_000_000) int authFailuresPerMinute) {}
