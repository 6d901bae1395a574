package dev.wireproof.command;

import java.util.Locale;
import java.util.Optional;

/** Where a command is on its way. Docs: {@code docs/delivery.md}; edges: {@code docs/command-lifecycle.md}. */
public enum CommandState {
    /** Stored; not offered on a live connection yet. */
    QUEUED(false),
    /** Offered at least once; not acknowledged. */
    OFFERED(false),
    /** The agent has it; not started yet. */
    ACKED(false),
    RUNNING(false),
    SUCCEEDED(true),
    FAILED(true),
    TIMED_OUT(true),
    CANCELLED(true),
    /** Its time to live passed before an ack. */
    EXPIRED(true),
    /** The last permitted attempt was not acknowledged in its time. What that says of the agent is told by {@link Certainty}. */
    UNDELIVERABLE(true),
    /** The agent refused it in a way that a repeat cannot heal. */
    REJECTED(true);

    private final boolean ended;
    private final String wireName = name().toLowerCase(Locale.ROOT);

    CommandState(boolean ended) {
        this.ended = ended;
    }

    public boolean ended() {
        return ended;
    }

    /** As in the API and in the database: {@code timed_out}. */
    public String wireName() {
        return wireName;
    }

    /** @return empty for a name that is none of ours */
    public static Optional<CommandState> ofWireName(String name) {
        for (CommandState state : values()) {
            if (state.wireName.equals(name)) {
                return Optional.of(state);
            }
        }
        return Optional.empty();
    }
}
