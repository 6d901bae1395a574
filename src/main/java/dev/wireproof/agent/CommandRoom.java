package dev.wireproof.agent;

import dev.wireproof.id.CommandId;
import dev.wireproof.protocol.AgentMessage;
import dev.wireproof.protocol.AgentMessage.CommandNack;
import dev.wireproof.protocol.AgentMessage.CommandResult;
import dev.wireproof.protocol.AgentMessage.NackCode;
import dev.wireproof.protocol.AgentMessage.Outcome;
import dev.wireproof.protocol.ProtocolLimits;
import dev.wireproof.protocol.ServerMessage.AgentConfig;
import dev.wireproof.protocol.ServerMessage.Command;
import java.io.IOException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The commands that wait and those that run. Nothing starts before the first ConfigUpdate of this process: only then is
 * known how many at once, with which interpreters, and what the time is at the server. Owned by the core's thread.
 */
final class CommandRoom {
    /** Accepted and not started; beyond it an offer is answered {@code busy}. */
    static final int MAX_WAITING = 256;

    private final Home home;
    private final Ledger ledger;
    private final Deliveries deliveries;
    private final ServerTime serverTime;
    private final InstantSource clock;
    private final AgentLog log;
    private final CommandRun.Listener listener;
    /** Sends on the newest connection when there is one. */
    private final Consumer<AgentMessage> outlet;

    /** With their expiry, in the order they came. */
    private final Map<CommandId, Instant> waiting = new LinkedHashMap<>();

    private final Map<CommandId, CommandRun> running = new LinkedHashMap<>();
    /** Results that the disk did not take: tried again until it does, and told to nobody before. */
    private final Map<CommandId, CommandResult> unrecorded = new HashMap<>();

    private @Nullable AgentConfig config;

    CommandRoom(
            Home home,
            Ledger ledger,
            Deliveries deliveries,
            ServerTime serverTime,
            InstantSource clock,
            AgentLog log,
            CommandRun.Listener listener,
            Consumer<AgentMessage> outlet) {
        this.home = home;
        this.ledger = ledger;
        this.deliveries = deliveries;
        this.serverTime = serverTime;
        this.clock = clock;
        this.log = log;
        this.listener = listener;
        this.outlet = outlet;
    }

    /** Before anything else: accepted by an earlier process of this agent, and never started. */
    void takeUp(CommandId id) throws IOException {
        waiting.put(id, ledger.command(id).expiresAt());
    }

    /** @return what is not as it was asked for; null when all is */
    @Nullable
    String configure(AgentConfig fresh) {
        config = fresh;
        startWaiting();
        return fresh.maxConcurrentCommands() > ProtocolLimits.RUNNING_COMMANDS
                ? "this agent runs at most " + ProtocolLimits.RUNNING_COMMANDS + " commands at once"
                : null;
    }

    boolean allows(Interpreter interpreter) {
        return config == null || config.allowedInterpreters().contains(interpreter.wireName());
    }

    /** @return why no more is taken now; null when there is room */
    @Nullable
    String full() {
        if (waiting.size() >= MAX_WAITING) {
            return MAX_WAITING + " commands wait already";
        }
        if (deliveries.isFull()) {
            return Deliveries.MAX + " results wait to be acknowledged";
        }
        return CommandRun.tooManyLinger()
                ? CommandRun.MAX_LINGERING + " finished commands left processes that hold their output open"
                : null;
    }

    void accepted(CommandId id, Instant expiresAt) {
        waiting.put(id, expiresAt);
        startWaiting();
    }

    void forget(CommandId id) {
        waiting.remove(id);
    }

    /** Now and then: expiry, and what the disk did not take the last time. */
    void tick() {
        for (CommandResult result : List.copyOf(unrecorded.values())) {
            ended(result);
        }
        List<CommandId> late = new ArrayList<>();
        waiting.forEach((id, expiresAt) -> {
            if (!serverTime.now().isBefore(expiresAt)) {
                late.add(id);
            }
        });
        if (config != null) {
            late.forEach(this::expire);
        }
        startWaiting();
        try {
            ledger.compactIfWorthIt(clock.instant());
        } catch (IOException e) {
            log.warn("record.not_compacted", "error", e.getMessage());
        }
    }

    private void expire(CommandId id) {
        try {
            ledger.expire(id);
        } catch (IOException e) {
            log.warn("record.failed", "command", id, "error", e.getMessage());
            return; // The next tick tries again; it is not started meanwhile.
        }
        waiting.remove(id);
        log.info("command.expired", "command", id);
        outlet.accept(expiredNack(id, null));
    }

