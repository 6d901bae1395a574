package dev.wireproof.command;

import java.util.Locale;

/** Whether a second execution does harm. It decides what happens when an agent lost its record of what it ran. */
public enum CommandEffect {
    /** Not offered again by itself once the agent's record was lost after a frame of it may have left. */
    ONCE,
    REPEATABLE;

    private final String wireName = name().toLowerCase(Locale.ROOT);

    public String wireName() {
        return wireName;
    }

    static CommandEffect ofWireName(String name) {
        return valueOf(name.toUpperCase(Locale.ROOT));
    }
}
