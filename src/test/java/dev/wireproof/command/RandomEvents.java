package dev.wireproof.command;

import static java.util.Objects.requireNonNull;

import dev.wireproof.id.AgentId;
import dev.wireproof.protocol.AgentMessage.AckStatus;
import dev.wireproof.protocol.AgentMessage.LedgerStatus;
import dev.wireproof.protocol.AgentMessage.NackCode;
import dev.wireproof.protocol.AgentMessage.Outcome;
import dev.wireproof.testkit.SteppingClock;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Events of every kind, in any order, true or not. The same random gives the same ones. */
final class RandomEvents {

    /** Makes one event of its kind. */
    interface Kind {
        CommandEvent of(Random random, CommandFacts facts, Instant at);
    }

    /** A new kind of event without an example here fails the test. */
    static final Map<Class<?>, Kind> KINDS = new LinkedHashMap<>();

    static {
        KINDS.put(
                CommandEvent.OfferPossible.class,
                (r, f, at) -> new CommandEvent.OfferPossible(at, line(r), reason(r), progress(r), jitter(r)));
        KINDS.put(
                CommandEvent.OfferRefused.class,
                (r, f, at) -> new CommandEvent.OfferRefused(at, line(r).id(), attempt(r, f), "queue full"));
        KINDS.put(
                CommandEvent.NeverWritten.class,
                (r, f, at) -> new CommandEvent.NeverWritten(at, line(r).id(), attempt(r, f)));
        KINDS.put(
                CommandEvent.AnsweredUnwritten.class,
                (r, f, at) -> new CommandEvent.AnsweredUnwritten(at, line(r).id(), attempt(r, f), "it failed"));
        KINDS.put(CommandEvent.PeerRead.class, (r, f, at) -> new CommandEvent.PeerRead(at, attempt(r, f)));
        KINDS.put(
                CommandEvent.DuePassed.class,
                (r, f, at) -> new CommandEvent.DuePassed(
                        at, r.nextInt(4) == 0 ? null : line(r), reason(r), progress(r), jitter(r)));
        KINDS.put(
                CommandEvent.Acked.class,
                (r, f, at) -> new CommandEvent.Acked(
                        at, line(r), attempt(r, f), one(r, AckStatus.values()), r.nextInt(9) == 0));
        KINDS.put(
                CommandEvent.Nacked.class,
                (r, f, at) -> new CommandEvent.Nacked(
                        at, line(r), r.nextInt(5) == 0 ? null : attempt(r, f), one(r, NackCode.values()), "no"));
        KINDS.put(CommandEvent.Started.class, (r, f, at) -> new CommandEvent.Started(at, line(r)));
        KINDS.put(CommandEvent.OutputSeen.class, (r, f, at) -> new CommandEvent.OutputSeen(at, line(r)));
        KINDS.put(
                CommandEvent.Finished.class,
                (r, f, at) -> new CommandEvent.Finished(
                        at, line(r), Story.result(one(r, Outcome.values()), exitCode(r), r.nextBoolean() ? at : null)));
        KINDS.put(
                CommandEvent.LedgerSaid.class,
                (r, f, at) -> new CommandEvent.LedgerSaid(
                        at,
                        line(r),
                        r.nextInt(4) == 0 ? null : (Integer) f.offers(),
                        one(r, LedgerStatus.values()),
                        r.nextInt(4) == 0 ? null : one(r, Outcome.values()),
                        exitCode(r)));
        KINDS.put(CommandEvent.LineOpened.class, (r, f, at) -> new CommandEvent.LineOpened(at, line(r)));
        KINDS.put(
                CommandEvent.CancelRequested.class,
                (r, f, at) -> new CommandEvent.CancelRequested(
                        at, null, "tester", r.nextBoolean() ? null : line(r), progress(r), jitter(r)));
        KINDS.put(
                CommandEvent.RedeliverRequested.class, (r, f, at) -> new CommandEvent.RedeliverRequested(at, "tester"));
        KINDS.put(CommandEvent.AgentGone.class, (r, f, at) -> new CommandEvent.AgentGone(at));
    }

    private static final List<Kind> ALL = List.copyOf(KINDS.values());

    private RandomEvents() {}

    static CommandFacts fresh(Random r) {
        return CommandFacts.created(
                Story.ID,
                new AgentId(new UUID(4, 4)),
                r.nextBoolean() ? CommandEffect.ONCE : CommandEffect.REPEATABLE,
                Duration.ofSeconds(1 + r.nextInt(3) * 3_600L),
                NewCommand.DEFAULT_TIMEOUT,
                SteppingClock.START,
                TestServer.POLICY);
    }

    /** Offers and deadlines more often than the rest, else few lives would come far. */
    static CommandEvent any(Random r, CommandFacts facts) {
        Instant at = time(r, facts);
        Kind kind = r.nextInt(3) == 0
                ? requireNonNull(
                        KINDS.get(r.nextBoolean() ? CommandEvent.OfferPossible.class : CommandEvent.DuePassed.class))
                : one(r, ALL);
        return kind.of(r, facts, at);
    }

    /** As it is told when the batch is stored again: what depends on how far the newest offer came is looked at anew. */
    static CommandEvent madeAgain(CommandEvent event) {
        return switch (event) {
            case CommandEvent.OfferPossible e ->
                new CommandEvent.OfferPossible(e.at(), e.line(), e.reason(), again(e.newest()), e.jitter());
            case CommandEvent.DuePassed e ->
                new CommandEvent.DuePassed(e.at(), e.line(), e.reason(), again(e.newest()), e.jitter());
            case CommandEvent.CancelRequested e ->
                new CommandEvent.CancelRequested(e.at(), e.reason(), e.by(), e.line(), again(e.newest()), e.jitter());
            default -> event;
        };
    }

    private static Progress again(Progress newest) {
        return newest == Progress.PEER_READ ? Progress.UNSEEN : newest;
    }

    /** Mostly on, often to the very deadline, sometimes a little back. */
    private static Instant time(Random r, CommandFacts facts) {
        Instant due = facts.dueAt();
        if (due != null && r.nextInt(3) == 0) {
            return due;
        }
        return facts.stateSince().plusMillis(r.nextInt(9_000) - 100);
    }

    private static Line line(Random r) {
        int number = r.nextInt(4);
        Instant wentBack = r.nextInt(8) == 0 ? SteppingClock.START.plusSeconds(r.nextInt(60)) : null;
        return new Line(Story.line(number, null).id(), record(r), wentBack);
    }

    private static @Nullable UUID record(Random r) {
        return switch (r.nextInt(10)) {
            case 0 -> null;
            case 1 -> Story.OTHER_RECORD;
            default -> Story.RECORD;
        };
    }

    private static int attempt(Random r, CommandFacts facts) {
        return r.nextInt(3) == 0 ? 1 + r.nextInt(facts.offers() + 2) : Math.max(1, facts.offers());
    }

    private static OfferReason reason(Random r) {
        return one(r, OfferReason.values());
    }

    private static Progress progress(Random r) {
        return one(r, Progress.values());
    }

    private static double jitter(Random r) {
        return r.nextDouble() * 2 - 1;
    }

    private static @Nullable Integer exitCode(Random r) {
        return r.nextInt(4) == 0 ? null : (Integer) r.nextInt(2);
    }

    private static <T> T one(Random r, T[] of) {
        return of[r.nextInt(of.length)];
    }

    private static <T> T one(Random r, List<T> of) {
        return of.get(r.nextInt(of.size()));
    }
}
