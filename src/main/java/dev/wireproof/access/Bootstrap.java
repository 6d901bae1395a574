package dev.wireproof.access;

import org.jspecify.annotations.Nullable;

/**
 * What the first start made, to be printed once: nothing else ever shows these secrets again.
 *
 * @param adminToken null when one was given by setting, or an admin token exists from an earlier start
 * @param enrollmentToken of the site {@code default}; null likewise
 */
public record Bootstrap(
        @Nullable String adminToken, @Nullable String enrollmentToken) {

    /** Secrets do not belong in logs. */
    @Override
    public String toString() {
        return "Bootstrap[adminToken made: " + (adminToken != null) + ", enrollmentToken made: "
                + (enrollmentToken != null) + "]";
    }
}
