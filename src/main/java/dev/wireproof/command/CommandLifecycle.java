package dev.wireproof.command;

import static dev.wireproof.command.CommandState.EXPIRED;
import static dev.wireproof.command.CommandState.OFFERED;
import static dev.wireproof.command.CommandState.QUEUED;
import static dev.wireproof.command.CommandState.UNDELIVERABLE;

import dev.wireproof.command.CommandEvent.Acked;
import dev.wireproof.command.CommandEvent.AgentGone;
import dev.wireproof.command.CommandEvent.AnsweredUnwritten;
import dev.wireproof.command.CommandEvent.CancelRequested;
import dev.wireproof.command.CommandEvent.DuePassed;
import dev.wireproof.command.CommandEvent.Finished;
import dev.wireproof.command.CommandEvent.LedgerSaid;
import dev.wireproof.command.CommandEvent.LineOpened;
import dev.wireproof.command.CommandEvent.Nacked;
import dev.wireproof.command.CommandEvent.NeverWritten;
import dev.wireproof.command.CommandEvent.OfferPossible;
import dev.wireproof.command.CommandEvent.OfferRefused;
import dev.wireproof.command.CommandEvent.OutputSeen;
import dev.wireproof.command.CommandEvent.PeerRead;
import dev.wireproof.command.CommandEvent.RedeliverRequested;
import dev.wireproof.command.CommandEvent.Started;
import java.time.Instant;
import java.util.List;

/**
 * The one place where a command's state changes: a pure function of what is known and what happened. It does no IO and reads no clock, so
 * that every edge is a test of one line. The edges are drawn in {@code docs/command-lifecycle.md}; the promises are in
 * {@code docs/delivery.md}.
 *
 * <p>Every event may come twice (a commit whose answer was lost is tried again): the second time it changes nothing.
 */
final class CommandLifecycle {
    private final DeliveryPolicy policy;

    CommandLifecycle(DeliveryPolicy policy) {
        this.policy = policy;
    }

    Transition next(CommandFacts facts, CommandEvent event) {
        return switch (facts.state()) {
            case QUEUED, OFFERED -> whileWaiting(facts, event);
            case ACKED, RUNNING -> whileHeld(facts, event);
            case SUCCEEDED, FAILED, TIMED_OUT, CANCELLED, EXPIRED, UNDELIVERABLE, REJECTED -> onceEnded(facts, event);
        };
    }

    /** Not acknowledged: it may be offered, and may end without the agent. */
    private Transition whileWaiting(CommandFacts facts, CommandEvent event) {
        Offering offering = new Offering(policy, facts.draft());
        Reports reports = new Reports(policy, facts.draft());
        return switch (event) { // no default: a new event does not compile until every state has an answer
            case OfferPossible e -> offering.possible(e.line(), e.reason(), e.newest(), e.jitter(), e.at());
            case OfferRefused e -> offering.refused(e.attempt(), e.why(), e.at());
            case NeverWritten e -> offering.neverWritten(e.attempt(), e.at());
            case PeerRead e -> offering.peerRead(e.attempt(), e.at());
            case DuePassed e -> offering.duePassed(e);
            case CancelRequested e -> offering.cancel(e);
            case AgentGone e -> agentGone(facts, e.at());
            case Acked e -> reports.acked(e);
            case Nacked e -> reports.nacked(e);
            case AnsweredUnwritten e -> contradicted(facts, e);
            case Started e -> reports.started(e.at(), e.from(), "the agent started it");
            case OutputSeen e -> reports.started(e.at(), e.from(), "output came: it runs");
            case Finished e -> reports.finished(e);
            case LedgerSaid e -> reports.ledgerSaid(e);
            case LineOpened _ -> stayed(facts, "not in the agent's hands: the dispatcher offers it");
            case RedeliverRequested _ -> new Transition.Refused("it is still on its way");
        };
    }

