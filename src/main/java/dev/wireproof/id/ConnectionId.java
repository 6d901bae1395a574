package dev.wireproof.id;

import java.util.UUID;

/** Names one accepted WebSocket. It grants nothing: knowing it is no right to anything. */
public record ConnectionId(UUID value) implements Comparable<ConnectionId> {

    /** @throws IllegalArgumentException when the text is not a UUID in its 36-character form */
    public static ConnectionId parse(String text) {
        return new ConnectionId(Uuids.parse(text));
    }

    @Override
    public int compareTo(ConnectionId other) {
        return value.compareTo(other.value);
    }

    /** The 36-character form, as on the wire. */
    @Override
    public String toString() {
        return value.toString();
    }
}
