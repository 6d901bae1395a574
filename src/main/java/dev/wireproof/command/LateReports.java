package dev.wireproof.command;

import static dev.wireproof.command.CommandState.ACKED;
import static dev.wireproof.command.CommandState.CANCELLED;
import static dev.wireproof.command.CommandState.EXPIRED;
import static dev.wireproof.command.CommandState.REJECTED;
import static dev.wireproof.command.CommandState.RUNNING;
import static dev.wireproof.command.CommandState.TIMED_OUT;
import static dev.wireproof.command.CommandState.UNDELIVERABLE;

import dev.wireproof.command.CommandEvent.Acked;
import dev.wireproof.command.CommandEvent.Finished;
import dev.wireproof.command.CommandEvent.LedgerSaid;
import dev.wireproof.command.CommandEvent.Nacked;
import dev.wireproof.protocol.AgentMessage.AckStatus;
import dev.wireproof.protocol.AgentMessage.LedgerStatus;
import dev.wireproof.protocol.AgentMessage.NackCode;
import java.time.Instant;
import java.util.List;
import java.util.Objects;

/** What an agent says of a command that had ended: evidence corrects a verdict. Part of {@link CommandLifecycle}; pure like it. */
final class LateReports {
    private final DeliveryPolicy policy;
    private final FactsDraft d;
    private final Reports reports;

    LateReports(DeliveryPolicy policy, FactsDraft draft) {
        this.policy = policy;
        this.d = draft;
        this.reports = new Reports(policy, draft);
    }

    Transition neverWritten(int attempt, Instant at) {
        d.maybeWritten = Offering.minus(d.maybeWritten, attempt);
        boolean silent = !settled() && (d.state == CANCELLED || d.state == EXPIRED || d.state == UNDELIVERABLE);
        if (silent && d.maybeWritten.isEmpty() && d.certainty == Certainty.UNKNOWN) {
            d.certainty = Certainty.NOT_RECEIVED;
        }
        return d.because("attempt %d: no write of it ever began".formatted(attempt), at);
    }

    Transition acked(Acked e) {
        if (settled()) {
            return d.because("its end is known", e.at());
        }
        if (d.state == CANCELLED) {
            d.cancelSentOn = null; // each late ack is answered
            return stopIt(e.at(), e.from(), "a late ack; it was cancelled", Certainty.RECEIVED);
        }
        if (d.state == TIMED_OUT) {
            return d.because("acknowledged before", e.at());
        }
        revive(ACKED, e.at());
        proveReceived();
        return e.status() == AckStatus.RUNNING
                ? started(e.at(), e.from(), "a late ack: it runs")
                : d.because("a late ack (attempt %d)".formatted(e.attempt()), e.at());
    }

    Transition started(Instant at, Line from, String cause) {
        if (settled()) {
            return d.because("its end is known", at);
        }
        if (d.state == CANCELLED) {
            return stopIt(at, from, cause + ", though it was cancelled", Certainty.EXECUTED);
        }
        d.certainty = Certainty.EXECUTED;
        if (d.state == TIMED_OUT) {
            return d.because(cause + ", after its time", at);
        }
        revive(RUNNING, at);
        d.startedAt = at;
        d.dueAt = Holding.resultOverdue(policy, d, at);
        return d.because(cause + ", late", at);
    }

    Transition nacked(Nacked e) {
        boolean proof = e.code() != NackCode.BUSY && e.code() != NackCode.UNPARSABLE;
        if (settled() || !proof || d.certainty == Certainty.EXECUTED || d.certainty == Certainty.NOT_RUN) {
            return d.because("a nack that changes nothing", e.at());
        }
        if (Offering.recordCovers(d, e.from().ledgerId(), e.from().ledgerWentBackAt())) {
            d.certainty = Certainty.NOT_RUN;
        } else {
            d.note("a nack by an agent with another record proves nothing of the earlier offers");
            return d.because("a nack by an agent with another record", e.at());
        }
        if (d.state == UNDELIVERABLE || d.state == TIMED_OUT) {
            d.late = true;
            d.state = e.code() == NackCode.EXPIRED ? EXPIRED : REJECTED;
        }
        return d.because("the agent answered late, %s: %s".formatted(Reports.nameOf(e.code()), e.message()), e.at());
    }

