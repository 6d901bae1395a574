package dev.wireproof.api;

import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * @param rate requests a second for one token; a burst of as many is allowed
 * @param failedSignIns invalid tokens a minute from one address, or with one beginning; beyond it they are answered 429
 * @param streamsPerAddress event streams that one address may have open
 * @param approvalAbove a batch with more targets than this waits for a second person ...
 * @param approvalAbovePercent ... unless this share of the fleet is more
 */
@Validated
@ConfigurationProperties("wireproof.api")
record ApiSettings(
        @DefaultValue("600") @Min(1) @Max(1_000_000) int rate,
        @DefaultValue("60") @Min(1) @Max(1_000_000) int failedSignIns,
        @DefaultValue("1000") @Min(1) @Max(10_000) int streamsPerAddress,
        @DefaultValue("100") @Min(0) @Max(1_000_000) int approvalAbove,
        @DefaultValue("5") @Min(0) @Max(100) int approvalAbovePercent) {}
