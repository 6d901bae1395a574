package dev.wireproof.command;

import org.jspecify.annotations.Nullable;

/** What is to be done once a transition is stored, and not before. */
sealed interface Consequence {

    /** Put the Command text on that line. The attempt's row is stored together with the transition. */
    record SendCommand(int attempt, Line on, OfferReason reason) implements Consequence {}

    record SendCancel(Line on, @Nullable String reason) implements Consequence {}

    /** Tell the agent, on the connection that the result came on, that its result is stored. */
    record AcknowledgeResult() implements Consequence {}

    /** The dispatcher is to offer it as soon as it may. */
    record OfferSoon(OfferReason reason) implements Consequence {}

    /** A row of evidence in the history, without a change of state. */
    record Note(String text) implements Consequence {}
}
