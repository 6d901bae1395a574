package dev.wireproof.agent;

import dev.wireproof.id.CommandId;
import dev.wireproof.protocol.AgentMessage;
import dev.wireproof.protocol.AgentMessage.AckStatus;
import dev.wireproof.protocol.AgentMessage.CommandResult;
import dev.wireproof.protocol.AgentMessage.NackCode;
import dev.wireproof.protocol.AgentMessage.Outcome;
import dev.wireproof.protocol.ProtocolFault;
import dev.wireproof.protocol.ServerMessage.Command;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Decides what becomes of each offer, cancellation and acknowledgement, with the record on disk as its memory. Owned by
 * the core's thread; {@link CommandRoom} runs what it accepts.
 */
final class CommandDesk {
    /** 500 entries with all their fields are longer than the 64 KiB that a message may have. */
    private static final int LEDGER_ENTRIES_PER_MESSAGE = 400;

    private final Ledger ledger;
    private final Deliveries deliveries;
    private final CommandRoom room;
    private final ServerTime serverTime;
    private final Supplier<@Nullable Identity> identity;
    private final AgentLog log;

    CommandDesk(
            Ledger ledger,
            Deliveries deliveries,
            CommandRoom room,
            ServerTime serverTime,
            Supplier<@Nullable Identity> identity,
            AgentLog log) {
        this.ledger = ledger;
        this.deliveries = deliveries;
        this.room = room;
        this.serverTime = serverTime;
        this.identity = identity;
        this.log = log;
    }

    /** @param text the Command as it arrived */
    void offered(Session session, Command command, byte[] text) {
        LedgerEntry known = ledger.find(command.commandId());
        if (known != null) {
            offeredAgain(session, command, text, known);
            return;
        }
        switch (opened(command)) {
            case Seal.Opened.Good(var what, var counter) -> offered(session, what, counter, text);
            case Seal.Opened.Broken(var why) -> {
                refuse(session, command, new Refusal(NackCode.BAD_SIGNATURE, why), text);
            }
        }
    }

    /** An agent that was never told of keys takes commands as they are. */
    private Seal.Opened opened(Command command) {
        Identity me = identity.get();
        return me == null || me.signingKeys().isEmpty()
                ? new Seal.Opened.Good(command, 0)
                : Seal.open(command, me.signingKeys(), me.agentId(), ledger.highestCounter(), serverTime.now());
    }

    private void offered(Session session, Command command, long counter, byte[] text) {
        Refusal refusal = refusal(command);
        if (refusal == null) {
            try {
                ledger.accept(command, counter);
            } catch (IOException e) {
                log.warn("record.failed", "command", command.commandId(), "error", e.getMessage());
                refusal = new Refusal(NackCode.BUSY, "the record of commands cannot be written: " + e.getMessage());
            }
        }
        if (refusal != null) {
            refuse(session, command, refusal, text);
            return;
        }
        acknowledge(session, command, text, false, AckStatus.ACCEPTED);
        room.accepted(command.commandId(), command.expiresAt());
    }

    private record Refusal(NackCode code, String why) {}

    private void refuse(Session session, Command command, Refusal refusal, byte[] text) {
        log.info("command.refused", "command", command.commandId(), "code", refusal.code(), "why", refusal.why());
        session.send(new AgentMessage.CommandNack(
                command.commandId(), command.attempt(), refusal.code(), refusal.why(), text.length, Sha256.hex(text)));
    }

    private @Nullable Refusal refusal(Command command) {
        Interpreter interpreter = Interpreter.named(command.interpreter()).orElse(null);
        if (!command.kind().equals("shell") || interpreter == null) {
            return new Refusal(NackCode.UNSUPPORTED, "this agent knows no such kind or interpreter");
        }
        if (!room.allows(interpreter)) {
            return new Refusal(NackCode.REFUSED, "allowed_interpreters does not name " + interpreter.wireName());
        }
        if (interpreter.find().isEmpty()) {
            return new Refusal(NackCode.UNSUPPORTED, "this machine has no " + interpreter.wireName());
        }
        String arguments = interpreter.refusal(command.args());
        if (arguments != null) {
            return new Refusal(NackCode.UNSUPPORTED, arguments);
        }
        if (!serverTime.now().isBefore(command.expiresAt())) {
            return new Refusal(NackCode.EXPIRED, "expires_at has passed");
        }
        String full = room.full();
        if (full == null && ledger.isFull()) {
            full = "the record holds " + Ledger.MAX_ENTRIES + " commands";
        }
        return full == null ? null : new Refusal(NackCode.BUSY, full);
    }

