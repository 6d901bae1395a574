package dev.wireproof.command;

import dev.wireproof.connection.AgentLink;
import dev.wireproof.id.CommandId;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * What is on its way on one connection: at most {@value #WINDOW} commands that are not acknowledged, and the next ones in order. Commands
 * beyond {@value #WAITING} are not kept in memory: {@code more} says that the database has some.
 *
 * <p>All fields are guarded by {@code this}; nothing is called and nothing waits under the lock. An idle lane holds no collections.
 */
final class Lane {
    static final int WINDOW = 16;
    static final int WAITING = 64;
    /** More documents than any connection lives to see. */
    private static final int COUNTER_BITS = 24;

    private static final CompletableFuture<Void> NONE_BEFORE = CompletableFuture.completedFuture(null);

    final AgentLink link;
    /** The wall-clock anchor of the connection's time scale. */
    final Instant openedAt;

    /** How many commands the agent's record ever took, as told when the connection opened; null when not told. */
    final @Nullable Long ledgerSeq;

    private volatile Line line;
    private long signed;
    private boolean ready;
    private boolean more = true;
    private boolean pulling;
    private Instant notBefore = Instant.MIN;
    private @Nullable Map<CommandId, Slot> inFlight;
    private int ahead; // of those in flight
    private @Nullable Queue<CommandId> waiting;
    /** What the agent's record is asked about just now, with the number of offers of each that went before the question. */
    private @Nullable Map<CommandId, Integer> asked;

    private @Nullable Long askedBefore;
    /** CommandCancels that the connection's queue did not take; bounded by {@value #WAITING}. */
    private @Nullable Map<CommandId, Optional<String>> unsentCancels;

    /** Done when all offers that were taken so far are stored, and their frames on the queue. */
    private CompletableFuture<Void> lastOffered = NONE_BEFORE;

    /**
     * Commands that are to be offered in this order.
     *
     * @param after done when those that were taken before are on their way
     * @param offered to be completed when these are
     */
    record Taken(List<CommandId> ids, CompletableFuture<Void> after, CompletableFuture<Void> offered) {}

    private static final class Slot {
        /** Counts for nobody's window. */
        private final boolean ahead;

        Slot(boolean ahead) {
            this.ahead = ahead;
        }

        @Nullable
        AttemptTrace trace;
    }

    Lane(AgentLink link, Instant openedAt, Line line, @Nullable Long ledgerSeq) {
        this.link = link;
        this.openedAt = openedAt;
        this.line = line;
        this.ledgerSeq = ledgerSeq;
    }

    /**
     * For the next document that is signed for this connection: higher than any before it for this agent, because epochs only rise. An
     * agent lets documents overtake each other by far more than {@value #WINDOW}.
     */
    synchronized long nextCounter() {
        return (link.epoch() << COUNTER_BITS) + ++signed;
    }

    Line line() {
        return line;
    }

    /** What the agent's record is, and that older commands were read: from now on new ones may be offered at once. */
    synchronized void ready(Line known) {
        line = known;
        ready = true;
    }

    synchronized boolean isReady() {
        return ready;
    }

    /** For a command that was just stored. @return whether it may be offered now: it then has a slot */
    synchronized boolean reserveIfNext(CommandId id, Instant now) {
        return !more && lastOffered.isDone() && (waiting == null || waiting.isEmpty()) && reserve(id, now);
    }

    /** For a command whose time has come. @return whether it has a slot; else it will be offered in its turn */
    synchronized boolean reserveOrWait(CommandId id, Instant now) {
        boolean held = holds(id) && link.offersAllowed();
        if (held || (!isReplaced() && reserve(id, now))) {
            return true;
        }
        more = true; // it may be older than those that wait here: the database knows the order
        waiting = null;
        return false;
    }

    private boolean isReplaced() {
        return !link.live();
    }

    private boolean reserve(CommandId id, Instant now) {
        if (!ready || now.isBefore(notBefore) || !link.offersAllowed()) {
            return false;
        }
        if (inFlight == null) {
            inFlight = new HashMap<>(4);
        }
        if (inFlight.size() - ahead >= WINDOW) {
            return false;
        }
        inFlight.putIfAbsent(id, new Slot(false));
        return true;
    }

    /** For a command that goes before all others. @return whether it has a slot, which is none of the window */
    synchronized boolean reserveAhead(CommandId id) {
        if (!ready || !link.offersAllowed()) {
            return false;
        }
        if (inFlight == null) {
            inFlight = new HashMap<>(4);
        }
        if (inFlight.putIfAbsent(id, new Slot(true)) == null) {
            ahead++;
        }
        return true;
    }

    /** Behind the ones that wait already. */
    synchronized void append(CommandId id) {
        if (waiting == null) {
            waiting = new ArrayDeque<>(4);
        }
        if (more || waiting.size() >= WAITING) {
            more = true;
        } else if (!waiting.contains(id)) {
            waiting.add(id);
        }
    }

    synchronized boolean holds(CommandId id) {
        return inFlight != null && inFlight.containsKey(id);
    }

    synchronized @Nullable AttemptTrace trace(CommandId id) {
        Slot slot = inFlight == null ? null : inFlight.get(id);
        return slot == null ? null : slot.trace;
    }

    synchronized Progress progress(CommandId id) {
        AttemptTrace trace = trace(id);
        return trace == null ? Progress.UNSEEN : trace.progress();
    }

    synchronized void sending(AttemptTrace trace) {
        if (inFlight == null) {
            inFlight = new HashMap<>(4);
        }
        inFlight.computeIfAbsent(trace.commandId, _ -> new Slot(false)).trace = trace;
    }

    synchronized void release(CommandId id) {
        Slot released = inFlight == null ? null : inFlight.remove(id);
        if (released != null && released.ahead) {
            ahead--;
        }
        if (inFlight != null && inFlight.isEmpty()) {
            inFlight = null;
        }
    }

    /** The connection's queue is full: no offers for a while. The refused one goes to the database's order again. */
    synchronized void backOff(CommandId refused, Instant until) {
        release(refused);
        notBefore = until;
        more = true;
    }

    /** @return the next ones in order, each with a slot now */
    synchronized Taken takeNext(Instant now) {
        List<CommandId> taken = new ArrayList<>(0);
        while (waiting != null && !waiting.isEmpty() && reserve(waiting.element(), now)) {
            taken.add(waiting.remove());
        }
        if (waiting != null && waiting.isEmpty()) {
            waiting = null;
        }
        CompletableFuture<Void> after = lastOffered;
        if (!taken.isEmpty()) {
            lastOffered = new CompletableFuture<>();
        }
        return new Taken(taken, after, lastOffered);
    }

    /**
     * @param anyRoom whether one free place is worth reading for; otherwise half the window is, since each read costs the database the same.
     *     What is stuck must not keep that half from the others for ever
     * @return whether the caller is the one to read the next ones from the database; it then must call {@link #pulled}
     */
    synchronized boolean startPull(Instant now, boolean anyRoom) {
        int taken = inFlight == null ? 0 : inFlight.size() - ahead;
        boolean room = anyRoom ? taken < WINDOW : taken <= WINDOW / 2;
        boolean nothingHere = waiting == null || waiting.isEmpty();
        if (!ready || !more || pulling || !nothingHere || !room || now.isBefore(notBefore) || !link.offersAllowed()) {
            return false;
        }
        pulling = true;
        more = false; // what is stored from here on says so again
        return true;
    }

    /** @param full whether the database may have more of them */
    synchronized void pulled(List<CommandId> oldestFirst, boolean full) {
        pulling = false;
        boolean storedMeanwhile = more;
        more = false;
        for (CommandId id : oldestFirst) {
            if (!holds(id)) {
                append(id);
            }
        }
        more |= full || storedMeanwhile;
    }

    synchronized void pullFailed() {
        pulling = false;
        more = true;
    }

    /** What keeps the next command from being offered on it. */
    synchronized WaitingFor.Agent room(Instant now) {
        if (!link.offersAllowed()) {
            return WaitingFor.Agent.HELD;
        }
        if (now.isBefore(notBefore)) {
            return WaitingFor.Agent.QUEUE_FULL;
        }
        return inFlight != null && inFlight.size() >= WINDOW
                ? WaitingFor.Agent.WINDOW_FULL
                : WaitingFor.Agent.CONNECTED;
    }

    /** @return whether commands wait for room on it */
    synchronized boolean hasBacklog() {
        return !ready || more || unsentCancels != null || (waiting != null && !waiting.isEmpty());
    }

    synchronized List<CommandId> overdue(Instant now) {
        if (inFlight == null) {
            return List.of();
        }
        List<CommandId> overdue = new ArrayList<>(0);
        inFlight.forEach((id, slot) -> {
            Instant at = slot.trace == null ? null : slot.trace.overdueAt;
            if (at != null && !now.isBefore(at)) {
                overdue.add(id);
            }
        });
        return overdue;
    }

    /** What climbed past the peer's reader; asked when the connection ends, before the rungs are stored. */
    synchronized List<AttemptTrace> readByPeer() {
        return inFlight == null
                ? List.of()
                : inFlight.values().stream()
                        .map(slot -> slot.trace)
                        .filter(trace -> trace != null && trace.progress() == Progress.PEER_READ)
                        .map(Objects::requireNonNull)
                        .toList();
    }

    /** @param before where the next page begins */
    synchronized void asks(long before, Map<CommandId, Integer> offersOf) {
        asked = new HashMap<>(offersOf);
        askedBefore = before;
    }

    /** @return where the next page of questions begins, once; null while answers are missing, or when nothing was asked */
    synchronized @Nullable Long askOnBefore() {
        Long before = asked == null ? askedBefore : null;
        askedBefore = before == null ? askedBefore : null;
        return before;
    }

    /** @return how many offers went before the question; null: it was not asked on this connection, or was answered */
    synchronized @Nullable Integer answeredAbout(CommandId id) {
        Integer offers = asked == null ? null : asked.remove(id);
        if (asked != null && asked.isEmpty()) {
            asked = null;
        }
        return offers;
    }

    synchronized void cancelUnsent(CommandId id, @Nullable String reason) {
        if (unsentCancels == null) {
            unsentCancels = new HashMap<>(4);
        }
        if (unsentCancels.size() < WAITING) {
            unsentCancels.put(id, Optional.ofNullable(reason));
        }
    }

    synchronized Map<CommandId, Optional<String>> takeUnsentCancels() {
        Map<CommandId, Optional<String>> taken = unsentCancels == null ? Map.of() : unsentCancels;
        unsentCancels = null;
        return taken;
    }

    /** For a nack of a text that the agent could not read: whose text was it? */
    synchronized @Nullable AttemptTrace withHash(String sha256) {
        return inFlight == null
                ? null
                : inFlight.values().stream()
                        .map(slot -> slot.trace)
                        .filter(trace -> trace != null && trace.frameSha256.equals(sha256))
                        .findAny()
                        .orElse(null);
    }

    synchronized int inFlight() {
        return inFlight == null ? 0 : inFlight.size();
    }
}
