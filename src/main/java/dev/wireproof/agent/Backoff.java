package dev.wireproof.agent;

import dev.wireproof.protocol.CloseCode;
import java.time.Duration;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * When to connect again: full jitter, random in 0…min(60 s, 1 s · 2^n), where n counts the connections in a row that did
 * not last 60 s; never before what the server asked for. Used by one thread.
 */
final class Backoff {
    private static final Duration CAP = Duration.ofSeconds(60);
    private static final Duration LASTED = Duration.ofSeconds(60);
    private static final Duration REFUSED_WITHOUT_A_TIME = Duration.ofSeconds(60);
    private static final Duration SUPERSEDED = Duration.ofSeconds(60);
    private static final Duration CONFLICT = Duration.ofHours(1);
    private static final int CAP_REACHED = 6;

    private final RandomGenerator random;
    private int failures;

    Backoff(RandomGenerator random) {
        this.random = random;
    }

    /**
     * @param connectedFor since the AuthAck; zero when there was none
     * @param closeCode null when no Close frame ended it
     * @param retryAfter what AuthReject or an HTTP answer asked for; null: nothing
     */
    Duration next(Duration connectedFor, @Nullable Integer closeCode, @Nullable Duration retryAfter) {
        if (connectedFor.compareTo(LASTED) >= 0) {
            failures = 0;
        }
        long bound = Math.min(CAP.toMillis(), 1000L << Math.min(failures, CAP_REACHED));
        failures = Math.min(failures + 1, CAP_REACHED);
        Duration jitter = Duration.ofMillis(random.nextLong(bound + 1));
        Duration earliest = earliest(closeCode, retryAfter);
        // Jitter on top: the fleet that was sent away together must not come back together.
        return earliest.isZero() ? jitter : earliest.plus(jitter);
    }

    private static Duration earliest(@Nullable Integer closeCode, @Nullable Duration retryAfter) {
        CloseCode.AgentReaction reaction = closeCode == null
                ? CloseCode.AgentReaction.BACK_OFF
                : CloseCode.of(closeCode).map(CloseCode::reaction).orElse(CloseCode.AgentReaction.BACK_OFF);
        return switch (reaction) {
            case NOT_BEFORE_RETRY_AFTER -> retryAfter == null ? REFUSED_WITHOUT_A_TIME : retryAfter;
            case WAIT_60_S_UNLESS_CONNECTED -> SUPERSEDED;
            case TRY_EACH_HOUR -> CONFLICT;
            case NOTHING, RECONNECT_WITH_JITTER, BACK_OFF, STOP_AND_ENROL_AGAIN ->
                retryAfter == null ? Duration.ZERO : retryAfter;
        };
    }
}
