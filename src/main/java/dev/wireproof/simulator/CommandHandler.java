package dev.wireproof.simulator;

import dev.wireproof.id.CommandId;
import dev.wireproof.protocol.AgentMessage;
import dev.wireproof.protocol.AgentMessage.CommandAck;
import dev.wireproof.protocol.AgentMessage.CommandNack;
import dev.wireproof.protocol.AgentMessage.CommandResult;
import dev.wireproof.protocol.AgentMessage.LedgerStatus;
import dev.wireproof.protocol.AgentMessage.NackCode;
import dev.wireproof.protocol.AgentMessage.Outcome;
import dev.wireproof.protocol.AgentMessageCodec;
import dev.wireproof.protocol.ProtocolFault;
import dev.wireproof.protocol.ServerMessage;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** An agent's promises about commands: acknowledge on receipt, remember, never run twice, keep a result until confirmed. On its loop. */
final class CommandHandler {
    private static final Duration LONGEST_TIME_TO_LIVE = Duration.ofDays(30);

    private final SimulatedAgent agent;
    private final Shard shard;
    private final Identity identity;
    private final Behaviour behaviour;
    private final SimulatedLedger ledger;
    /** Made when there is the first: most agents of a large fleet run nothing. */
    private @Nullable Map<CommandId, Running> running;

    private record Running(Instant startedAt, EventLoop.Timer end) {}

    CommandHandler(SimulatedAgent agent, Shard shard, Identity identity, Behaviour behaviour) {
        this.agent = agent;
        this.shard = shard;
        this.identity = identity;
        this.behaviour = behaviour;
        this.ledger = identity.ledger;
    }

    void offered(Session session, ServerMessage.Command command, int bytes, String sha256, long receivedNs) {
        shard.stats.offers.increment();
        shard.watcher.received(command.commandId(), receivedNs);
        long delayNs = behaviour.commandDelayNs();
        if (delayNs == 0) {
            take(session, command, bytes, sha256);
        } else {
            agent.later(delayNs, () -> {
                if (agent.isNewest(session) && session.isOpen()) {
                    take(session, command, bytes, sha256);
                }
            });
        }
    }

    private void take(Session session, ServerMessage.Command command, int bytes, String sha256) {
        CommandId id = command.commandId();
        SimulatedLedger.Entry known = ledger.find(id);
        if (known != null) {
            shard.stats.duplicateOffers.increment();
            acknowledge(session, command, known, true, bytes, sha256);
            return;
        }
        Instant now = shard.clock.instant();
        if (behaviour.refusesCommands()) {
            refuse(session, command, NackCode.REFUSED, "simulated: this agent refuses every command", bytes, sha256);
        } else if (now.isAfter(command.expiresAt())) {
            refuse(session, command, NackCode.EXPIRED, "it expired before it came", bytes, sha256);
        } else {
            SimulatedLedger.Entry entry = ledger.record(id, command.expiresAt(), LedgerStatus.ACCEPTED, now);
            if (entry == null) {
                refuse(session, command, NackCode.BUSY, "the record of commands is full", bytes, sha256);
                return;
            }
            acknowledge(session, command, entry, false, bytes, sha256);
            shard.stats.acknowledged(command.issuedAt(), now);
            start(session, command, entry, now);
        }
    }

    private void refuse(
            Session session, ServerMessage.Command command, NackCode code, String why, int bytes, String sha256) {
        shard.stats.nacks.increment();
        session.send(new CommandNack(command.commandId(), command.attempt(), code, why, bytes, sha256));
    }

    private void acknowledge(
            Session session,
            ServerMessage.Command command,
            SimulatedLedger.Entry entry,
            boolean duplicate,
            int bytes,
            String sha256) {
        for (int copy = 0; copy < behaviour.ackCopies(); copy++) {
            session.send(new CommandAck(
                    command.commandId(), command.attempt(), duplicate || copy > 0, entry.ackStatus(), bytes, sha256));
        }
        shard.stats.acks.increment();
        shard.watcher.acknowledged(command.commandId(), System.nanoTime());
    }

