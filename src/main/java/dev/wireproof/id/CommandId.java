package dev.wireproof.id;

import java.util.UUID;

/** Names one command: an agent runs it at most once, however often it is offered. */
public record CommandId(UUID value) implements Comparable<CommandId> {

    /** @throws IllegalArgumentException when the text is not a UUID in its 36-character form */
    public static CommandId parse(String text) {
        return new CommandId(Uuids.parse(text));
    }

    @Override
    public int compareTo(CommandId other) {
        return value.compareTo(other.value);
    }

    /** The 36-character form, as on the wire. */
    @Override
    public String toString() {
        return value.toString();
    }
}
