package dev.wireproof.command;

import java.util.Locale;

/** Why a command was put on a connection. */
public enum OfferReason {
    /** The first offer. */
    DISPATCH,
    /** No ack came in the time allowed. */
    ACK_OVERDUE,
    /** The agent has a new connection. */
    RECONNECTED,
    /** A heartbeat came while an ack was overdue. */
    HEARTBEAT,
    /** Someone asked for a new round. */
    REDELIVER;

    private final String wireName = name().toLowerCase(Locale.ROOT);

    public String wireName() {
        return wireName;
    }

    static OfferReason ofWireName(String name) {
        return valueOf(name.toUpperCase(Locale.ROOT));
    }
}
