package dev.wireproof.api;

import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/** @param rate requests a second for one token; a burst of as many is allowed */
@Validated
@ConfigurationProperties("wireproof.api")
record ApiSettings(
        @DefaultValue("600") @Min(1) @Max(1_000_000) int rate) {}