    /** The agent has it: it is not offered again, and only the agent, or a very long silence, ends it. */
    private Transition whileHeld(CommandFacts facts, CommandEvent event) {
        Reports reports = new Reports(policy, facts.draft());
        Holding holding = new Holding(policy, facts.draft());
        return switch (event) {
            case OfferPossible _, PeerRead _ -> stayed(facts, "already acknowledged");
            case OfferRefused e -> holding.neverWritten(e.attempt(), e.at());
            case NeverWritten e -> holding.neverWritten(e.attempt(), e.at());
            case AnsweredUnwritten e -> contradicted(facts, e);
            case DuePassed e -> holding.duePassed(e);
            case LineOpened e -> holding.lineOpened(e.line(), e.at());
            case CancelRequested e -> holding.cancel(e);
            case AgentGone e -> agentGone(facts, e.at());
            case Acked e -> reports.ackedAgain(e);
            case Nacked e -> reports.nackedAfterAck(e);
            case Started e -> reports.started(e.at(), e.from(), "the agent started it");
            case OutputSeen e -> reports.started(e.at(), e.from(), "output came: it runs");
            case Finished e -> reports.finished(e);
            case LedgerSaid e -> reports.ledgerSaid(e);
            case RedeliverRequested _ -> new Transition.Refused("the agent has it");
        };
    }

    /** Ended: only a person's redeliver, or evidence that came late, moves it; and nothing at all once a result is committed. */
    private Transition onceEnded(CommandFacts facts, CommandEvent event) {
        LateReports late = new LateReports(policy, facts.draft());
        return switch (event) {
            case OfferPossible _, DuePassed _, LineOpened _, AgentGone _, PeerRead _ -> stayed(facts, "it has ended");
            case OfferRefused e -> late.neverWritten(e.attempt(), e.at());
            case NeverWritten e -> late.neverWritten(e.attempt(), e.at());
            case AnsweredUnwritten e -> contradicted(facts, e);
            case CancelRequested _ -> new Transition.Refused("it has ended");
            case RedeliverRequested e -> redeliver(facts, e);
            case Acked e -> late.acked(e);
            case Nacked e -> late.nacked(e);
            case Started e -> late.started(e.at(), e.from(), "the agent started it");
            case OutputSeen e -> late.started(e.at(), e.from(), "output came: it runs");
            case Finished e -> late.finished(e);
            case LedgerSaid e -> late.ledgerSaid(e);
        };
    }

    private Transition redeliver(CommandFacts facts, RedeliverRequested event) {
        if (facts.state() != UNDELIVERABLE && facts.state() != EXPIRED) {
            return new Transition.Refused("only an undeliverable or expired command can be delivered again");
        }
        if (facts.state() == UNDELIVERABLE && facts.certainty().received()) {
            return new Transition.Refused("its agent had it, and was deleted");
        }
        FactsDraft d = facts.draft();
        // Something of it may have left before: then it is not "never offered", and a cancel must ask the agent.
        d.state = d.maybeWritten.isEmpty() && d.certainty == Certainty.NOT_RECEIVED ? QUEUED : OFFERED;
        d.expiresAt = event.at().plus(facts.timeToLive());
        d.dueAt = d.expiresAt;
        d.nextOfferAt = null;
        d.attemptConnection = null;
        d.maxAttempts = d.attemptsUsed + policy.maxAttempts();
        d.maxOffers = d.offers + DeliveryPolicy.MAX_OFFERS;
        d.roundBase = d.offers;
        d.unparsableAttempt = 0;
        d.cancelRequestedAt = null;
        d.cancelReason = null;
        d.cancelSends = 0;
        d.cancelSentOn = null;
        d.endedAt = null;
        d.late = false;
        d.consequences.add(new Consequence.OfferSoon(OfferReason.REDELIVER));
        return d.because(event.by() + " asked to deliver it again", event.at());
    }

    private static Transition agentGone(CommandFacts facts, Instant at) {
        FactsDraft d = facts.draft();
        boolean neverWritten = facts.waiting() && d.maybeWritten.isEmpty() && d.certainty == Certainty.NOT_RECEIVED;
        d.end(neverWritten ? CommandState.CANCELLED : UNDELIVERABLE, at);
        return d.because("the agent was deleted", at);
    }

    private static Transition contradicted(CommandFacts facts, AnsweredUnwritten event) {
        FactsDraft d = facts.draft();
        d.note("contradiction: attempt %d was answered, but %s".formatted(event.attempt(), event.how()));
        return d.because("an answer contradicts what was seen of the write", event.at());
    }

    private static Transition stayed(CommandFacts facts, String why) {
        return new Transition.Stayed(facts, why, List.of());
    }
}
