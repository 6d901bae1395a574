package dev.wireproof.access;

import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;

/**
 * Secrets to exist from the first start, so that a deployment can know them before the server runs.
 *
 * @param adminToken null: one is made at the first start and printed once
 * @param enrollmentToken likewise, for the site {@code default}
 */
@ConfigurationProperties("wireproof.bootstrap")
record BootstrapSettings(
        @Nullable String adminToken, @Nullable String enrollmentToken) {
    private static final int SHORTEST = 16;
    private static final int LONGEST = 255;
    private static final int KINDS = 5;

    BootstrapSettings {
        adminToken = checked("wireproof.bootstrap.admin-token", adminToken);
        enrollmentToken = checked("wireproof.bootstrap.enrollment-token", enrollmentToken);
    }

    /** Secrets do not belong in logs. */
    @Override
    public String toString() {
        return "BootstrapSettings[adminToken given: " + (adminToken != null) + ", enrollmentToken given: "
                + (enrollmentToken != null) + "]";
    }

    private static @Nullable String checked(String property, @Nullable String secret) {
        if (secret == null || secret.isEmpty()) {
            return null;
        }
        boolean fit = secret.length() >= SHORTEST
                && secret.length() <= LONGEST
                && secret.chars().allMatch(c -> c > ' ' && c < 127)
                && secret.chars().distinct().count() >= KINDS;
        if (!fit) {
            // The value is a secret, so the message tells its length only.
            throw new IllegalArgumentException(
                    "%s (a secret of %d characters, not shown) must be %d to %d visible ASCII characters, at least %d of them different"
                            .formatted(property, secret.length(), SHORTEST, LONGEST, KINDS));
        }
        return secret;
    }
}
