package dev.wireproof.command;

import java.io.Serial;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The database does not take commands just now, or took too long to say so: the outcome of a write may be unknown, and is learnt with the
 * idempotency key. The API answers 503 with {@code Retry-After}.
 */
public final class StoreUnavailableException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1L;

    /** When to try again. */
    public static final Duration RETRY_AFTER = Duration.ofSeconds(2);

    public StoreUnavailableException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
