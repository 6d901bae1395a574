package dev.wireproof.command;

import static dev.wireproof.command.CommandState.CANCELLED;
import static dev.wireproof.command.CommandState.EXPIRED;
import static dev.wireproof.command.CommandState.OFFERED;
import static dev.wireproof.command.CommandState.QUEUED;
import static dev.wireproof.command.CommandState.UNDELIVERABLE;

import dev.wireproof.command.CommandEvent.CancelRequested;
import dev.wireproof.command.CommandEvent.DuePassed;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The lifecycle of a command that nobody acknowledged: when it is offered, what counts as an attempt, and how it ends without the
 * agent's word. Part of {@link CommandLifecycle}; pure like it.
 */
final class Offering {
    private final DeliveryPolicy policy;
    private final FactsDraft d;

    Offering(DeliveryPolicy policy, FactsDraft draft) {
        this.policy = policy;
        this.d = draft;
    }

    Transition possible(Line line, OfferReason reason, Progress newest, double jitter, Instant at) {
        if (!at.isBefore(d.expiresAt)) {
            return expire(at);
        }
        if (newest == Progress.PEER_READ) {
            countNewest();
        }
        boolean sameLine = line.id().equals(d.attemptConnection);
        if (newest == Progress.NOT_WRITTEN) {
            return d.because("its frame is still in that connection's queue: no second copy is put there", at);
        }
        if (sameLine && d.nextOfferAt != null && at.isBefore(d.nextOfferAt)) {
            return d.because("offered on this connection, and its ack is not overdue", at);
        }
        if (d.attemptsUsed >= d.maxAttempts && d.nextOfferAt != null && at.isBefore(d.nextOfferAt)) {
            return d.because("its last attempt still has time", at);
        }
        return d.cancelRequestedAt != null ? sendCancel(line, jitter, at) : offer(line, reason, jitter, at);
    }

    private Transition offer(Line line, OfferReason reason, double jitter, Instant at) {
        if (d.attemptsUsed >= d.maxAttempts) {
            return undeliverable("none of %d attempts was acknowledged in its time".formatted(d.attemptsUsed), at);
        }
        if (d.offers >= d.maxOffers) {
            return undeliverable("it was offered %d times".formatted(d.offers), at);
        }
        if (d.was().effect() == CommandEffect.ONCE && otherRecordSinceThisRound(line)) {
            return undeliverable(
                    "the agent's record of commands is not the one of the earlier offer, so it cannot tell whether"
                            + " this ran; a person decides",
                    at);
        }
        d.ledgerMixed |= !recordCovers(d, line.ledgerId(), line.ledgerWentBackAt());
        d.ledgerId = line.ledgerId();
        d.firstOfferedAt = d.firstOfferedAt == null ? at : d.firstOfferedAt;
        d.offers++;
        d.maybeWritten = plus(d.maybeWritten, d.offers);
        d.attemptConnection = line.id();
        d.attemptCounted = false;
        d.state = OFFERED;
        // The row is stored before the frame leaves; from then on a crash could not prove that nothing left.
        d.certainty = d.certainty.received() ? d.certainty : Certainty.UNKNOWN;
        waitForAnswer(jitter, at);
        d.consequences.add(new Consequence.SendCommand(d.offers, line, reason));
        return d.because("offered (%s)".formatted(reason.wireName()), at);
    }

    /** Whether the agent could no longer tell that it had an offer of this round: a person's redeliver begins a new one. */
    private boolean otherRecordSinceThisRound(Line line) {
        boolean mayHaveIt = d.maybeWritten.stream().anyMatch(attempt -> attempt > d.roundBase);
        Instant wentBackAt = line.ledgerWentBackAt();
        boolean setBack = wentBackAt != null && !d.was().stateSince().isAfter(wentBackAt);
        return mayHaveIt && (setBack || !Objects.equals(d.ledgerId, line.ledgerId()));
    }

    /** It goes out once at least, however many attempts were used before. */
    private Transition sendCancel(Line line, double jitter, Instant at) {
        boolean used = d.attemptsUsed >= d.maxAttempts || d.offers + d.cancelSends >= d.maxOffers;
        if (used && d.cancelSends > 0) {
            d.end(CANCELLED, at);
            return d.because("the cancellation was not answered within the attempts left", at);
        }
        d.cancelSends++;
        d.cancelSentOn = line.id();
        d.attemptConnection = line.id();
        d.attemptCounted = false;
        waitForAnswer(jitter, at);
        d.consequences.add(new Consequence.SendCancel(line, d.cancelReason));
        return d.because("CommandCancel goes out in its place", at);
    }

    private void waitForAnswer(double jitter, Instant at) {
        Instant overdue = at.plus(policy.ackWait(d.offers - d.roundBase + d.cancelSends, jitter));
        d.nextOfferAt = overdue;
        d.dueAt = overdue.isBefore(d.expiresAt) ? overdue : d.expiresAt;
    }

