package dev.wireproof.command;

import dev.wireproof.id.AgentId;
import dev.wireproof.id.CommandId;
import dev.wireproof.id.ConnectionId;
import dev.wireproof.protocol.AgentMessage.AckStatus;
import dev.wireproof.protocol.AgentMessage.CommandResult;
import dev.wireproof.protocol.AgentMessage.LedgerStatus;
import dev.wireproof.protocol.AgentMessage.NackCode;
import dev.wireproof.protocol.AgentMessage.Outcome;
import dev.wireproof.testkit.SteppingClock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** One command told event by event to the lifecycle, with a clock that the test moves and no jitter. Pure. */
final class Story {
    static final CommandLifecycle LIFE = new CommandLifecycle(TestServer.POLICY);
    static final UUID RECORD = new UUID(1, 1);
    static final UUID OTHER_RECORD = new UUID(2, 2);
    static final CommandId ID = new CommandId(new UUID(3, 3));
    /** Three connections of the agent, one after the other, all with the same record of commands. */
    static final Line LINE = line(1, RECORD);

    static final Line NEXT_LINE = line(2, RECORD);
    static final Line THIRD_LINE = line(3, RECORD);

    Instant now = SteppingClock.START;
    CommandFacts facts;
    Line line = LINE;
    Progress newest = Progress.WRITTEN;
    Transition last = new Transition.Refused("nothing was told");

    private Story(CommandEffect effect, Duration timeToLive) {
        facts = CommandFacts.created(
                ID,
                new AgentId(new UUID(4, 4)),
                effect,
                timeToLive,
                NewCommand.DEFAULT_TIMEOUT,
                now,
                TestServer.POLICY);
    }

    static Story queued() {
        return new Story(CommandEffect.ONCE, NewCommand.DEFAULT_TIME_TO_LIVE);
    }

    static Story queued(CommandEffect effect) {
        return new Story(effect, NewCommand.DEFAULT_TIME_TO_LIVE);
    }

    static Story queuedFor(Duration timeToLive) {
        return new Story(CommandEffect.ONCE, timeToLive);
    }

    static Story offered() {
        return queued().offer();
    }

    static Story acked() {
        return offered().ack();
    }

    static Story running() {
        return acked().start();
    }

    /** Ten attempts, each overdue on its connection. */
    static Story undeliverable() {
        Story story = offered();
        while (!story.facts.state().ended()) {
            story.due();
        }
        return story;
    }

    static Story expired() {
        Story story = offered().away();
        return story.to(story.facts.expiresAt()).due();
    }

    static Story cancelled() {
        return queued().cancel();
    }

    /** Cancelled after an offer, and nobody answered. */
    static Story cancelledUnanswered() {
        Story story = offered().cancel();
        while (!story.facts.state().ended()) {
            story.due();
        }
        return story;
    }

    static Story timedOut() {
        return running().after(Duration.ofMinutes(10)).due();
    }

    static Line line(int number, @Nullable UUID record) {
        return new Line(new ConnectionId(new UUID(5, number)), record, null);
    }

    Story tell(CommandEvent event) {
        last = LIFE.next(facts, event);
        facts = switch (last) {
            case Transition.Moved moved -> moved.facts();
            case Transition.Stayed stayed -> stayed.facts();
            case Transition.Refused _ -> facts;
        };
        return this;
    }

    Story after(Duration by) {
        now = now.plus(by);
        return this;
    }

    Story to(Instant at) {
        now = at;
        return this;
    }

    /** A new connection: what came before on the old one is over. */
    Story on(Line other) {
        line = other;
        newest = Progress.UNSEEN;
        return this;
    }

    Story away() {
        newest = Progress.UNSEEN;
        return to(facts.nextOfferAt() == null ? now : facts.nextOfferAt())
                .tell(new CommandEvent.DuePassed(now, null, OfferReason.ACK_OVERDUE, Progress.UNSEEN, 0));
    }

    Story offer() {
        tell(new CommandEvent.OfferPossible(now, line, OfferReason.DISPATCH, newest, 0));
        newest = Progress.WRITTEN;
        return this;
    }

    /** Lets the nearest deadline pass, with the agent on the line. */
    Story due() {
        Instant due = facts.dueAt();
        if (due != null && due.isAfter(now)) {
            now = due;
        }
        tell(new CommandEvent.DuePassed(now, line, OfferReason.ACK_OVERDUE, newest, 0));
        return this;
    }

    Story ack() {
        return ack(facts.offers(), AckStatus.ACCEPTED);
    }

    Story ack(int attempt, AckStatus status) {
        return tell(new CommandEvent.Acked(now, line, attempt, status, false));
    }

    Story nack(NackCode code) {
        return nack(facts.offers(), code);
    }

    Story nack(int attempt, NackCode code) {
        return tell(new CommandEvent.Nacked(now, line, attempt, code, "because"));
    }

    Story start() {
        return tell(new CommandEvent.Started(now, line));
    }

    Story print() {
        return tell(new CommandEvent.OutputSeen(now, line));
    }

    Story finish(Outcome outcome, @Nullable Integer exitCode) {
        return tell(new CommandEvent.Finished(now, line, result(outcome, exitCode, now)));
    }

    static CommandResult result(Outcome outcome, @Nullable Integer exitCode, @Nullable Instant startedAt) {
        return new CommandResult(ID, outcome, exitCode, null, 0, 0, false, startedAt, 12, null);
    }

    Story peerRead() {
        return tell(new CommandEvent.PeerRead(now, facts.offers()));
    }

    Story neverWritten(int attempt) {
        return tell(new CommandEvent.NeverWritten(now, line.id(), attempt));
    }

    Story refusedByQueue() {
        return tell(new CommandEvent.OfferRefused(now, line.id(), facts.offers(), "queue full"));
    }

    Story cancel() {
        return tell(new CommandEvent.CancelRequested(now, "no need", "tester", line, newest, 0));
    }

    Story cancelWhileAway() {
        return tell(new CommandEvent.CancelRequested(now, "no need", "tester", null, Progress.UNSEEN, 0));
    }

    Story redeliver() {
        return tell(new CommandEvent.RedeliverRequested(now, "tester"));
    }

    /** The answer to a question that was asked on this line behind all offers so far. */
    Story ledger(LedgerStatus status, @Nullable Outcome outcome, @Nullable Integer exitCode) {
        return tell(new CommandEvent.LedgerSaid(now, line, facts.offers(), status, outcome, exitCode));
    }

    Story ledger(LedgerStatus status) {
        return ledger(status, null, null);
    }

    Story deleted() {
        return tell(new CommandEvent.AgentGone(now));
    }

    List<Consequence> consequences() {
        return switch (last) {
            case Transition.Moved moved -> moved.consequences();
            case Transition.Stayed stayed -> stayed.consequences();
            case Transition.Refused _ -> List.of();
        };
    }

    <C extends Consequence> List<C> consequences(Class<C> type) {
        return consequences().stream().filter(type::isInstance).map(type::cast).toList();
    }

    List<String> notes() {
        return consequences(Consequence.Note.class).stream()
                .map(Consequence.Note::text)
                .toList();
    }

    boolean sentCommand() {
        return !consequences(Consequence.SendCommand.class).isEmpty();
    }

    boolean sentCancel() {
        return !consequences(Consequence.SendCancel.class).isEmpty();
    }

    boolean acknowledgedResult() {
        return !consequences(Consequence.AcknowledgeResult.class).isEmpty();
    }
}