    private void offeredAgain(Session session, Command command, byte[] text, LedgerEntry known) {
        CommandId id = command.commandId();
        switch (known.state()) {
            case ACCEPTED -> acknowledge(session, command, text, true, AckStatus.ACCEPTED);
            case STARTING -> acknowledge(session, command, text, true, AckStatus.RUNNING);
            case FINISHED -> {
                acknowledge(session, command, text, true, AckStatus.FINISHED);
                // Who offers it again has no result of it.
                deliverAgain(session, id);
            }
            case EXPIRED -> session.send(room.expiredNack(id, command.attempt()));
        }
    }

    private static void acknowledge(
            Session session, Command command, byte[] text, boolean duplicate, AckStatus status) {
        session.send(new AgentMessage.CommandAck(
                command.commandId(), command.attempt(), duplicate, status, text.length, Sha256.hex(text)));
    }

    private void deliverAgain(Session session, CommandId id) {
        if (deliveries.find(id) != null) {
            session.outbox().repeatResult(id);
        } else {
            room.deliverRecorded(id);
            session.outbox().wake();
        }
    }

    void cancelled(Session session, CommandId id) {
        LedgerEntry known = ledger.find(id);
        if (known == null || known.state() == LedgerEntry.State.ACCEPTED) {
            room.forget(id);
            // On record, so that an offer that comes after its own cancellation does not run.
            room.ended(new CommandResult(
                    id, Outcome.CANCELLED, null, null, 0, 0, false, null, 0, "cancelled before it was started"));
            return;
        }
        switch (known.state()) {
            case STARTING -> room.cancel(id);
            case FINISHED -> deliverAgain(session, id);
            case EXPIRED -> session.send(room.expiredNack(id, null));
            case ACCEPTED -> throw new IllegalStateException("handled above");
        }
    }

    void resultAcknowledged(CommandId id) {
        LedgerEntry known = ledger.find(id);
        if (known != null && known.state() == LedgerEntry.State.FINISHED) {
            room.settle(id);
        }
    }

    /** The server cannot use something this agent sent; a result that it does not want is set aside. */
    void faulted(ProtocolFault fault) {
        log.warn(
                "server.refused_a_message",
                "code",
                fault.code(),
                "type",
                fault.receivedType(),
                "message",
                fault.message());
        if (fault.code() != ProtocolFault.Code.UNEXPECTED || fault.sha256() == null) {
            return;
        }
        for (Delivery delivery : deliveries.all()) {
            String result = delivery.result();
            if (result != null
                    && Sha256.hex(result.getBytes(StandardCharsets.UTF_8)).equals(fault.sha256())) {
                log.info("result.set_aside", "command", delivery.commandId());
                room.settle(delivery.commandId());
                return;
            }
        }
    }

    void asked(Session session, List<CommandId> ids) {
        List<AgentMessage.LedgerEntry> entries = new ArrayList<>();
        for (CommandId id : ids) {
            LedgerEntry known = ledger.find(id);
            if (known != null && known.state() == LedgerEntry.State.EXPIRED) {
                // Its nack may have been lost, and no other status says that it never ran because of its time.
                session.send(room.expiredNack(id, null));
            }
            entries.add(told(id, known));
        }
        int from = 0;
        do {
            int to = Math.min(entries.size(), from + LEDGER_ENTRIES_PER_MESSAGE);
            session.send(new AgentMessage.CommandLedger(ledger.id(), ledger.seq(), entries.subList(from, to)));
            from = to;
        } while (from < entries.size());
    }

    private static AgentMessage.LedgerEntry told(CommandId id, @Nullable LedgerEntry known) {
        if (known == null) {
            return new AgentMessage.LedgerEntry(id, false, AgentMessage.LedgerStatus.NEVER_SEEN, null, null);
        }
        AgentMessage.LedgerStatus status = switch (known.state()) {
            case ACCEPTED -> AgentMessage.LedgerStatus.ACCEPTED;
            case STARTING -> AgentMessage.LedgerStatus.RUNNING;
            // "cancelled" is for what never ran; what was cancelled while it ran is finished, with that outcome.
            case FINISHED ->
                known.outcome() == Outcome.CANCELLED && !known.ran()
                        ? AgentMessage.LedgerStatus.CANCELLED
                        : AgentMessage.LedgerStatus.FINISHED;
            case EXPIRED -> AgentMessage.LedgerStatus.CANCELLED;
        };
        boolean finished = status == AgentMessage.LedgerStatus.FINISHED;
        return new AgentMessage.LedgerEntry(
                id, true, status, finished ? known.outcome() : null, finished ? known.exitCode() : null);
    }

    /** @return what a Command that could not be parsed is answered with */
    static AgentMessage.CommandNack unparsable(
            @Nullable CommandId id, @Nullable Integer attempt, String why, byte[] text) {
        return new AgentMessage.CommandNack(id, attempt, NackCode.UNPARSABLE, why, text.length, Sha256.hex(text));
    }
}
