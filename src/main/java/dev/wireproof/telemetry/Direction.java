package dev.wireproof.telemetry;

import java.util.Locale;

/** Seen from the server. */
public enum Direction {
    IN,
    OUT;

    private static final Direction[] ALL = values();
    private final String wireName = name().toLowerCase(Locale.ROOT);

    /** As in the API and the database: {@code in}, {@code out}. */
    public String wireName() {
        return wireName;
    }

    static Direction of(int ordinal) {
        return ALL[ordinal];
    }

    /** @throws IllegalArgumentException for any other name */
    public static Direction ofWireName(String name) {
        return valueOf(name.toUpperCase(Locale.ROOT));
    }
}
