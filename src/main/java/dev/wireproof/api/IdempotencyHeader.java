package dev.wireproof.api;

import jakarta.servlet.http.HttpServletRequest;
import org.jspecify.annotations.Nullable;

/** A caller's own name for one creating POST. */
final class IdempotencyHeader {
    static final String NAME = "Idempotency-Key";
    private static final int LONGEST = 255;

    private IdempotencyHeader() {}

    /** @return null when the caller gave none */
    static @Nullable String of(HttpServletRequest request) {
        String key = request.getHeader(NAME);
        if (key == null) {
            return null;
        }
        if (key.isEmpty() || key.length() > LONGEST || !key.chars().allMatch(c -> c >= ' ' && c < 127)) {
            throw Problem.invalid(NAME, "must be 1 to " + LONGEST + " visible ASCII characters")
                    .exception();
        }
        return key;
    }
}