    private void start(Session session, ServerMessage.Command command, SimulatedLedger.Entry entry, Instant at) {
        CommandId id = command.commandId();
        shard.stats.executions.increment();
        shard.watcher.executed(id);
        ledger.started(id, entry);
        session.send(new AgentMessage.CommandStarted(id, shard.nextPid(), at));
        Executions.Plan plan = Executions.plan(command, identity.name);
        long runsNs = plan.takes().toNanos();
        long allowedNs = TimeUnit.SECONDS.toNanos(command.timeoutS());
        boolean timesOut = runsNs > allowedNs;
        long untilResultNs = Math.min(runsNs, allowedNs) + behaviour.resultDelayNs(command);
        if (!behaviour.sendsResults()) {
            return;
        }
        if (untilResultNs == 0) {
            finish(id, entry, plan, at, false);
            return;
        }
        Map<CommandId, Running> map = running == null ? new HashMap<>() : running;
        running = map;
        map.put(id, new Running(at, agent.later(untilResultNs, () -> {
            map.remove(id);
            finish(id, entry, plan, at, timesOut);
        })));
    }

    private void finish(
            CommandId id, SimulatedLedger.Entry entry, Executions.Plan plan, Instant startedAt, boolean timedOut) {
        Instant now = shard.clock.instant();
        if (timedOut) {
            settle(id, entry, Executions.ended(id, Outcome.TIMED_OUT, startedAt, now));
            return;
        }
        Session session = agent.openSession();
        if (session != null && !plan.stdout().isEmpty()) {
            session.send(new AgentMessage.CommandOutput(
                    id, AgentMessage.Stream.STDOUT, 0, AgentMessage.Encoding.UTF_8, plan.stdout()));
        }
        // Output that finds no connection is lost; the result tells its length, so that the server can show the gap.
        int stdoutBytes = plan.stdout().getBytes(StandardCharsets.UTF_8).length;
        settle(id, entry, Executions.exited(id, plan.exitCode(), stdoutBytes, startedAt, now));
    }

    private void settle(CommandId id, SimulatedLedger.Entry entry, CommandResult result) {
        ledger.finish(id, entry, result);
        Session session = agent.openSession();
        if (session != null) {
            sendResult(session, result);
        }
    }

    private void sendResult(Session session, CommandResult result) {
        shard.stats.results.increment();
        session.send(result);
    }

    /** Promise 2: on every new connection, until the server confirms it. */
    void resendResults(Session session) {
        for (CommandResult result : ledger.unconfirmed()) {
            sendResult(session, result);
        }
    }

    void cancel(Session session, ServerMessage.CommandCancel cancel) {
        CommandId id = cancel.commandId();
        SimulatedLedger.Entry entry = ledger.find(id);
        Running run = running == null ? null : running.remove(id);
        Instant now = shard.clock.instant();
        if (entry == null) {
            // Never seen: recorded as cancelled, so that a Command that was overtaken does not run after all. How long
            // that one
            // lives is not known; the longest time to live of the protocol is 30 days.
            SimulatedLedger.Entry recorded =
                    ledger.record(id, now.plus(LONGEST_TIME_TO_LIVE), LedgerStatus.CANCELLED, now);
            if (recorded != null) {
                settle(id, recorded, Executions.unstarted(id, Outcome.CANCELLED, "cancelled before it came"));
            }
        } else if (run != null) {
            run.end().cancel();
            settle(id, entry, Executions.ended(id, Outcome.CANCELLED, run.startedAt(), now));
        } else if (entry.unconfirmed != null) {
            sendResult(session, entry.unconfirmed);
        }
    }

    void ledgerQuery(Session session, ServerMessage.CommandLedgerQuery query) {
        shard.stats.ledgerQueries.increment();
        session.send(new AgentMessage.CommandLedger(
                ledger.ledgerId(),
                ledger.sequence(),
                query.commandIds().stream().map(ledger::answer).toList()));
    }

    void resultConfirmed(CommandId id) {
        shard.stats.resultAcks.increment();
        ledger.confirmed(id);
        shard.watcher.resultConfirmed(id, System.nanoTime());
    }

    /** A result that the server does not know is set aside; anything else is only counted. */
    void protocolError(ProtocolFault fault) {
        shard.stats.protocolErrors.increment();
        if (fault.code() != ProtocolFault.Code.UNEXPECTED || !"CommandResult".equals(fault.receivedType())) {
            return;
        }
        for (CommandResult result : ledger.unconfirmed()) {
            byte[] text = AgentMessageCodec.encode(result).getBytes(StandardCharsets.UTF_8);
            if (shard.sha256(text, 0, text.length).equals(fault.sha256())) {
                ledger.confirmed(result.commandId());
            }
        }
    }
}
