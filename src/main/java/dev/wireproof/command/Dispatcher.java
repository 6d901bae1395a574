package dev.wireproof.command;

import dev.wireproof.command.BacklogTable.Unsettled;
import dev.wireproof.connection.AgentLink;
import dev.wireproof.connection.ConnectionListener;
import dev.wireproof.id.CommandId;
import dev.wireproof.id.ConnectionId;
import dev.wireproof.protocol.AgentMessage;
import dev.wireproof.protocol.ProtocolLimits;
import dev.wireproof.protocol.ServerMessage;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.DoubleSupplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings commands and lines together. A new line gets what its agent has not acknowledged, oldest first, and is then asked about what is
 * unknown. After that a lane moves on with each answer. Nothing here changes a command: it tells the lifecycle that an offer is possible.
 */
class Dispatcher implements ConnectionListener {
    private static final Logger log = LoggerFactory.getLogger(Dispatcher.class);
    /** How long the first offers of a new line may hold back the messages that arrive on it. */
    private static final long FIRST_OFFERS_MS = 2_000;

    private static final int PULLED = Lane.WINDOW + Lane.WAITING;

    private final CommandInbox inbox;
    private final Lanes lanes;
    private final BacklogTable backlog;
    private final LedgerTable ledgers;
    private final InstantSource clock;
    private final DoubleSupplier jitter;
    private final Executor blocking;

    /** @param blocking where reading the database blocks nobody */
    Dispatcher(
            CommandInbox inbox,
            Lanes lanes,
            BacklogTable backlog,
            LedgerTable ledgers,
            InstantSource clock,
            DoubleSupplier jitter,
            Executor blocking) {
        this.blocking = blocking;
        this.inbox = inbox;
        this.lanes = lanes;
        this.backlog = backlog;
        this.ledgers = ledgers;
        this.clock = clock;
        this.jitter = jitter;
    }

    @Override
    public void opened(AgentLink link, AgentMessage.Auth auth, Instant at) {
        Instant openedAt = clock.instant().minusNanos(link.nowNs() / 1_000 * 1_000);
        // Until the record's past is known it proves nothing.
        Lane lane =
                new Lane(link, openedAt, new Line(link.connectionId(), auth.ledgerId(), Instant.MAX), auth.ledgerSeq());
        if (lanes.opened(lane) && !bringUp(lane)) {
            lanes.noteBacklog(lane);
        }
    }

    @Override
    public void closed(AgentLink link, @Nullable Integer closeCode, String reason, Instant at) {
        Lane lane = lanes.of(link.connectionId());
        if (lane != null) { // told before the next connection's offers: what was read counts as an attempt
            lane.readByPeer().forEach(inbox::peerRead);
        }
        lanes.closed(link);
    }

    /** @return false when the database did not answer: {@link #tick} tries again */
    private boolean bringUp(Lane lane) {
        try {
            Instant now = clock.instant();
            UUID ledger = lane.line().ledgerId();
            Long seq = lane.ledgerSeq;
            Instant wentBack =
                    ledger == null || seq == null ? null : ledgers.seen(lane.link.agentId(), ledger, seq, now);
            List<Unsettled> unsettled = unsettled(lane, Long.MAX_VALUE);
            lane.ready(new Line(lane.link.connectionId(), ledger, wentBack));
            if (lane.startPull(now, true)) {
                pull(lane);
            }
            await(offerNext(lane));
            settle(lane, unsettled);
            watchBacklog(lane);
            return true;
        } catch (RuntimeException e) {
            log.atWarn()
                    .addKeyValue("connection", lane.link.connectionId())
                    .setCause(e)
                    .log("command.line_not_brought_up");
            return false;
        }
    }

    /** Cancellations go out again, and the agent's record is asked about everything whose fate is open. */
    private void settle(Lane lane, List<Unsettled> unsettled) {
        if (unsettled.isEmpty()) {
            return;
        }
        Line line = lane.line();
        for (Unsettled one : unsettled) {
            if (one.held()) {
                inbox.tell(one.id(), _ -> new CommandEvent.LineOpened(clock.instant(), line));
            }
        }
        lane.asks(
                unsettled.getLast().seq(),
                unsettled.stream().collect(Collectors.toMap(Unsettled::id, Unsettled::offers)));
        List<CommandId> ids = unsettled.stream().map(Unsettled::id).toList();
        Texts.send(lane.link, new ServerMessage.CommandLedgerQuery(ids), null);
    }

    private List<Unsettled> unsettled(Lane lane, long before) {
        return backlog.unsettled(lane.link.agentId(), clock.instant(), before, ProtocolLimits.LEDGER_QUERY_IDS);
    }

    /** A question holds so many commands at most: the next one follows the answer to the one before. Blocks. */
    void answeredByRecord(Lane lane) {
        Long before = lane.askOnBefore();
        if (before != null) {
            settle(lane, unsettled(lane, before));
        }
    }

    /** Never blocks. What the connection's queue does not take goes out a little later; the next connection gets a new one anyway. */
    void sendCancel(Lane lane, CommandId id, @Nullable String reason) {
        if (!Texts.send(lane.link, new ServerMessage.CommandCancel(id, reason), id)) {
            lane.cancelUnsent(id, reason);
            lanes.noteBacklog(lane);
        }
    }

