package dev.wireproof.command;

/** What became of a request to run something. */
public sealed interface Submission {

    /** Stored durably. */
    record Created(CommandView command) implements Submission {}

    /** The same key with the same body made this one before; nothing new was stored. */
    record Replayed(CommandView command) implements Submission {}

    /** The key was used with another body. */
    record KeyReused() implements Submission {}

    /** The message to the agent would be longer than the wire allows. Nothing was stored. */
    record TooLarge(int encodedBytes, int allowedBytes) implements Submission {}
}
