package dev.wireproof.command;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wireproof.command.CommandEvent.Acked;
import dev.wireproof.command.CommandEvent.DuePassed;
import dev.wireproof.command.CommandEvent.Finished;
import dev.wireproof.command.CommandEvent.LedgerSaid;
import dev.wireproof.command.CommandEvent.Nacked;
import dev.wireproof.command.CommandEvent.NeverWritten;
import dev.wireproof.command.CommandEvent.OfferPossible;
import dev.wireproof.command.CommandEvent.OfferRefused;
import dev.wireproof.command.CommandEvent.OutputSeen;
import dev.wireproof.command.CommandEvent.RedeliverRequested;
import dev.wireproof.command.CommandEvent.Started;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Supplier;

/** What must be true of every step of every command. */
final class LifecycleRules {
    private static final Set<Class<?>> WORDS_OF_AGENTS =
            Set.of(Acked.class, Nacked.class, Started.class, OutputSeen.class, Finished.class, LedgerSaid.class);

    private LifecycleRules() {}

    static CommandFacts facts(Transition transition, CommandFacts before) {
        return switch (transition) {
            case Transition.Moved moved -> moved.facts();
            case Transition.Stayed stayed -> stayed.facts();
            case Transition.Refused _ -> before;
        };
    }

    static List<Consequence> consequences(Transition transition) {
        return switch (transition) {
            case Transition.Moved moved -> moved.consequences();
            case Transition.Stayed stayed -> stayed.consequences();
            case Transition.Refused _ -> List.of();
        };
    }

    static void check(CommandFacts was, CommandEvent event, Transition transition, Supplier<String> what) {
        CommandFacts now = facts(transition, was);
        must(
                transition instanceof Transition.Moved
                        == (was.state() != now.state() || was.certainty() != now.certainty()),
                "Moved says that state or certainty changed",
                what);
        columns(now, what);
        onlyEvidenceRevives(was, event, now, what);
        onlyEvidenceMovesCertainty(was, event, now, what);
        resultsAreFinal(was, now, what);
        offersAreBounded(was, event, transition, now, what);
    }

    /** The table's CHECK constraints; that the table has them is {@code LifecycleColumnsIT}'s business. */
    private static void columns(CommandFacts now, Supplier<String> what) {
        boolean open = !now.state().ended();
        must(open == (now.dueAt() != null), "an open command has a deadline, an ended one none", what);
        must(open == (now.endedAt() == null), "an ended command has its end", what);
        must(now.nextOfferAt() == null || now.state() == CommandState.OFFERED, "only offers have a next time", what);
        must(
                now.state() != CommandState.QUEUED
                        || (now.maybeWritten().isEmpty()
                                && now.certainty() == Certainty.NOT_RECEIVED
                                && now.ackedAt() == null),
                "queued: nothing of it left",
                what);
        must(
                now.state() != CommandState.ACKED || (now.certainty().received() && now.ackedAt() != null),
                "acked: received",
                what);
        must(
                now.state() != CommandState.RUNNING
                        || (now.certainty() == Certainty.EXECUTED && now.startedAt() != null),
                "running: executed",
                what);
        must(
                now.certainty() != Certainty.NOT_RECEIVED || now.maybeWritten().isEmpty(),
                "not_received never together with a write that may have started",
                what);
        must(now.attemptsUsed() <= now.maxAttempts(), "attempts are bounded", what);
        must(now.offers() <= now.maxOffers(), "offers are bounded", what);
        must(now.notes() <= DeliveryPolicy.MAX_NOTES, "notes are bounded", what);
    }

    private static void onlyEvidenceRevives(
            CommandFacts was, CommandEvent event, CommandFacts now, Supplier<String> what) {
        if (was.state().ended() && now.state() != was.state()) {
            boolean allowed = event instanceof RedeliverRequested
                    ? Set.of(CommandState.UNDELIVERABLE, CommandState.EXPIRED).contains(was.state())
                    : WORDS_OF_AGENTS.contains(event.getClass());
            must(allowed, "an ended state moved from " + was.state() + " to " + now.state(), what);
            boolean marked = now.late()
                    || was.late()
                    || event instanceof RedeliverRequested
                    || was.outcome() != null; // its end was told by the record: nothing is late about the result
            must(marked, "late evidence is marked late", what);
        }
    }

