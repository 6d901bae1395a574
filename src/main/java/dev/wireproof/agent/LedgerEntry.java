package dev.wireproof.agent;

import dev.wireproof.protocol.AgentMessage.CommandResult;
import dev.wireproof.protocol.AgentMessage.Outcome;
import org.jspecify.annotations.Nullable;

/**
 * What the record holds of one command, without its text and result: those stay on disk.
 *
 * @param forgetAt epoch second after which it may go: {@code expires_at} + 7 days
 * @param offset of the line with the Command (while accepted) or with the result (once finished); -1: none
 * @param settled the server has the result, or does not want it
 * @param ran whether a process of it was ever started, as far as the result knows
 * @param outcome null unless finished
 */
record LedgerEntry(
        State state,
        long forgetAt,
        long offset,
        boolean settled,
        boolean ran,
        @Nullable Outcome outcome,
        @Nullable Integer exitCode) {

    enum State {
        /** Promised to the server, not started. */
        ACCEPTED,
        /** The start was recorded; it may have run from here on. */
        STARTING,
        /** There is a result. */
        FINISHED,
        /** Its time passed while it waited; it never ran. */
        EXPIRED
    }

    static LedgerEntry accepted(long forgetAt, long offset) {
        return new LedgerEntry(State.ACCEPTED, forgetAt, offset, false, false, null, null);
    }

    static LedgerEntry finished(CommandResult result, long forgetAt, long offset, boolean settled) {
        return new LedgerEntry(
                State.FINISHED,
                forgetAt,
                offset,
                settled,
                result.startedAt() != null,
                result.outcome(),
                result.exitCode());
    }

    static LedgerEntry expired(long forgetAt) {
        return new LedgerEntry(State.EXPIRED, forgetAt, -1, true, false, null, null);
    }

    LedgerEntry toStarting() {
        return new LedgerEntry(State.STARTING, forgetAt, offset, false, true, null, null);
    }

    LedgerEntry toSettled() {
        return new LedgerEntry(state, forgetAt, offset, true, ran, outcome, exitCode);
    }

    /** The same, in a file where its line is elsewhere. */
    LedgerEntry at(long newOffset) {
        return new LedgerEntry(state, forgetAt, newOffset, settled, ran, outcome, exitCode);
    }

    /** Whether it may still run or runs: then it is never forgotten. */
    boolean isOpen() {
        return state == State.ACCEPTED || state == State.STARTING;
    }
}
