package dev.wireproof.id;

import java.util.UUID;

/** Names one enrolled agent for as long as it exists. */
public record AgentId(UUID value) implements Comparable<AgentId> {

    /** @throws IllegalArgumentException when the text is not a UUID in its 36-character form */
    public static AgentId parse(String text) {
        return new AgentId(Uuids.parse(text));
    }

    @Override
    public int compareTo(AgentId other) {
        return value.compareTo(other.value);
    }

    /** The 36-character form, as on the wire. */
    @Override
    public String toString() {
        return value.toString();
    }
}
