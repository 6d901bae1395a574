package dev.wireproof.command;

import static dev.wireproof.command.CommandState.ACKED;
import static dev.wireproof.command.CommandState.CANCELLED;
import static dev.wireproof.command.CommandState.EXPIRED;
import static dev.wireproof.command.CommandState.FAILED;
import static dev.wireproof.command.CommandState.REJECTED;
import static dev.wireproof.command.CommandState.RUNNING;
import static dev.wireproof.command.CommandState.SUCCEEDED;
import static dev.wireproof.command.CommandState.TIMED_OUT;

import dev.wireproof.command.CommandEvent.Acked;
import dev.wireproof.command.CommandEvent.Finished;
import dev.wireproof.command.CommandEvent.LedgerSaid;
import dev.wireproof.command.CommandEvent.Nacked;
import dev.wireproof.protocol.AgentMessage.AckStatus;
import dev.wireproof.protocol.AgentMessage.CommandResult;
import dev.wireproof.protocol.AgentMessage.NackCode;
import dev.wireproof.protocol.AgentMessage.Outcome;
import java.time.Instant;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What an agent says of a command that is open. Part of {@link CommandLifecycle}; pure like it. */
final class Reports {
    private final DeliveryPolicy policy;
    private final FactsDraft d;

    Reports(DeliveryPolicy policy, FactsDraft draft) {
        this.policy = policy;
        this.d = draft;
    }

    Transition acked(Acked e) {
        if (d.certainty == Certainty.NOT_RECEIVED) {
            d.note("an ack came of an offer that was proven unwritten");
        }
        noteAltered(e);
        takenUp(e.at());
        if (e.attempt() == d.offers) {
            countNewest();
        }
        if (e.status() == AckStatus.RUNNING) {
            return started(e.at(), e.from(), "acknowledged (attempt %d): it runs".formatted(e.attempt()));
        }
        d.state = ACKED;
        d.certainty = Certainty.RECEIVED;
        d.dueAt = d.was().lastChance();
        cancelOn(e.from());
        return d.because("acknowledged (attempt %d)".formatted(e.attempt()), e.at());
    }

    private void noteAltered(Acked e) {
        if (e.altered()) {
            d.note("altered in transit: the agent's hash or length of attempt %d is not ours".formatted(e.attempt()));
        }
    }

    Transition ackedAgain(Acked e) {
        noteAltered(e);
        cancelOn(e.from());
        if (e.status() == AckStatus.RUNNING && d.state == ACKED) {
            return started(e.at(), e.from(), "acknowledged again: it runs");
        }
        return d.because("acknowledged before", e.at());
    }

    Transition nacked(Nacked e) {
        switch (e.code()) {
            case BUSY -> {
                if (ofNewest(e)) {
                    uncountNewest();
                }
                d.note("the agent is busy; this costs no attempt");
                return d.because("the agent is busy", e.at());
            }
            case UNPARSABLE -> {
                return unparsable(e);
            }
            case EXPIRED, UNSUPPORTED, BAD_SIGNATURE, REFUSED -> {
                countIfNewest(e);
                return refused(e);
            }
        }
        throw new IllegalStateException("no such code");
    }

    /** Twice means two different offers: the same answer, told or applied again, is one. */
    private Transition unparsable(Nacked e) {
        countIfNewest(e);
        int attempt = e.attempt() == null ? d.offers : e.attempt();
        boolean known = attempt == d.unparsableAttempt || attempt <= d.roundBase || attempt > d.offers;
        if (known) {
            return d.because("the agent could not read it; that is known", e.at());
        }
        if (d.unparsableAttempt != 0) {
            return refused(e);
        }
        d.unparsableAttempt = attempt;
        d.note("the agent could not read it: " + e.message());
        return d.because("the agent could not read it; it is offered once more", e.at());
    }

    private boolean ofNewest(Nacked e) {
        return e.attempt() == null || e.attempt() == d.offers;
    }

    private void countIfNewest(Nacked e) {
        if (ofNewest(e)) {
            countNewest();
        }
    }

    Transition nackedAfterAck(Nacked e) {
        boolean final_ = e.code() != NackCode.BUSY && e.code() != NackCode.UNPARSABLE;
        if (d.state == RUNNING || d.certainty == Certainty.EXECUTED || !final_) {
            d.note("after its ack the agent answered %s: %s".formatted(nameOf(e.code()), e.message()));
            return d.because("a nack that contradicts what came before", e.at());
        }
        return refused(e);
    }

    private Transition refused(Nacked e) {
        d.certainty = notRun(e.from());
        d.end(e.code() == NackCode.EXPIRED ? EXPIRED : REJECTED, e.at());
        return d.because("the agent answered %s: %s".formatted(nameOf(e.code()), e.message()), e.at());
    }

    Transition started(Instant at, Line from, String cause) {
        takenUp(at);
        countNewest();
        cancelOn(from);
        if (d.state != RUNNING) {
            d.state = RUNNING;
            d.startedAt = at;
            d.dueAt = Holding.resultOverdue(policy, d, at);
        }
        d.certainty = Certainty.EXECUTED;
        return d.because(cause, at);
    }

    Transition finished(Finished e) {
        countNewest();
        return commit(e, "a result came: " + said(e.result()));
    }