    Transition finished(Finished e) {
        if (d.was().resultCommitted()) {
            d.consequences.add(new Consequence.AcknowledgeResult());
            if (!Objects.equals(d.resultDigest, ResultDigest.of(e.result()))) {
                d.note("another result came, %s; the first one stands".formatted(Reports.said(e.result())));
            }
            return d.because("a copy of its result", e.at());
        }
        boolean foretold = settled();
        Instant ended = d.endedAt;
        reports.commit(e, lateCause(e));
        if (foretold) { // the record told this end before its result came: nothing is late about it
            d.endedAt = ended;
            return d.because("its result came: " + Reports.said(e.result()), e.at());
        }
        d.late = true;
        return d.because(lateCause(e), e.at());
    }

    private static String lateCause(Finished e) {
        return "a late result came: " + Reports.said(e.result());
    }

    Transition ledgerSaid(LedgerSaid e) {
        if (settled()) {
            return d.because("its end is known", e.at());
        }
        if (e.status() == LedgerStatus.NEVER_SEEN) {
            return neverSeen(e);
        }
        if (e.status() == LedgerStatus.CANCELLED) {
            d.late |= d.state != CANCELLED;
            d.certainty = d.certainty == Certainty.EXECUTED ? Certainty.EXECUTED : Certainty.RECEIVED;
            d.state = CANCELLED;
            return d.because("the agent's record says: cancelled", e.at());
        }
        if (e.status() == LedgerStatus.FINISHED) {
            d.late |= e.outcome() != null;
            return reports.settled(e);
        }
        boolean runs = e.status() == LedgerStatus.RUNNING;
        if (d.state == CANCELLED) {
            return stopIt(
                    e.at(),
                    e.from(),
                    "the agent's record has it, though it was cancelled",
                    runs ? Certainty.EXECUTED : Certainty.RECEIVED);
        }
        if (runs) {
            return started(e.at(), e.from(), "the agent's record says: running");
        }
        if (d.state == TIMED_OUT) {
            return d.because("the agent's record says: accepted", e.at());
        }
        revive(ACKED, e.at());
        proveReceived();
        return d.because("the agent's record says: accepted", e.at());
    }

    private Transition neverSeen(LedgerSaid e) {
        Instant at = e.at();
        if (d.certainty != Certainty.UNKNOWN) {
            return d.because("the agent's record has not seen it", at);
        }
        boolean askedBehindEveryOffer = e.offersWhenAsked() != null && e.offersWhenAsked() == d.offers;
        boolean proof = askedBehindEveryOffer
                && e.from().ledgerId() != null
                && Offering.recordCovers(d, e.from().ledgerId(), e.from().ledgerWentBackAt())
                && at.isBefore(d.was().provableUntil());
        if (!proof) {
            return d.because("the agent's record has not seen it, but cannot know", at);
        }
        if (d.state == REJECTED) {
            return d.because("the agent's record has not seen it, though it refused it", at);
        }
        d.certainty = Certainty.NOT_RECEIVED;
        d.maybeWritten = List.of();
        return d.because("the agent's record says: never seen", at);
    }

    /** A cancelled command that is alive at the agent after all: it stays cancelled, and the agent is told. */
    private Transition stopIt(Instant at, Line from, String cause, Certainty proven) {
        if (d.certainty != Certainty.EXECUTED) {
            d.certainty = proven;
        }
        if (!from.id().equals(d.cancelSentOn)) { // a flood of its output is not answered by a flood of ours
            d.cancelSends++;
            d.cancelSentOn = from.id();
            d.consequences.add(new Consequence.SendCancel(from, d.cancelReason));
        }
        return d.because(cause, at);
    }

    private void proveReceived() {
        d.certainty = d.certainty == Certainty.EXECUTED ? Certainty.EXECUTED : Certainty.RECEIVED;
    }

    private void revive(CommandState to, Instant at) {
        d.state = to;
        d.late = true;
        d.endedAt = null;
        d.ackedAt = d.ackedAt == null ? at : d.ackedAt;
        Instant lastChance = d.was().lastChance();
        Instant grace = at.plus(d.was().timeout()).plus(policy.resultGrace());
        d.dueAt = lastChance.isAfter(grace) ? lastChance : grace;
    }

    /** Whether an outcome is known, from a result or from the agent's record. */
    private boolean settled() {
        return d.was().outcome() != null;
    }
}
