package dev.wireproof.command;

import dev.wireproof.protocol.AgentMessage.AckStatus;
import dev.wireproof.protocol.AgentMessage.LedgerStatus;
import dev.wireproof.protocol.AgentMessage.NackCode;
import dev.wireproof.protocol.AgentMessage.Outcome;
import dev.wireproof.testkit.SteppingClock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** One command, the lifecycle, an agent that keeps its promises, and everything between them that may go wrong. */
final class HonestWorld {

    private enum Kind {
        COMMAND,
        CANCEL,
        QUERY
    }

    private static final class Frame {
        final Kind kind;
        final int number;
        boolean written;

        /** @param number of the attempt, or of the offers when the record was asked */
        Frame(Kind kind, int number) {
            this.kind = kind;
            this.number = number;
        }
    }

    private final Random random;
    private final Deque<Frame> frames = new ArrayDeque<>();
    /** What is on its way to the lifecycle: lost, repeated, or late. */
    private final List<CommandEvent> coming = new ArrayList<>();

    final List<String> told = new ArrayList<>();
    CommandFacts facts;
    /** How often the agent took it into its record. What it read and refused ("busy") it does not know afterwards. */
    int accepted;

    int cancelsRead;
    int executions;
    int redeliveries;

    private Instant now = SteppingClock.START;
    private int lines;
    private @Nullable Line line;
    private @Nullable Frame newest;
    private UUID record = Story.RECORD;
    private @Nullable Instant wentBackAt;
    private LedgerStatus status = LedgerStatus.NEVER_SEEN;
    private boolean ran;

    HonestWorld(Random random) {
        this.random = random;
        facts = RandomEvents.fresh(random);
    }

    void step() {
        now = now.plusMillis(1 + random.nextInt(3_000));
        switch (random.nextInt(14)) {
            case 0 -> connect();
            case 1 -> disconnect();
            case 2, 3 -> write();
            case 4, 5, 6 -> agentReads();
            case 7 -> agentWorks();
            case 8, 9, 10 -> arrives();
            case 11 -> due();
            case 12 -> offerAgain();
            default -> person();
        }
    }

    private void tell(CommandEvent event) {
        told.add(event.toString());
        Transition transition = Story.LIFE.next(facts, event);
        facts = LifecycleRules.facts(transition, facts);
        for (Consequence consequence : LifecycleRules.consequences(transition)) {
            switch (consequence) {
                case Consequence.SendCommand send -> {
                    if (isLive(send.on())) {
                        newest = new Frame(Kind.COMMAND, send.attempt());
                        frames.add(newest);
                    } else {
                        coming.add(new CommandEvent.OfferRefused(now, send.on().id(), send.attempt(), "closing"));
                    }
                }
                case Consequence.SendCancel cancel -> {
                    if (isLive(cancel.on())) {
                        frames.add(new Frame(Kind.CANCEL, 0));
                    }
                }
                default -> {}
            }
        }
    }

    private boolean isLive(Line one) {
        return line != null && line.id().equals(one.id());
    }

    private Progress progress() {
        Frame frame = newest;
        return frame == null ? Progress.UNSEEN : frame.written ? Progress.WRITTEN : Progress.NOT_WRITTEN;
    }

    private void connect() {
        disconnect();
        if (random.nextInt(12) == 0) {
            record = new UUID(9, random.nextLong());
            forget();
            wentBackAt = null;
        } else if (random.nextInt(12) == 0 && status != LedgerStatus.NEVER_SEEN) {
            wentBackAt = now; // it held more before: the server sees that when it connects
            forget();
        }
        Line opened = new Line(Story.line(++lines, null).id(), record, wentBackAt);
        line = opened;
        boolean asks = facts.state().ended() || !facts.waiting();
        int offers = facts.offers();
        if (facts.waiting()) {
            offerAgain();
        } else {
            tell(new CommandEvent.LineOpened(now, opened));
        }
        if (asks) {
            frames.add(new Frame(Kind.QUERY, offers));
        }
    }

    private void forget() {
        status = LedgerStatus.NEVER_SEEN;
        ran = false;
    }

    private void disconnect() {
        Line was = line;
        if (was != null) {
            for (Frame frame : frames) {
                if (frame.kind == Kind.COMMAND && !frame.written) {
                    coming.add(new CommandEvent.NeverWritten(now, was.id(), frame.number));
                }
            }
        }
        frames.clear();
        newest = null;
        line = null;
    }

