package dev.wireproof.diagnosis;

import java.util.Locale;

/** How sure a verdict is; which rule set it is told beside it. */
public enum Confidence {
    LOW,
    MEDIUM,
    HIGH;

    private final String wireName = name().toLowerCase(Locale.ROOT);

    public String wireName() {
        return wireName;
    }
}
