package dev.wireproof.ops;

import jakarta.validation.constraints.DecimalMax;
import jakarta.validation.constraints.DecimalMin;
import java.net.URI;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * @param endpoint where OTLP over HTTP is taken, such as {@code http://collector:4318/v1/traces}; null: no traces, at no cost
 * @param authorization the value of the {@code Authorization} header; null: none is sent
 * @param ratio the share of commands that are traced
 */
@Validated
@ConfigurationProperties("wireproof.traces")
record TracesSettings(
        @Nullable URI endpoint,
        @Nullable String authorization,

        @DefaultValue("1.0") @DecimalMin("0") @DecimalMax("1")
        double ratio) {
    TracesSettings {
        if (endpoint != null
                && (endpoint.getHost() == null
                        || !("http".equals(endpoint.getScheme()) || "https".equals(endpoint.getScheme())))) {
            throw new IllegalArgumentException(
                    "wireproof.traces.endpoint (%s) must be an http or https address such as http://collector:4318/v1/traces"
                            .formatted(endpoint));
        }
    }

    /** Without the secret. */
    @Override
    public String toString() {
        return "TracesSettings[endpoint=%s, ratio=%s]".formatted(endpoint, ratio);
    }
}