    private void write() {
        frames.stream().filter(frame -> !frame.written).findFirst().ifPresent(frame -> frame.written = true);
    }

    private void agentReads() {
        Line on = line;
        Frame frame = frames.peek();
        if (on == null || frame == null || !frame.written) {
            return;
        }
        frames.remove();
        switch (frame.kind) {
            case COMMAND -> readCommand(on, frame.number);
            case CANCEL -> readCancel(on);
            case QUERY ->
                coming.add(new CommandEvent.LedgerSaid(
                        now,
                        on,
                        frame.number,
                        status,
                        status == LedgerStatus.FINISHED ? Outcome.EXITED : null,
                        status == LedgerStatus.FINISHED ? (Integer) 0 : null));
        }
    }

    private void readCommand(Line on, int attempt) {
        if (status == LedgerStatus.NEVER_SEEN && !now.isBefore(facts.expiresAt())) {
            coming.add(new CommandEvent.Nacked(now, on, attempt, NackCode.EXPIRED, "too late"));
            return;
        }
        if (status == LedgerStatus.NEVER_SEEN && random.nextInt(8) == 0) {
            coming.add(new CommandEvent.Nacked(now, on, attempt, NackCode.BUSY, "busy"));
            return;
        }
        if (status == LedgerStatus.NEVER_SEEN) {
            status = LedgerStatus.ACCEPTED;
            accepted++;
        }
        AckStatus says = switch (status) {
            case RUNNING -> AckStatus.RUNNING;
            case FINISHED, CANCELLED -> AckStatus.FINISHED;
            default -> AckStatus.ACCEPTED;
        };
        coming.add(new CommandEvent.Acked(now, on, attempt, says, false));
    }

    private void readCancel(Line on) {
        cancelsRead++;
        if (status == LedgerStatus.FINISHED) {
            coming.add(finished(on, Outcome.EXITED));
        } else {
            status = LedgerStatus.CANCELLED;
            coming.add(finished(on, Outcome.CANCELLED));
        }
    }

    private CommandEvent finished(Line on, Outcome outcome) {
        return new CommandEvent.Finished(
                now, on, Story.result(outcome, outcome == Outcome.EXITED ? (Integer) 0 : null, ran ? now : null));
    }

    private void agentWorks() {
        Line on = line == null ? new Line(Story.line(lines, null).id(), record, wentBackAt) : line;
        if (status == LedgerStatus.ACCEPTED) {
            status = LedgerStatus.RUNNING;
            ran = true;
            executions++;
            coming.add(new CommandEvent.Started(now, on));
        } else if (status == LedgerStatus.RUNNING) {
            status = LedgerStatus.FINISHED;
            coming.add(finished(on, Outcome.EXITED));
        }
    }

    private void arrives() {
        if (coming.isEmpty()) {
            return;
        }
        CommandEvent event = coming.get(random.nextInt(coming.size()));
        boolean ofServer = event instanceof CommandEvent.NeverWritten || event instanceof CommandEvent.OfferRefused;
        if (ofServer || random.nextInt(5) > 0) {
            tell(event);
        }
        if (random.nextInt(6) > 0) { // else it comes once more
            coming.remove(event);
        }
    }

    private void due() {
        Instant due = facts.dueAt();
        if (due == null) {
            return;
        }
        boolean near = Duration.between(now, due).compareTo(Duration.ofHours(4)) < 0;
        if (due.isAfter(now) && near) {
            now = due;
        }
        tell(new CommandEvent.DuePassed(now, line, OfferReason.ACK_OVERDUE, progress(), 0));
    }

    private void offerAgain() {
        if (line != null && facts.waiting()) {
            tell(new CommandEvent.OfferPossible(now, line, OfferReason.RECONNECTED, progress(), 0));
        }
    }

    private void person() {
        int what = random.nextInt(6);
        if (what == 0) {
            tell(new CommandEvent.CancelRequested(now, null, "tester", line, progress(), 0));
        } else if (what == 1) {
            CommandState before = facts.state();
            tell(new CommandEvent.RedeliverRequested(now, "tester"));
            redeliveries += facts.state() != before ? 1 : 0;
        }
    }
}
