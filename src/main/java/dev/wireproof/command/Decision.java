package dev.wireproof.command;

/** The answer to a cancel or a redeliver. */
public sealed interface Decision {

    record Accepted(CommandView command) implements Decision {}

    /** The command's state does not allow it: the API answers 409. */
    record Conflict(CommandView command, String why) implements Decision {}

    record NotFound() implements Decision {}
}
