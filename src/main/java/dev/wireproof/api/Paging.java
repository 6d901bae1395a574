package dev.wireproof.api;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Which part of a list is asked for.
 *
 * @param limit 1…500
 * @param place where the page before ended; null at the start
 */
record Paging(int limit, @Nullable String place) {
    private static final int MOST = 500;
    private static final int STANDARD = 50;

    /** Reads the query parameters {@code limit} and {@code cursor}. */
    static Paging of(Checks checks, @Nullable String limit, @Nullable String cursor) {
        int size = (int) checks.range("limit", checks.number("limit", limit), 1, MOST, STANDARD);
        return new Paging(size, cursor == null ? null : decoded(checks, cursor));
    }

    private static @Nullable String decoded(Checks checks, String cursor) {
        try {
            return new String(Base64.getUrlDecoder().decode(cursor), StandardCharsets.US_ASCII);
        } catch (IllegalArgumentException e) {
            checks.bad("cursor", "is none of this list");
            return null;
        }
    }

    /** One more than asked for, to see whether there is more. */
    int limitAndOne() {
        return limit + 1;
    }

    @Nullable
    UUID afterId(Checks checks) {
        if (place == null) {
            return null;
        }
        try {
            return UUID.fromString(place);
        } catch (IllegalArgumentException e) {
            checks.bad("cursor", "is none of this list");
            return null;
        }
    }

    @Nullable
    Long afterNumber(Checks checks) {
        if (place == null) {
            return null;
        }
        if (!place.matches("[0-9]{1,18}")) {
            checks.bad("cursor", "is none of this list");
            return null;
        }
        return Long.valueOf(place);
    }

    static String cursor(Object place) {
        return Base64.getUrlEncoder()
                .withoutPadding()
                .encodeToString(place.toString().getBytes(StandardCharsets.US_ASCII));
    }
}
