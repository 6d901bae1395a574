package dev.wireproof.command;

import java.util.Locale;

/** What is proven of a command's fate. Silence is not a verdict: only evidence moves it. */
public enum Certainty {
    /** Proven: no write of it ever started, or the agent's intact record never saw it. */
    NOT_RECEIVED,
    /** Bytes may have reached the agent, and nothing tells what it did. */
    UNKNOWN,
    /** Acknowledged, or in the agent's record. It may have run. */
    RECEIVED,
    /** Received and proven not executed. */
    NOT_RUN,
    /** Started, or a result is there. */
    EXECUTED;

    private final String wireName = name().toLowerCase(Locale.ROOT);

    /** As in the API and in the database: {@code not_received}. */
    public String wireName() {
        return wireName;
    }

    /** Whether the agent is proven to have had it, and not proven to have left it alone. */
    boolean received() {
        return this == RECEIVED || this == EXECUTED;
    }

    static Certainty ofWireName(String name) {
        return valueOf(name.toUpperCase(Locale.ROOT));
    }
}
