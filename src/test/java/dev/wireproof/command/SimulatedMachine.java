package dev.wireproof.command;

import dev.wireproof.id.AgentId;
import dev.wireproof.id.CommandId;
import dev.wireproof.protocol.AgentMessage;
import dev.wireproof.protocol.AgentMessage.AckStatus;
import dev.wireproof.protocol.AgentMessage.CommandResult;
import dev.wireproof.protocol.AgentMessage.LedgerEntry;
import dev.wireproof.protocol.AgentMessage.LedgerStatus;
import dev.wireproof.protocol.AgentMessage.NackCode;
import dev.wireproof.protocol.AgentMessage.Outcome;
import dev.wireproof.protocol.Decoded;
import dev.wireproof.protocol.ServerMessage;
import dev.wireproof.protocol.ServerMessageCodec;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * An agent as the protocol describes it, with a record that survives its kills: a model of the agent room. {@link #executions} is the truth
 * that the server cannot see.
 */
final class SimulatedMachine {

    /** What the record on disk holds of one command. */
    private static final class Entry {
        boolean executed;

        @Nullable
        CommandResult result;

        boolean confirmed;
    }

    private final SimulatedWorld world;
    private final AgentId id;
    private UUID ledgerId;
    private Map<CommandId, Entry> disk = new LinkedHashMap<>();
    /** Executions by command, over all records that this machine ever had. */
    final Map<CommandId, Integer> executions = new HashMap<>();
    /** Commands that some record of this machine ever took. */
    final Set<CommandId> accepted = new HashSet<>();

    private @Nullable SimulatedLine line;
    private long sequence;
    private int life;
    private int records;
    private boolean comes;
    private Duration clockIsOff = Duration.ZERO;

    SimulatedMachine(SimulatedWorld world, int number) {
        this.world = world;
        this.id = new AgentId(new UUID(0xA0, number));
        this.ledgerId = new UUID(number, 0);
    }

    AgentId id() {
        return id;
    }

    // ---- its life

    void connectIn(long ns) {
        if (!comes) {
            comes = true;
            world.after(ns, () -> {
                comes = false;
                connect();
            });
        }
    }

    private void connect() {
        SimulatedServer server = world.server();
        if (server == null) {
            connectIn(TimeUnit.MILLISECONDS.toNanos(500 + world.random.nextInt(1_000)));
            return;
        }
        SimulatedLine fresh = new SimulatedLine(world, server, this, world.nextEpoch());
        SimulatedLine old = world.register(this, fresh);
        if (old != null) {
            old.superseded();
        }
        line = fresh;
        world.log("%s connects, epoch %d".formatted(this, fresh.epoch()));
        server.dispatcher.opened(fresh, auth(), world.now());
        disk.forEach((command, entry) -> {
            if (entry.result != null && !entry.confirmed) {
                tellResult(entry.result);
            }
        });
        heartbeat(fresh);
    }

    private void heartbeat(SimulatedLine on) {
        world.after(TimeUnit.SECONDS.toNanos(15 + world.random.nextInt(15)), () -> {
            if (line == on) {
                on.say(
                        on.reports().heartbeats(),
                        new AgentMessage.Heartbeat(
                                1,
                                1,
                                new AgentMessage.RxCounters(0, 0, 0, 0, 0),
                                new AgentMessage.TxCounters(0, 0),
                                List.of(),
                                0,
                                null,
                                null));
                heartbeat(on);
            }
        });
    }

    private AgentMessage.Auth auth() {
        return new AgentMessage.Auth(
                new AgentMessage.Credentials.Enrolled(id, "key"),
                "simulated",
                new AgentMessage.Os("linux", "Simulated", "1", "x86_64"),
                "1",
                new UUID(life, id.value().getLeastSignificantBits()),
                "boot",
                null,
                Map.of(),
                List.of(),
                ledgerId,
                sequence,
                null,
                null,
                List.of());
    }

    /** The path to it breaks. */
    void cut() {
        SimulatedLine was = line;
        if (was != null) {
            line = null;
            was.cut();
            connectIn(world.random.nextLong(TimeUnit.SECONDS.toNanos(10)));
        }
    }

    /** The server it was connected to is gone. */
    void serverGone() {
        line = null;
        connectIn(world.random.nextLong(TimeUnit.SECONDS.toNanos(5)));
    }

    /** All but the disk is gone; then it comes back and finds what it had begun. */
    void kill() {
        world.log(this + " is killed");
        life++;
        if (world.flaw == SimulatedWorld.Flaw.FORGETFUL_MACHINES) {
            disk = new LinkedHashMap<>();
        }
        cut();
        connectIn(world.random.nextLong(TimeUnit.SECONDS.toNanos(5)));
        for (Map.Entry<CommandId, Entry> one : List.copyOf(disk.entrySet())) {
            Entry entry = one.getValue();
            if (entry.result == null && entry.executed) {
                entry.result = result(one.getKey(), Outcome.INTERRUPTED, null, true);
            } else if (entry.result == null) {
                startIn(world.random.nextLong(TimeUnit.SECONDS.toNanos(3)), one.getKey());
            }
        }
    }

    /** Installed again: its record is empty, and another one. */
    void loseDisk() {
        world.log(this + " loses its disk");
        disk = new LinkedHashMap<>();
        sequence = 0;
        ledgerId = new UUID(id.value().getLeastSignificantBits(), ++records);
        kill();
    }

    void setClock(Duration off) {
        clockIsOff = off;
    }

    /** @return whether it was killed just here */
    private boolean killedHere() {
        if (world.faulty(0.01)) {
            kill();
            return true;
        }
        return false;
    }

    // ---- what it does

    void received(SimulatedLine on, String json) {
        if (on != line) { // never on a frame of a connection other than its newest
            return;
        }
        if (!(ServerMessageCodec.decode(json) instanceof Decoded.Usable<ServerMessage>(ServerMessage message))) {
            throw new AssertionError("not a message: " + json);
        }
        switch (message) {
            case ServerMessage.Command command -> offered(on, command);
            case ServerMessage.CommandCancel cancel -> cancelled(cancel.commandId());
            case ServerMessage.CommandLedgerQuery query ->
                on.say(
                        on.reports().ledgers(),
                        new AgentMessage.CommandLedger(
                                ledgerId,
                                sequence,
                                query.commandIds().stream().map(this::entry).toList()));
            case ServerMessage.CommandResultAck ack -> confirmed(ack.commandId());
            default -> {}
        }
    }

    private void offered(SimulatedLine on, ServerMessage.Command command) {
        CommandId of = command.commandId();
        world.log("%s gets %s, attempt %d".formatted(this, world.name(of), command.attempt()));
        if (killedHere()) {
            return;
        }
        boolean duplicate = disk.containsKey(of);
        if (!duplicate && refuses(on, command)) {
            return;
        }
        if (!duplicate) {
            put(of);
            accepted.add(of);
            startIn(world.random.nextLong(TimeUnit.SECONDS.toNanos(2)), of);
            if (killedHere()) {
                return;
            }
        }
        on.say(
                on.reports().acks(),
                new AgentMessage.CommandAck(of, command.attempt(), duplicate, statusOf(of), null, null));
    }

    private Entry put(CommandId of) {
        Entry entry = new Entry();
        disk.put(of, entry);
        sequence++;
        return entry;
    }

    private AckStatus statusOf(CommandId of) {
        Entry entry = disk.get(of);
        return entry == null || (!entry.executed && entry.result == null)
                ? AckStatus.ACCEPTED
                : entry.result == null ? AckStatus.RUNNING : AckStatus.FINISHED;
    }

    private boolean refuses(SimulatedLine on, ServerMessage.Command command) {
        NackCode code = world.now().plus(clockIsOff).isAfter(command.expiresAt())
                ? NackCode.EXPIRED
                : world.faulty(0.03) ? NackCode.BUSY : world.faulty(0.02) ? NackCode.UNPARSABLE : null;
        if (code == null) {
            return world.faulty(0.2); // reads it, and does nothing about it
        }
        on.say(
                on.reports().nacks(),
                new AgentMessage.CommandNack(command.commandId(), command.attempt(), code, "because", null, null));
        return true;
    }

    private void startIn(long ns, CommandId of) {
        int mine = life;
        world.after(ns, () -> {
            Entry entry = disk.get(of);
            if (life == mine && entry != null && !entry.executed && entry.result == null) {
                entry.executed = true;
                executions.merge(of, 1, Integer::sum);
                world.log("%s runs %s".formatted(this, world.name(of)));
                if (killedHere()) {
                    return;
                }
                SimulatedLine on = line;
                if (on != null) {
                    on.say(on.reports().starts(), new AgentMessage.CommandStarted(of, 1, world.now()));
                }
                finishIn(world.random.nextLong(TimeUnit.SECONDS.toNanos(5)), of);
            }
        });
    }

    private void finishIn(long ns, CommandId of) {
        int mine = life;
        world.after(ns, () -> {
            Entry entry = disk.get(of);
            if (life == mine && entry != null && entry.result == null) {
                SimulatedLine on = line;
                if (on != null) {
                    on.say(
                            on.reports().outputs(),
                            new AgentMessage.CommandOutput(
                                    of, AgentMessage.Stream.STDOUT, 0, AgentMessage.Encoding.UTF_8, "out"));
                }
                settle(of, entry, result(of, Outcome.EXITED, 0, true));
            }
        });
    }

    private void settle(CommandId of, Entry entry, CommandResult result) {
        entry.result = result;
        if (!killedHere()) {
            tellResult(result);
        }
    }

    private void tellResult(CommandResult result) {
        SimulatedLine on = line;
        if (on != null) {
            on.say(on.reports().results(), result);
        }
    }

    private void cancelled(CommandId of) {
        Entry entry = disk.get(of);
        if (entry == null) {
            entry = put(of);
        }
        if (entry.result == null) {
            settle(of, entry, result(of, Outcome.CANCELLED, null, entry.executed));
        } else if (!entry.confirmed) {
            tellResult(entry.result);
        }
    }

    private void confirmed(CommandId of) {
        Entry entry = disk.get(of);
        if (entry != null) {
            entry.confirmed = true;
        }
    }

    private static CommandResult result(CommandId of, Outcome outcome, @Nullable Integer exitCode, boolean started) {
        return new CommandResult(of, outcome, exitCode, null, 0, 0, false, started ? Instant.EPOCH : null, 1, null);
    }

    private LedgerEntry entry(CommandId of) {
        Entry entry = disk.get(of);
        if (entry == null) {
            return new LedgerEntry(of, false, LedgerStatus.NEVER_SEEN, null, null);
        }
        CommandResult result = entry.result;
        LedgerStatus status = result == null
                ? entry.executed ? LedgerStatus.RUNNING : LedgerStatus.ACCEPTED
                : result.outcome() == Outcome.CANCELLED ? LedgerStatus.CANCELLED : LedgerStatus.FINISHED;
        return result == null || status != LedgerStatus.FINISHED
                ? new LedgerEntry(of, true, status, null, null)
                : new LedgerEntry(of, true, status, result.outcome(), result.exitCode());
    }

    @Override
    public String toString() {
        return "m" + id.value().getLeastSignificantBits();
    }
}