    CommandNack expiredNack(CommandId id, @Nullable Integer attempt) {
        return new CommandNack(id, attempt, NackCode.EXPIRED, "expires_at passed before it was started", null, null);
    }

    private void startWaiting() {
        AgentConfig limits = config;
        while (limits != null
                && !waiting.isEmpty()
                && running.size() < Math.min(limits.maxConcurrentCommands(), ProtocolLimits.RUNNING_COMMANDS)) {
            CommandId id = waiting.keySet().iterator().next();
            if (!serverTime.now().isBefore(waiting.getOrDefault(id, Instant.MAX))) {
                return; // The next tick says so first.
            }
            try {
                start(id, limits);
            } catch (IOException e) {
                log.warn("command.not_started", "command", id, "error", e.getMessage());
                return; // It waits on, and the next tick tries again.
            }
        }
    }

    private void start(CommandId id, AgentConfig limits) throws IOException {
        Command command = ledger.command(id);
        Instant startedAt = clock.instant();
        // From here on it may have run: never again, whatever happens next.
        ledger.starting(id, startedAt);
        waiting.remove(id);
        Optional<Interpreter> interpreter = Interpreter.named(command.interpreter());
        Optional<String> program = interpreter.flatMap(Interpreter::find);
        if (program.isEmpty()) {
            failedToStart(id, "this machine has no " + command.interpreter() + " any more");
            return;
        }
        OutputSpool output;
        try {
            output = OutputSpool.create(
                    id, home.outputDirectory(), Math.min(command.maxOutputBytes(), limits.maxOutputBytes()));
        } catch (IOException e) {
            failedToStart(id, "its output could not be kept: " + e.getMessage());
            return;
        }
        deliveries.add(new Delivery(id, output));
        CommandRun run = new CommandRun(
                command, interpreter.orElseThrow(), program.get(), output, home.scriptDirectory(), startedAt, listener);
        running.put(id, run);
        log.info("command.started", "command", id);
        run.start();
    }

    private void failedToStart(CommandId id, String why) {
        ended(new CommandResult(id, Outcome.FAILED_TO_START, null, null, 0, 0, false, null, 0, why));
    }

    void started(CommandId id, long pid, Instant at, long processStart) {
        Delivery delivery = deliveries.find(id);
        if (delivery != null) {
            delivery.started(new AgentMessage.CommandStarted(id, pid, at));
        }
        try {
            ledger.started(id, pid, processStart);
        } catch (IOException e) {
            log.warn("record.failed", "command", id, "error", e.getMessage());
        }
    }

    void cancel(CommandId id) {
        CommandRun run = running.get(id);
        if (run != null) {
            run.cancel();
        }
    }

    /** Records the result, and only then lets it be told. */
    void ended(CommandResult result) {
        CommandId id = result.commandId();
        running.remove(id);
        try {
            ledger.finish(result, clock.instant());
        } catch (IOException e) {
            log.warn("record.failed", "command", id, "error", e.getMessage());
            unrecorded.put(id, result);
            return;
        }
        unrecorded.remove(id);
        log.info("command.ended", "command", id, "outcome", result.outcome(), "exit", result.exitCode());
        deliverRecorded(id);
        startWaiting();
    }

    /** Lets the result on record be told, after what output there is. */
    void deliverRecorded(CommandId id) {
        try {
            Delivery delivery = deliveries.find(id);
            if (delivery == null) {
                delivery = new Delivery(id, OutputSpool.reopen(id, home.outputDirectory()));
                deliveries.add(delivery);
            }
            delivery.finished(ledger.result(id));
        } catch (IOException e) {
            log.warn("result.unreadable", "command", id, "error", e.getMessage());
        }
    }

    /** The server has the result, or does not want it. */
    void settle(CommandId id) {
        try {
            ledger.settle(id);
            deliveries.remove(id);
            OutputSpool.delete(id, home.outputDirectory());
        } catch (IOException e) {
            log.warn("record.failed", "command", id, "error", e.getMessage());
        }
    }

    List<CommandId> runningCommands() {
        return List.copyOf(running.keySet());
    }

    int waitingCommands() {
        return waiting.size();
    }

    /** Ends all processes; their results are found {@code interrupted} by the next process of this agent. */
    List<CommandRun> stop() {
        running.values().forEach(CommandRun::agentStops);
        return List.copyOf(running.values());
    }
}
