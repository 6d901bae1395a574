package dev.wireproof.telemetry;

import java.util.Locale;

/** What a frame is, by RFC 6455 §5.2; a message in fragments is recorded as one. */
public enum Opcode {
    TEXT,
    BINARY,
    PING,
    PONG,
    CLOSE;

    private static final Opcode[] ALL = values();
    private final String wireName = name().toLowerCase(Locale.ROOT);

    /** As in the API and the database. */
    public String wireName() {
        return wireName;
    }

    static Opcode of(int ordinal) {
        return ALL[ordinal];
    }

    /** @throws IllegalArgumentException for any other name */
    public static Opcode ofWireName(String name) {
        return valueOf(name.toUpperCase(Locale.ROOT));
    }
}
