package dev.wireproof.simulator;

import dev.wireproof.id.CommandId;
import dev.wireproof.protocol.AgentMessage.AckStatus;
import dev.wireproof.protocol.AgentMessage.CommandResult;
import dev.wireproof.protocol.AgentMessage.LedgerEntry;
import dev.wireproof.protocol.AgentMessage.LedgerStatus;
import dev.wireproof.protocol.AgentMessage.Outcome;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * An agent's record of the commands it took: why a repeated offer never runs twice. In memory; with {@code --home} each change also
 * goes to the fleet's journal. Belongs to its agent's loop.
 */
final class SimulatedLedger {
    static final int LARGEST = 20_000;
    /** Promise 1 of the protocol: remembered until {@code expires_at} + 7 days. */
    private static final Duration KEPT_PAST_EXPIRY = Duration.ofDays(7);

    /** Told of every change. */
    interface Listener {
        Listener NONE = (_, _) -> {};

        void changed(CommandId id, Entry entry);
    }

    /** One command. */
    static final class Entry {
        final Instant keepUntil;
        LedgerStatus status;

        @Nullable
        Outcome outcome;

        @Nullable
        Integer exitCode;
        /** Kept until CommandResultAck. */
        @Nullable
        CommandResult unconfirmed;

        Entry(Instant keepUntil, LedgerStatus status) {
            this.keepUntil = keepUntil;
            this.status = status;
        }

        AckStatus ackStatus() {
            return switch (status) {
                case RUNNING -> AckStatus.RUNNING;
                case FINISHED, CANCELLED -> AckStatus.FINISHED;
                case ACCEPTED, NEVER_SEEN -> AckStatus.ACCEPTED;
            };
        }
    }

    private final UUID ledgerId;
    private final Listener listener;
    private final Map<CommandId, Entry> entries = new LinkedHashMap<>(0);
    private long sequence;

    SimulatedLedger(UUID ledgerId, Listener listener) {
        this.ledgerId = ledgerId;
        this.listener = listener;
    }

    UUID ledgerId() {
        return ledgerId;
    }

    /** How many commands it ever recorded. */
    long sequence() {
        return sequence;
    }

    @Nullable
    Entry find(CommandId id) {
        return entries.get(id);
    }

    /** @return null when it is full of commands that it must still remember */
    @Nullable
    Entry record(CommandId id, Instant expiresAt, LedgerStatus status, Instant now) {
        if (entries.size() >= LARGEST && !forgetOldest(now)) {
            return null;
        }
        Entry entry = new Entry(expiresAt.plus(KEPT_PAST_EXPIRY), status);
        entries.put(id, entry);
        sequence++;
        listener.changed(id, entry);
        return entry;
    }

    /** From the journal, when a fleet starts again: nothing is written. */
    void restore(CommandId id, Entry entry) {
        if (entries.put(id, entry) == null) {
            sequence++;
        }
    }

    /** The process ended while these ran: their results say so. Called once, after every {@link #restore}. */
    void interruptUnfinished() {
        entries.forEach((id, entry) -> {
            if (entry.status == LedgerStatus.ACCEPTED || entry.status == LedgerStatus.RUNNING) {
                finish(id, entry, Executions.unstarted(id, Outcome.INTERRUPTED, "the simulator was restarted"));
            }
        });
    }

    private boolean forgetOldest(Instant now) {
        Iterator<Entry> oldest = entries.values().iterator();
        if (oldest.next().keepUntil.isBefore(now)) {
            oldest.remove();
            return true;
        }
        return false;
    }

    void started(CommandId id, Entry entry) {
        entry.status = LedgerStatus.RUNNING;
        listener.changed(id, entry);
    }

    void finish(CommandId id, Entry entry, CommandResult result) {
        entry.status = result.outcome() == Outcome.CANCELLED ? LedgerStatus.CANCELLED : LedgerStatus.FINISHED;
        entry.outcome = result.outcome();
        entry.exitCode = result.exitCode();
        entry.unconfirmed = result;
        listener.changed(id, entry);
    }

    void confirmed(CommandId id) {
        Entry entry = entries.get(id);
        if (entry != null && entry.unconfirmed != null) {
            entry.unconfirmed = null;
            listener.changed(id, entry);
        }
    }

    List<CommandResult> unconfirmed() {
        List<CommandResult> results = new ArrayList<>();
        for (Entry entry : entries.values()) {
            if (entry.unconfirmed != null) {
                results.add(entry.unconfirmed);
            }
        }
        return results;
    }

    /** Commands that are accepted or running, oldest first. */
    List<CommandId> unfinished(int atMost) {
        return entries.entrySet().stream()
                .filter(e ->
                        e.getValue().status == LedgerStatus.ACCEPTED || e.getValue().status == LedgerStatus.RUNNING)
                .limit(atMost)
                .map(Map.Entry::getKey)
                .toList();
    }

    LedgerEntry answer(CommandId id) {
        Entry entry = entries.get(id);
        return entry == null
                ? new LedgerEntry(id, false, LedgerStatus.NEVER_SEEN, null, null)
                : new LedgerEntry(id, true, entry.status, entry.outcome, entry.exitCode);
    }
}
