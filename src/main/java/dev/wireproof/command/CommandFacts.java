package dev.wireproof.command;

import dev.wireproof.id.AgentId;
import dev.wireproof.id.CommandId;
import dev.wireproof.id.ConnectionId;
import dev.wireproof.protocol.AgentMessage.Outcome;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * All that the lifecycle knows of one command: a value, changed only through a {@link FactsDraft}.
 *
 * @param revision rises with each stored change; guards the write
 * @param historyN the number of the newest row of its history
 * @param provableUntil until when the agent's record keeps it: the first {@code expires_at} plus 7 days
 * @param dueAt the nearest deadline; null when it ended
 * @param nextOfferAt when the ack wait of the newest offer (or CommandCancel) is over; null when nothing waits for an ack on a live
 *     connection
 * @param offers the number of the newest attempt; 0: none yet
 * @param roundBase {@code offers} when this round of attempts began
 * @param attemptConnection where the newest attempt went; null when it is known to count for nothing (refused, busy)
 * @param attemptCounted whether the newest attempt is in {@code attemptsUsed} already
 * @param maybeWritten attempts that are not proven unwritten
 * @param ledgerId the agent's record at the newest of these; null when the agent told none
 * @param ledgerMixed these went to agents with different records
 * @param unparsableAttempt the attempt that the agent could not read; 0: none. A second one ends it
 * @param notes how many rows of evidence its history has; bounded
 * @param resultDigest of the committed result; null until one is committed. {@code outcome} without it came from the agent's record
 */
record CommandFacts(
        CommandId id,
        AgentId agentId,
        CommandEffect effect,
        Duration timeToLive,
        Duration timeout,
        long revision,
        int historyN,
        CommandState state,
        Instant stateSince,
        Certainty certainty,
        Instant expiresAt,
        Instant provableUntil,
        @Nullable Instant dueAt,
        @Nullable Instant nextOfferAt,
        int attemptsUsed,
        int maxAttempts,
        int offers,
        int maxOffers,
        int roundBase,
        @Nullable ConnectionId attemptConnection,
        boolean attemptCounted,
        @Nullable Instant firstOfferedAt,
        List<Integer> maybeWritten,
        @Nullable UUID ledgerId,
        boolean ledgerMixed,
        int unparsableAttempt,
        int notes,
        @Nullable Instant cancelRequestedAt,
        @Nullable String cancelReason,
        int cancelSends,
        @Nullable ConnectionId cancelSentOn,
        @Nullable Instant ackedAt,
        @Nullable Instant startedAt,
        @Nullable Instant endedAt,
        boolean late,
        @Nullable Outcome outcome,
        @Nullable Integer exitCode,
        @Nullable String resultDigest) {

    CommandFacts {
        maybeWritten = List.copyOf(maybeWritten);
    }

    static CommandFacts created(
            CommandId id,
            AgentId agentId,
            CommandEffect effect,
            Duration timeToLive,
            Duration timeout,
            Instant at,
            DeliveryPolicy policy) {
        Instant expiresAt = at.plus(timeToLive);
        return new CommandFacts(
                id,
                agentId,
                effect,
                timeToLive,
                timeout,
                0,
                0,
                CommandState.QUEUED,
                at,
                Certainty.NOT_RECEIVED,
                expiresAt,
                expiresAt.plus(DeliveryPolicy.RECORD_KEPT),
                expiresAt,
                null,
                0,
                policy.maxAttempts(),
                0,
                DeliveryPolicy.MAX_OFFERS,
                0,
                null,
                false,
                null,
                List.of(),
                null,
                false,
                0,
                0,
                null,
                null,
                0,
                null,
                null,
                null,
                null,
                false,
                null,
                null,
                null);
    }

    boolean waiting() {
        return state == CommandState.QUEUED || state == CommandState.OFFERED;
    }

    boolean resultCommitted() {
        return resultDigest != null;
    }

    /** The last moment at which a result is waited for, connected or not. */
    Instant lastChance() {
        return expiresAt.plus(timeout).plus(DeliveryPolicy.RECORD_KEPT);
    }

    CommandFacts withHistory(int newest) {
        return newest == historyN ? this : draft().build(newest);
    }

    FactsDraft draft() {
        return new FactsDraft(this);
    }
}
