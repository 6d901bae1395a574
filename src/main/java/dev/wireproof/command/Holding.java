package dev.wireproof.command;

import dev.wireproof.command.CommandEvent.CancelRequested;
import dev.wireproof.command.CommandEvent.DuePassed;
import java.time.Instant;
import java.util.List;

/** The lifecycle of a command that the agent has: its deadlines and its cancellation. Part of {@link CommandLifecycle}; pure like it. */
final class Holding {
    private final DeliveryPolicy policy;
    private final FactsDraft d;

    Holding(DeliveryPolicy policy, FactsDraft draft) {
        this.policy = policy;
        this.d = draft;
    }

    Transition duePassed(DuePassed e) {
        Instant at = e.at();
        if (d.dueAt == null || at.isBefore(d.dueAt)) {
            return d.because("nothing is due yet", at);
        }
        Instant lastChance = d.was().lastChance();
        if (!at.isBefore(lastChance)) {
            d.end(CommandState.TIMED_OUT, at);
            return d.because("no result came until 7 days after the last moment it could have run", at);
        }
        if (e.line() == null) { // silence of an agent that is away says nothing
            d.dueAt = lastChance;
            return d.because("a result is overdue, but the agent is away", at);
        }
        d.end(CommandState.TIMED_OUT, at);
        return d.because("no result came in its timeout and the grace after it, with the agent connected", at);
    }

    Transition lineOpened(Line line, Instant at) {
        if (d.state == CommandState.RUNNING) {
            Instant overdue = resultOverdue(policy, d, at);
            Instant chance = at.plus(policy.resultGrace()); // it just came back: let it tell
            d.dueAt = atMost(d.was().lastChance(), overdue.isAfter(chance) ? overdue : chance, at);
        }
        if (d.cancelRequestedAt != null && !line.id().equals(d.cancelSentOn)) {
            sendCancel(line);
        }
        return d.because("the agent has a new connection", at);
    }

    Transition cancel(CancelRequested e) {
        if (d.cancelRequestedAt != null) {
            return d.because("cancelled before", e.at());
        }
        d.cancelRequestedAt = e.at();
        d.cancelReason = e.reason();
        d.note(e.by() + " asked to cancel it");
        if (e.line() != null) {
            sendCancel(e.line());
        }
        return d.because("the agent is asked to end it", e.at());
    }

    private void sendCancel(Line line) {
        d.cancelSends++;
        d.cancelSentOn = line.id();
        d.consequences.add(new Consequence.SendCancel(line, d.cancelReason));
    }

    /** The agent has it, and yet nothing of it is known to have left: one of the two observations is wrong. */
    Transition neverWritten(int attempt, Instant at) {
        boolean last = d.maybeWritten.equals(List.of(attempt));
        d.maybeWritten = Offering.minus(d.maybeWritten, attempt);
        if (last) {
            d.note("contradiction: the agent has it, but no write of any offer began (newest: attempt %d)"
                    .formatted(attempt));
        }
        return d.because("attempt %d: no write of it ever began".formatted(attempt), at);
    }

    static Instant resultOverdue(DeliveryPolicy policy, FactsDraft d, Instant at) {
        Instant started = d.startedAt == null ? d.was().lastChance() : d.startedAt;
        return atMost(d.was().lastChance(), started.plus(d.was().timeout()).plus(policy.resultGrace()), at);
    }

    /** A command that was revived after its last chance is given its time all the same. */
    private static Instant atMost(Instant lastChance, Instant wanted, Instant at) {
        return lastChance.isAfter(at) ? earlier(wanted, lastChance) : wanted;
    }

    static Instant earlier(Instant one, Instant other) {
        return one.isBefore(other) ? one : other;
    }
}
