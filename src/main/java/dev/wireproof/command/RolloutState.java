package dev.wireproof.command;

import java.util.Locale;

/** Where one command for many agents stands. */
public enum RolloutState {
    /** Larger than one person may decide: a second one has to approve it. */
    HELD,
    RUNNING,
    /** As many executions failed as were allowed: nothing more is offered. */
    STOPPED,
    CANCELLED,
    /** Every target has ended. */
    DONE;

    /** Whether targets may still get their commands, now or later. */
    public boolean open() {
        return this == HELD || this == RUNNING;
    }

    /** As in the API and in the table. */
    public String wireName() {
        return name().toLowerCase(Locale.ROOT);
    }

    static RolloutState ofWireName(String name) {
        return valueOf(name.toUpperCase(Locale.ROOT));
    }
}