    Transition duePassed(DuePassed e) {
        Instant at = e.at();
        if (d.dueAt == null || at.isBefore(d.dueAt)) {
            return d.because("nothing is due yet", at);
        }
        if (!at.isBefore(d.expiresAt)) {
            return expire(at);
        }
        if (e.newest() == Progress.PEER_READ) {
            countNewest();
        }
        Line line = e.line();
        boolean lastOneCounted = d.attemptsUsed >= d.maxAttempts && d.attemptCounted;
        if (lastOneCounted && d.cancelRequestedAt == null) { // wherever the agent is: its time has passed
            return undeliverable("none of %d attempts was acknowledged in its time".formatted(d.attemptsUsed), at);
        }
        if (line == null) { // waiting for an agent that is away costs no attempt
            rest();
            return d.because("the agent has no connection to offer it on", at);
        }
        if (e.newest() == Progress.NOT_WRITTEN) {
            waitForAnswer(e.jitter(), at);
            return d.because("its frame is still in that connection's queue: no second copy is put there", at);
        }
        if (line.id().equals(d.attemptConnection)) {
            countNewest(); // its ack wait passed on that connection
        }
        d.nextOfferAt = null;
        return possible(line, e.reason(), e.newest(), e.jitter(), at);
    }

    private void rest() {
        d.nextOfferAt = null;
        d.dueAt = d.expiresAt;
    }

    Transition refused(int attempt, String why, Instant at) {
        if (!d.maybeWritten.contains(attempt)) {
            return d.because("known", at);
        }
        unwritten(attempt);
        d.maxOffers++; // nothing was offered
        if (d.maybeWritten.isEmpty() && d.certainty == Certainty.NOT_RECEIVED) {
            d.state = QUEUED;
        }
        if (attempt == d.offers || d.state == QUEUED) {
            d.attemptConnection = null;
            rest();
        }
        d.note("attempt %d: %s".formatted(attempt, why));
        endIfUnwanted(at);
        return d.because("the connection's queue did not take it: " + why, at);
    }

    Transition neverWritten(int attempt, Instant at) {
        if (!d.maybeWritten.contains(attempt)) {
            return d.because("known", at);
        }
        unwritten(attempt);
        endIfUnwanted(at);
        return d.because("attempt %d: the connection ended before a write of it began".formatted(attempt), at);
    }

    private void unwritten(int attempt) {
        d.maybeWritten = minus(d.maybeWritten, attempt);
        if (d.maybeWritten.isEmpty() && d.certainty == Certainty.UNKNOWN) {
            d.certainty = Certainty.NOT_RECEIVED;
        }
    }

    /** A cancellation that waited for the agent's word needs none once nothing of the command is known to have left. */
    private void endIfUnwanted(Instant at) {
        if (d.cancelRequestedAt != null && d.maybeWritten.isEmpty() && d.certainty == Certainty.NOT_RECEIVED) {
            d.end(CANCELLED, at);
        }
    }

    Transition peerRead(int attempt, Instant at) {
        if (attempt == d.offers) {
            countNewest();
        }
        return d.because("attempt %d was read by the peer's WebSocket layer".formatted(attempt), at);
    }

    Transition cancel(CancelRequested e) {
        Instant at = e.at();
        if (d.cancelRequestedAt != null) {
            return d.because("cancelled before", at);
        }
        d.cancelRequestedAt = at;
        d.cancelReason = e.reason();
        if (d.maybeWritten.isEmpty() && d.certainty == Certainty.NOT_RECEIVED) {
            d.end(CANCELLED, at);
            return d.because(e.by() + " cancelled it before anything of it left", at);
        }
        d.note(e.by() + " asked to cancel it");
        if (e.newest() == Progress.PEER_READ) {
            countNewest();
        }
        Line line = e.line();
        if (line == null) {
            rest();
            return d.because("CommandCancel goes out when the agent is back", at);
        }
        return sendCancel(line, e.jitter(), at);
    }

    private Transition expire(Instant at) {
        boolean unwanted = d.cancelRequestedAt != null;
        d.end(unwanted ? CANCELLED : EXPIRED, at);
        return d.because(
                unwanted ? "its time to live passed, and nobody wants it" : "its time to live passed before an ack",
                at);
    }

    private Transition undeliverable(String why, Instant at) {
        d.end(UNDELIVERABLE, at);
        return d.because(why, at);
    }

    private void countNewest() {
        if (!d.attemptCounted && d.attemptConnection != null) {
            d.attemptCounted = true;
            d.attemptsUsed++;
        }
    }

    /** Whether that record has seen everything that may have reached the agent: the same one, and never set back since. */
    static boolean recordCovers(FactsDraft d, @Nullable Object ledgerId, @Nullable Instant wentBackAt) {
        Instant first = d.firstOfferedAt;
        return d.maybeWritten.isEmpty()
                || (!d.ledgerMixed
                        && Objects.equals(d.ledgerId, ledgerId)
                        && (wentBackAt == null || (first != null && first.isAfter(wentBackAt))));
    }

    private static List<Integer> plus(List<Integer> attempts, int one) {
        return Stream.concat(attempts.stream(), Stream.of(one)).toList();
    }

    static List<Integer> minus(List<Integer> attempts, int one) {
        return attempts.stream().filter(attempt -> attempt != one).toList();
    }
}