    private static void onlyEvidenceMovesCertainty(
            CommandFacts was, CommandEvent event, CommandFacts now, Supplier<String> what) {
        Certainty from = was.certainty();
        Certainty to = now.certainty();
        if (from == to) {
            return;
        }
        boolean allowed = switch (to) {
            case NOT_RECEIVED ->
                from == Certainty.UNKNOWN
                        && (event instanceof NeverWritten
                                || event instanceof OfferRefused
                                || event instanceof LedgerSaid);
            case UNKNOWN ->
                !from.received()
                        && (event instanceof OfferPossible
                                || event instanceof DuePassed
                                || event instanceof Nacked
                                || event instanceof Finished
                                || event instanceof LedgerSaid);
            case RECEIVED -> event instanceof Acked || event instanceof LedgerSaid;
            case NOT_RUN -> event instanceof Nacked || event instanceof Finished || event instanceof LedgerSaid;
            case EXECUTED -> WORDS_OF_AGENTS.contains(event.getClass()) && !(event instanceof Nacked);
        };
        must(allowed, "certainty moved from " + from + " to " + to, what);
        must(from != Certainty.EXECUTED, "what ran, ran; it became " + to, what);
    }

    private static void resultsAreFinal(CommandFacts was, CommandFacts now, Supplier<String> what) {
        if (was.resultCommitted()) {
            must(
                    was.state() == now.state()
                            && was.certainty() == now.certainty()
                            && was.outcome() == now.outcome()
                            && Objects.equals(was.exitCode(), now.exitCode())
                            && Objects.equals(was.resultDigest(), now.resultDigest())
                            && Objects.equals(was.endedAt(), now.endedAt()),
                    "a committed result never changes",
                    what);
        }
    }

    private static void offersAreBounded(
            CommandFacts was, CommandEvent event, Transition transition, CommandFacts now, Supplier<String> what) {
        for (Consequence consequence : consequences(transition)) {
            if (consequence instanceof Consequence.SendCommand send) {
                must(was.waiting() && now.state() == CommandState.OFFERED, "only a waiting command is offered", what);
                must(send.attempt() == was.offers() + 1 && send.attempt() == now.offers(), "numbers go on", what);
                must(event.at().isBefore(was.expiresAt()), "nothing is offered past its expiry", what);
                must(was.cancelRequestedAt() == null, "what nobody wants is not offered", what);
                must(was.attemptsUsed() < was.maxAttempts(), "no attempt past the last", what);
                must(now.maybeWritten().contains(send.attempt()), "from here on bytes may have left", what);
                must(!unwrittenOn(event), "no second copy beside one that is not written", what);
            }
        }
        if (event instanceof DuePassed due && was.dueAt() != null && !due.at().isBefore(was.dueAt())) {
            must(now.dueAt() == null || now.dueAt().isAfter(due.at()), "a deadline is settled, not met again", what);
        }
    }

    private static boolean unwrittenOn(CommandEvent event) {
        return switch (event) {
            case OfferPossible e -> e.newest() == Progress.NOT_WRITTEN;
            case DuePassed e -> e.newest() == Progress.NOT_WRITTEN;
            default -> false;
        };
    }

    /** A commit whose answer was lost is tried again: what happened twice happened once. */
    static void checkRepeat(CommandFacts once, CommandEvent event, Transition again, Supplier<String> what) {
        CommandFacts twice = facts(again, once);
        must(!(again instanceof Transition.Moved), "the second time is not a move", what);
        must(
                once.state() == twice.state()
                        && once.attemptsUsed() == twice.attemptsUsed()
                        && once.offers() == twice.offers()
                        && Objects.equals(once.dueAt(), twice.dueAt())
                        && once.outcome() == twice.outcome()
                        && once.unparsableAttempt() == twice.unparsableAttempt(),
                "the second time changes nothing",
                what);
        must(
                event instanceof OfferPossible
                        || consequences(again).stream().noneMatch(Consequence.SendCommand.class::isInstance),
                "the second time sends no second copy",
                what);
    }

    private static void must(boolean holds, String rule, Supplier<String> what) {
        if (!holds) {
            assertThat(holds).as("%s%n%s", rule, what.get()).isTrue();
        }
    }
}