    /** Holds back what the agent says on a new line until its first offers are on it, for a while. */
    void await(CompletableFuture<Void> offers) {
        offers.copy()
                .completeOnTimeout(null, FIRST_OFFERS_MS, TimeUnit.MILLISECONDS)
                .join();
    }

    /** Offers what has room now, and reads on in the database when nothing is left in memory. Never blocks. */
    void pump(Lane lane) {
        pump(lane, false);
    }

    private void pump(Lane lane, boolean anyRoom) {
        offerNext(lane);
        if (lane.startPull(clock.instant(), anyRoom)) {
            blocking.execute(() -> {
                try {
                    pull(lane);
                    offerNext(lane);
                } catch (RuntimeException e) {
                    log.atWarn()
                            .addKeyValue("connection", lane.link.connectionId())
                            .setCause(e)
                            .log("command.backlog_not_read");
                }
                watchBacklog(lane);
            });
        } else {
            watchBacklog(lane);
        }
    }

    private void watchBacklog(Lane lane) {
        if (lane.hasBacklog()) {
            lanes.noteBacklog(lane);
        }
    }

    private void pull(Lane lane) {
        try {
            List<CommandId> oldest = backlog.unacked(lane.link.agentId(), PULLED);
            lane.pulled(oldest, oldest.size() == PULLED);
        } catch (RuntimeException e) {
            lane.pullFailed();
            throw e;
        }
    }

    /**
     * Oldest first: an offer is told when the one before it is stored and its frame is on the queue. Two commands may belong to two writers, and
     * those do not wait for each other.
     *
     * @return done when all that were taken are on their way
     */
    private CompletableFuture<Void> offerNext(Lane lane) {
        Lane.Taken taken = lane.takeNext(clock.instant());
        if (!taken.ids().isEmpty()) {
            taken.after().whenComplete((_, _) -> offerFrom(lane, taken, 0));
        }
        return taken.offered();
    }

    private void offerFrom(Lane lane, Lane.Taken taken, int next) {
        if (next == taken.ids().size()) {
            taken.offered().complete(null);
            return;
        }
        CommandId id = taken.ids().get(next);
        inbox.tell(id, facts -> possible(lane, facts)).whenComplete((_, failure) -> {
            if (failure != null) {
                lane.backOff(id, clock.instant().plusSeconds(1));
                lanes.noteBacklog(lane);
            }
            offerFrom(lane, taken, next + 1);
        });
    }

    private CommandEvent possible(Lane lane, CommandFacts facts) {
        OfferReason reason = facts.offers() == 0
                ? OfferReason.DISPATCH
                : facts.offers() == facts.roundBase() ? OfferReason.REDELIVER : OfferReason.RECONNECTED;
        return lane.link.live() && lanes.of(lane.link.connectionId()) != null
                ? new CommandEvent.OfferPossible(
                        clock.instant(), lane.line(), reason, progress(lane, facts), jitter.getAsDouble())
                : due(facts, reason);
    }

    /** What a passed deadline means now: with a line when the agent has one and there is room on it. Called by a writer. */
    CommandEvent due(CommandFacts facts, OfferReason reason) {
        Instant now = clock.instant();
        Lane lane = lanes.of(facts.agentId());
        if (lane == null) {
            return new CommandEvent.DuePassed(now, null, reason, Progress.UNSEEN, jitter.getAsDouble());
        }
        boolean usable = !facts.waiting() || lane.reserveOrWait(facts.id(), now);
        if (!usable) {
            lanes.noteBacklog(lane);
        }
        return new CommandEvent.DuePassed(
                now, usable ? lane.line() : null, reason, progress(lane, facts), jitter.getAsDouble());
    }

    /** Of a copy on this line; else whether the newest offer was read on the line before, while that one is still known. */
    private Progress progress(Lane lane, CommandFacts facts) {
        Progress here = lane.progress(facts.id());
        ConnectionId on = facts.attemptConnection();
        Lane before = here != Progress.UNSEEN || on == null ? null : lanes.of(on);
        return before != null && before.progress(facts.id()) == Progress.PEER_READ ? Progress.PEER_READ : here;
    }

    /** A sign of life: whatever is overdue on this line is looked at now. */
    void heartbeat(AgentLink from) {
        Lane lane = lanes.of(from.connectionId());
        if (lane != null && from.live()) {
            for (CommandId id : lane.overdue(clock.instant())) {
                inbox.tell(id, facts -> due(facts, OfferReason.HEARTBEAT));
            }
        }
    }

    /** Looks again at lanes on which commands wait: after a full queue, a hold, or a database that was away. */
    void tick() {
        for (Lane lane : lanes.backlogged()) {
            lanes.backlogGone(lane);
            lane.takeUnsentCancels().forEach((id, reason) -> sendCancel(lane, id, reason.orElse(null)));
            if (!lane.isReady()) {
                if (!bringUp(lane)) {
                    lanes.noteBacklog(lane);
                }
            } else {
                pump(lane, true);
            }
        }
    }
}
