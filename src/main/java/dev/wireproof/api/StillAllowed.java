package dev.wireproof.api;

import dev.wireproof.access.Caller;
import dev.wireproof.access.TokenCheck;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/**
 * Looks again at the right to what goes on for longer than a moment: a stream, or an answer that is waited for. A right that was taken away
 * ends both within 5 s.
 */
@Component
final class StillAllowed {
    /** Between two looks. */
    static final Duration LOOK = Duration.ofSeconds(2);

    private static final Logger log = LoggerFactory.getLogger(StillAllowed.class);

    private final TokenCheck tokens;

    StillAllowed(TokenCheck tokens) {
        this.tokens = tokens;
    }

    /** For the caller of the current request: whether their secret is still good, and for a caller of this kind. May block. */
    BooleanSupplier asked(Predicate<Caller> enough) {
        String secret = Callers.secret();
        return () -> tokens.callerWith(secret).filter(enough).isPresent();
    }

    /**
     * The same answer, while the caller may have it: else a refusal, within {@link #LOOK} and a moment. The wait holds no thread.
     *
     * @param allowed of {@link #asked}
     */
    <T> CompletableFuture<T> whileAllowed(CompletableFuture<T> answer, BooleanSupplier allowed) {
        CompletableFuture<T> told = answer.thenApplyAsync(
                found -> {
                    if (!allowed.getAsBoolean()) {
                        throw Problem.unauthenticated().exception();
                    }
                    return found;
                },
                Thread::startVirtualThread);
        lookLater(told, allowed);
        return told;
    }

    private static void lookLater(CompletableFuture<?> told, BooleanSupplier allowed) {
        CompletableFuture.delayedExecutor(LOOK.toMillis(), TimeUnit.MILLISECONDS, Thread::startVirtualThread)
                .execute(() -> {
                    if (told.isDone()) {
                        return;
                    }
                    try {
                        if (!allowed.getAsBoolean()) {
                            told.completeExceptionally(Problem.unauthenticated().exception());
                            return;
                        }
                    } catch (RuntimeException away) { // that is no refusal, and the answer itself is looked at again
                        log.atDebug().addKeyValue("cause", away.toString()).log("api.right_not_looked_at");
                    }
                    lookLater(told, allowed);
                });
    }
}
