package dev.wireproof.command;

import dev.wireproof.id.ConnectionId;
import dev.wireproof.protocol.AgentMessage.Outcome;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The next value of a {@link CommandFacts} while the lifecycle works it out. Lives inside one call, seen by one thread. Collects what is
 * to be done once the new value is stored.
 */
final class FactsDraft {
    private final CommandFacts was;
    final List<Consequence> consequences = new ArrayList<>();

    CommandState state;
    Certainty certainty;
    Instant expiresAt;

    @Nullable
    Instant dueAt;

    @Nullable
    Instant nextOfferAt;

    int attemptsUsed;
    int maxAttempts;
    int offers;
    int maxOffers;
    int roundBase;

    @Nullable
    ConnectionId attemptConnection;

    boolean attemptCounted;

    @Nullable
    Instant firstOfferedAt;

    List<Integer> maybeWritten;

    @Nullable
    UUID ledgerId;

    boolean ledgerMixed;
    int unparsableAttempt;
    int notes;

    @Nullable
    Instant cancelRequestedAt;

    @Nullable
    String cancelReason;

    int cancelSends;

    @Nullable
    ConnectionId cancelSentOn;

    @Nullable
    Instant ackedAt;

    @Nullable
    Instant startedAt;

    @Nullable
    Instant endedAt;

    boolean late;

    @Nullable
    Outcome outcome;

    @Nullable
    Integer exitCode;

    @Nullable
    String resultDigest;

    FactsDraft(CommandFacts was) {
        this.was = was;
        state = was.state();
        certainty = was.certainty();
        expiresAt = was.expiresAt();
        dueAt = was.dueAt();
        nextOfferAt = was.nextOfferAt();
        attemptsUsed = was.attemptsUsed();
        maxAttempts = was.maxAttempts();
        offers = was.offers();
        maxOffers = was.maxOffers();
        roundBase = was.roundBase();
        attemptConnection = was.attemptConnection();
        attemptCounted = was.attemptCounted();
        firstOfferedAt = was.firstOfferedAt();
        maybeWritten = was.maybeWritten();
        ledgerId = was.ledgerId();
        ledgerMixed = was.ledgerMixed();
        unparsableAttempt = was.unparsableAttempt();
        notes = was.notes();
        cancelRequestedAt = was.cancelRequestedAt();
        cancelReason = was.cancelReason();
        cancelSends = was.cancelSends();
        cancelSentOn = was.cancelSentOn();
        ackedAt = was.ackedAt();
        startedAt = was.startedAt();
        endedAt = was.endedAt();
        late = was.late();
        outcome = was.outcome();
        exitCode = was.exitCode();
        resultDigest = was.resultDigest();
    }

    CommandFacts was() {
        return was;
    }

    /** A row of evidence in the history, unless there are too many already: an agent that errs in a loop must not fill the disk. */
    void note(String text) {
        if (notes < DeliveryPolicy.MAX_NOTES) {
            notes++;
            consequences.add(new Consequence.Note(text));
        }
    }

    /** Puts it to an end: nothing is due any more. */
    void end(CommandState to, Instant at) {
        state = to;
        endedAt = at;
        dueAt = null;
        nextOfferAt = null;
        attemptConnection = null;
    }

    /** @return {@link Transition.Moved} when state or certainty changed, else {@link Transition.Stayed} */
    Transition because(String cause, Instant at) {
        boolean moved = state != was.state() || certainty != was.certainty();
        CommandFacts now = build(was.historyN(), state == was.state() ? was.stateSince() : at);
        return moved ? new Transition.Moved(now, cause, consequences) : new Transition.Stayed(now, cause, consequences);
    }

    CommandFacts build(int historyN) {
        return build(historyN, was.stateSince());
    }

    private CommandFacts build(int historyN, Instant stateSince) {
        return new CommandFacts(
                was.id(),
                was.agentId(),
                was.effect(),
                was.timeToLive(),
                was.timeout(),
                was.revision(),
                historyN,
                state,
                stateSince,
                certainty,
                expiresAt,
                was.provableUntil(),
                dueAt,
                nextOfferAt,
                attemptsUsed,
                maxAttempts,
                offers,
                maxOffers,
                roundBase,
                attemptConnection,
                attemptCounted,
                firstOfferedAt,
                maybeWritten,
                ledgerId,
                ledgerMixed,
                unparsableAttempt,
                notes,
                cancelRequestedAt,
                cancelReason,
                cancelSends,
                cancelSentOn,
                ackedAt,
                startedAt,
                endedAt,
                late,
                outcome,
                exitCode,
                resultDigest);
    }
}