    /** The first result that is committed stands. */
    Transition commit(Finished e, String cause) {
        CommandResult result = e.result();
        d.outcome = result.outcome();
        d.exitCode = result.exitCode();
        d.resultDigest = ResultDigest.of(result);
        d.certainty = certaintyOf(result.outcome(), result.startedAt() != null, e.from());
        d.end(stateOf(result.outcome(), result.exitCode(), result.signal()), e.at());
        d.consequences.add(new Consequence.AcknowledgeResult());
        return d.because(cause, e.at());
    }

    Transition ledgerSaid(LedgerSaid e) {
        return switch (e.status()) {
            case NEVER_SEEN -> neverSeen(e);
            case ACCEPTED -> {
                takenUp(e.at());
                cancelOn(e.from());
                if (d.state != RUNNING && d.state != ACKED) {
                    d.state = ACKED;
                    d.certainty = d.certainty == Certainty.EXECUTED ? Certainty.EXECUTED : Certainty.RECEIVED;
                    d.dueAt = d.was().lastChance();
                }
                yield d.because("the agent's record says: accepted", e.at());
            }
            case RUNNING -> started(e.at(), e.from(), "the agent's record says: running");
            case FINISHED -> settled(e);
            case CANCELLED -> {
                d.certainty = d.certainty == Certainty.EXECUTED ? Certainty.EXECUTED : Certainty.RECEIVED;
                d.end(CANCELLED, e.at());
                yield d.because("the agent's record says: cancelled", e.at());
            }
        };
    }

    /** The record tells the end, though its result did not come (yet): enough to settle state and certainty. */
    Transition settled(LedgerSaid e) {
        Outcome outcome = e.outcome();
        if (outcome == null) {
            d.note("the agent's record says: finished, without an outcome");
            return d.because("the agent's record says: finished, without an outcome", e.at());
        }
        d.outcome = outcome;
        d.exitCode = e.exitCode();
        d.certainty = certaintyOf(outcome, false, e.from());
        d.end(stateOf(outcome, e.exitCode(), null), e.at());
        return d.because("the agent's record says: finished (%s)".formatted(nameOf(outcome)), e.at());
    }

    private Transition neverSeen(LedgerSaid e) {
        if (d.certainty == Certainty.RECEIVED || d.certainty == Certainty.EXECUTED) {
            d.note("the agent's record says that it never saw this, though it acknowledged it");
        }
        // Its offer may be on the way on this very connection: only an ended command is settled by "never seen".
        return d.because("the agent's record has not seen it; it is still being offered", e.at());
    }

    /** Everything that was due about offers is done with. */
    private void takenUp(Instant at) {
        d.nextOfferAt = null;
        d.ackedAt = d.ackedAt == null ? at : d.ackedAt;
    }

    private void cancelOn(Line line) {
        if (d.cancelRequestedAt != null && !line.id().equals(d.cancelSentOn)) {
            d.cancelSends++;
            d.cancelSentOn = line.id();
            d.consequences.add(new Consequence.SendCancel(line, d.cancelReason));
        }
    }

    /** An answer proves every rung below it. */
    private void countNewest() {
        if (d.was().waiting() && d.attemptConnection != null && !d.attemptCounted) {
            d.attemptCounted = true;
            d.attemptsUsed++;
        }
    }

    private void uncountNewest() {
        if (d.attemptCounted && d.attemptConnection != null) {
            d.attemptsUsed--;
        }
        d.attemptCounted = false;
        d.attemptConnection = null;
    }

    private Certainty certaintyOf(Outcome outcome, boolean started, Line from) {
        return switch (outcome) {
            case EXITED, TIMED_OUT, INTERRUPTED -> Certainty.EXECUTED;
            case FAILED_TO_START -> d.certainty == Certainty.EXECUTED ? Certainty.EXECUTED : notRun(from);
            case CANCELLED -> started || d.certainty == Certainty.EXECUTED ? Certainty.EXECUTED : notRun(from);
        };
    }

    /** "Not executed" is only proven by an agent whose record knows all that may have reached it. What was proven before stays. */
    private Certainty notRun(Line from) {
        if (Offering.recordCovers(d, from.ledgerId(), from.ledgerWentBackAt())) {
            return Certainty.NOT_RUN;
        }
        return d.certainty.received() ? d.certainty : Certainty.UNKNOWN;
    }

    static CommandState stateOf(Outcome outcome, @Nullable Integer exitCode, @Nullable String signal) {
        return switch (outcome) {
            case EXITED -> exitCode != null && exitCode == 0 && signal == null ? SUCCEEDED : FAILED;
            case FAILED_TO_START, INTERRUPTED -> FAILED;
            case TIMED_OUT -> TIMED_OUT;
            case CANCELLED -> CANCELLED;
        };
    }

    static String said(CommandResult result) {
        String signal = result.signal();
        Integer exitCode = result.exitCode();
        if (result.outcome() != Outcome.EXITED) {
            return nameOf(result.outcome());
        }
        return signal != null ? "signal " + signal : exitCode != null ? "exit code " + exitCode : "exited";
    }

    static String nameOf(Enum<?> one) {
        return one.name().toLowerCase(Locale.ROOT);
    }
}
