package dev.wireproof.command;

import dev.wireproof.command.Consequence.SendCancel;
import dev.wireproof.command.Work.Create;
import dev.wireproof.command.Work.Told;
import dev.wireproof.connection.SendOutcome;
import dev.wireproof.id.CommandId;
import dev.wireproof.protocol.ServerMessage;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What follows from a batch once it is stored: frames leave, results are acknowledged, lanes move on, whoever waits is told. Runs on the
 * writer's thread; nothing here blocks.
 */
final class AfterCommit {
    private static final Logger log = LoggerFactory.getLogger(AfterCommit.class);
    private static final Duration FULL_QUEUE_PAUSE = Duration.ofSeconds(1);
    private static final Duration NO_SIGNATURE_PAUSE = Duration.ofSeconds(10);

    private final CommandInbox inbox;
    private final Lanes lanes;
    private final Dispatcher dispatcher;
    private final Views views;
    private final Followers followers;
    private final InstantSource clock;
    private final Legs legs;
    private final DeliveryObserver observer;

    AfterCommit(
            CommandInbox inbox,
            Lanes lanes,
            Dispatcher dispatcher,
            Views views,
            Followers followers,
            InstantSource clock,
            DeliveryObserver observer) {
        this.inbox = inbox;
        this.lanes = lanes;
        this.dispatcher = dispatcher;
        this.views = views;
        this.followers = followers;
        this.clock = clock;
        this.legs = new Legs(observer);
        this.observer = observer;
    }

    void done(Batch batch, List<AttemptTrace> traces) {
        for (Pending one : batch.touched()) {
            try {
                follow(one);
            } catch (RuntimeException e) {
                // It is stored, so whoever waits is told so; and it costs no other command anything.
                log.atError().addKeyValue("command", one.id()).setCause(e).log("command.not_followed");
            }
            one.answered.forEach(answered -> answered.to().complete(answered.with()));
            Create create = one.create;
            if (create != null) {
                create.done().complete(new Submission.Created(views.fresh(one)));
            }
            if (one.visiblyChanged()) {
                followers.changed(one.id(), one.facts().state().ended());
            }
        }
        batch.known.forEach(views::answerKnown);
        for (Create refused : batch.refused) {
            refused.done().completeExceptionally(new TooManyWaitingException(batch.mostWaiting()));
        }
        for (Work.Tell tell : batch.unknown) {
            if (tell.report() != null) {
                Texts.unexpected(tell.report());
            }
            tell.done().complete(new Told.Unknown());
        }
        for (AttemptTrace trace : traces) {
            climbed(trace);
        }
    }

    private void follow(Pending one) {
        for (Pending.ResultAck ack : one.resultAcks) {
            Texts.send(ack.to(), new ServerMessage.CommandResultAck(one.id()), one.id());
        }
        one.attempts.forEach(this::send);
        one.cancels.forEach(cancel -> cancel(one.id(), cancel));
        legs.answered(one, lanes);
        Moves.tell(one, observer);
        moveOn(one);
    }

    private void send(NewAttempt attempt) {
        CommandId id = attempt.commandId();
        Lane lane = attempt.lane();
        AttemptTrace trace = new AttemptTrace(
                id,
                attempt.attempt(),
                lane.link.connectionId(),
                attempt.text().bytes(),
                attempt.text().sha256(),
                inbox::dirty,
                inbox::neverWritten,
                inbox::contradicted);
        trace.overdueAt = attempt.overdueAt();
        noteUnanswered(lane, lane.trace(id));
        lane.sending(trace);
        String unsent = attempt.unsent();
        if (unsent != null) {
            refused(trace, unsent);
            lane.backOff(id, clock.instant().plus(NO_SIGNATURE_PAUSE));
            lanes.noteBacklog(lane);
            return;
        }
        SendOutcome outcome;
        try {
            outcome = lane.link.send(attempt.text(), trace);
        } catch (RuntimeException e) {
            lane.release(id); // what became of the frame is not known: its ack wait decides
            throw e;
        }
        switch (outcome) {
            case SendOutcome.Enqueued(long ns) -> {
                trace.enqueued(ns);
                observer.offered(attempt.reason(), DeliveryObserver.Taken.ENQUEUED);
            }
            case SendOutcome.QueueFull(int frames, long bytes) -> {
                observer.offered(attempt.reason(), DeliveryObserver.Taken.QUEUE_FULL);
                refused(trace, "queue full (%d frames, %d bytes)".formatted(frames, bytes));
                lane.backOff(id, clock.instant().plus(FULL_QUEUE_PAUSE));
                lanes.noteBacklog(lane);
            }
            case SendOutcome.Closed _ -> {
                observer.offered(attempt.reason(), DeliveryObserver.Taken.CLOSING);
                refused(trace, "the connection was closing");
                lane.release(id);
            }
        }
    }

    /** Its ack wait passed on this connection: evidence about the connection as well. */
    private void noteUnanswered(Lane lane, @Nullable AttemptTrace before) {
        Instant overdueAt = before == null ? null : before.overdueAt;
        if (before != null
                && overdueAt != null
                && before.writtenNs > 0
                && !clock.instant().isBefore(overdueAt)) {
            lane.link.unanswered(before.writtenNs);
        }
    }

    private void refused(AttemptTrace trace, String why) {
        trace.refused(why);
        Instant now = clock.instant();
        inbox.tell(trace.commandId, _ -> new CommandEvent.OfferRefused(now, trace.connectionId, trace.attempt, why));
    }

    private void cancel(CommandId id, SendCancel cancel) {
        Lane lane = lanes.of(cancel.on().id());
        if (lane != null) {
            dispatcher.sendCancel(lane, id, cancel.reason());
        }
    }

    /** Gives its slot back once it is acknowledged or ended, and lets the next one in. */
    private void moveOn(Pending one) {
        CommandFacts facts = one.facts();
        Lane lane = lanes.of(facts.agentId());
        if (lane == null) {
            return;
        }
        boolean awaitsAnswer = facts.waiting() && facts.nextOfferAt() != null;
        AttemptTrace trace = lane.trace(facts.id());
        if (trace != null) {
            if (facts.state() == CommandState.UNDELIVERABLE) {
                noteUnanswered(lane, trace);
            }
            trace.overdueAt = facts.nextOfferAt();
        }
        boolean held = !awaitsAnswer && lane.holds(facts.id());
        if (held) {
            lane.release(facts.id());
        }
        boolean newlyWaiting = one.create != null && one.attempts.isEmpty() && facts.waiting();
        if (newlyWaiting || one.offerSoon != null) {
            lane.append(facts.id());
        }
        if (held || newlyWaiting || one.offerSoon != null) {
            dispatcher.pump(lane);
        }
    }

    /** Counts an attempt that the peer's WebSocket layer read, though no ack came. */
    private void climbed(AttemptTrace trace) {
        legs.climbed(trace);
        followers.changed(trace.commandId, false);
        if (trace.peerReadNs > 0 && !trace.peerReadTold) {
            trace.peerReadTold = true;
            inbox.peerRead(trace);
        }
    }
}
