package dev.wireproof.command;

import java.io.Serial;
import java.time.Duration;

/** So many commands wait for this agent already that no more are stored. The API answers 429 and says that this is the limit. */
public final class TooManyWaitingException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1L;

    /** When to try again: the agent may be away for long. */
    public static final Duration RETRY_AFTER = Duration.ofSeconds(30);

    private final int allowed;

    TooManyWaitingException(int allowed) {
        super("%d commands wait for this agent already".formatted(allowed), null, false, false);
        this.allowed = allowed;
    }

    /** How many may wait for one agent. */
    public int allowed() {
        return allowed;
    }
}
