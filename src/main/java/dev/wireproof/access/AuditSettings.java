package dev.wireproof.access;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/** @param retention how long lines of the audit log are kept; the database itself refuses to remove any that is younger than 30 days */
@ConfigurationProperties("wireproof.audit")
record AuditSettings(@DefaultValue("400d") Duration retention) {
    private static final Duration SHORTEST = Duration.ofDays(31);

    AuditSettings {
        if (retention.compareTo(SHORTEST) < 0) {
            throw new IllegalArgumentException(
                    "wireproof.audit.retention (%s) must be at least 31d".formatted(retention));
        }
    }
}
