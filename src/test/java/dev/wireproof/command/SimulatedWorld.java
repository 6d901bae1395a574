package dev.wireproof.command;

import dev.wireproof.connection.OutboundText;
import dev.wireproof.id.CommandId;
import dev.wireproof.id.SiteId;
import dev.wireproof.protocol.Decoded;
import dev.wireproof.protocol.ServerMessage;
import dev.wireproof.protocol.ServerMessageCodec;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A server, its database, some machines and a client on one thread, under a time that only the events move, with every choice made by one
 * seeded generator: the same seed is the same history. For two minutes of its time things go wrong: commits fail, or succeed without saying
 * so; the server crashes between any two steps; machines are killed, and lose their disks; paths are cut, and texts come late and
 * twice; connections supersede each other; machines' clocks are two hours off. Then all is well, and what was promised is checked.
 *
 * <p>Real: all that decides (see {@link SimulatedServer}). Modelled: the tables ({@link SimulatedStore}), connections
 * ({@link SimulatedLine}), agents ({@link SimulatedMachine}), the clock and the loops.
 */
final class SimulatedWorld {

    /** How a commit goes. */
    enum Commit {
        DONE,
        LOST,
        ANSWER_LOST,
        CRASH_BEFORE,
        CRASH_AFTER
    }

    /** Something that breaks a promise on which the others stand: to show that it would be found. */
    enum Flaw {
        NONE,
        /** Its record is empty after a kill, and says that it is not. */
        FORGETFUL_MACHINES,
        /** It answers commits that it loses. */
        LYING_DATABASE
    }

    /** The server's process ends, here and now. */
    static final class Crash extends Error {
        private static final long serialVersionUID = 1;

        Crash() {
            super("crash", null, false, false);
        }
    }

    private record Event(long atNs, long number, Runnable action) {}

    private static final Instant START = Instant.parse("2026-10-25T00:00:00Z");
    private static final Duration TROUBLE = Duration.ofSeconds(120);

    final SplittableRandom random;
    final Flaw flaw;
    private final PriorityQueue<Event> events =
            new PriorityQueue<>(Comparator.comparingLong(Event::atNs).thenComparingLong(Event::number));
    private final SimulatedStore store = new SimulatedStore(this);
    private final List<SimulatedMachine> machines = new ArrayList<>();
    private final Map<SimulatedMachine, SimulatedLine> live = new HashMap<>();
    private final Map<CommandId, String> names = new LinkedHashMap<>();
    private final Map<String, CommandId> answered = new LinkedHashMap<>();
    private final Set<CommandId> redelivered = new HashSet<>();
    private final List<String> history = new ArrayList<>();
    private final List<String> broken = new ArrayList<>();
    private @Nullable SimulatedServer server;
    private boolean faults = true;
    private boolean databaseAway;
    private long nowNs;
    private long numbers;
    private long epochs;
    private long ids;
    private boolean diskLost;

    private SimulatedWorld(long seed, Flaw flaw) {
        this.flaw = flaw;
        this.random = new SplittableRandom(seed);
    }

    /** What happened, line by line, and what of it should not have. */
    record History(long seed, List<String> lines, List<String> broken) {
        @Override
        public String toString() {
            return "seed %d:%n  %s%n%s".formatted(seed, String.join("\n  ", broken), String.join("\n", lines));
        }
    }

    static History of(long seed) {
        return of(seed, Flaw.NONE);
    }

    static History of(long seed, Flaw flaw) {
        SimulatedWorld world = new SimulatedWorld(seed, flaw);
        world.play();
        return new History(seed, world.history, world.broken);
    }

    private void play() {
        start();
        int count = 2 + random.nextInt(2);
        for (int i = 1; i <= count; i++) {
            SimulatedMachine machine = new SimulatedMachine(this, i);
            machines.add(machine);
            machine.connectIn(random.nextLong(TimeUnit.SECONDS.toNanos(20)));
        }
        int commands = 3 + random.nextInt(6);
        for (int i = 0; i < commands; i++) {
            ask("key-" + i);
        }
        trouble();
        run(TROUBLE);
        heal();
        run(Duration.ofSeconds(90));
        for (Duration later : List.of(Duration.ofMinutes(11), Duration.ofHours(25), Duration.ofDays(9))) {
            nowNs += later.toNanos();
            run(Duration.ofSeconds(5));
        }
        judge();
    }

    // ---- time

    Instant now() {
        return START.plusNanos(nowNs / 1_000 * 1_000);
    }

    long nowNs() {
        return nowNs;
    }

    void after(long ns, Runnable action) {
        at(nowNs + ns, action);
    }

    void at(long ns, Runnable action) {
        events.add(new Event(ns, numbers++, action));
    }

    private void run(Duration time) {
        long untilNs = nowNs + time.toNanos();
        while (nowNs < untilNs) {
            try {
                runTo(untilNs);
            } catch (Crash crash) {
                crashed();
            }
        }
    }

    /** While one of the server's threads waits. A crash ends it as well. */
    void runOn(Duration time) {
        runTo(nowNs + time.toNanos());
    }

    private void runTo(long untilNs) {
        for (Event next = events.peek(); next != null && next.atNs() <= untilNs; next = events.peek()) {
            events.remove();
            nowNs = Math.max(nowNs, next.atNs());
            next.action().run();
            if (server != null) {
                server.kick();
            }
        }
        nowNs = Math.max(nowNs, untilNs);
    }

    // ---- chance

    boolean chance(double share) {
        return random.nextDouble() < share;
    }

    /** A fault, as long as there are any. */
    boolean faulty(double share) {
        return faults && chance(share);
    }

    Commit commitOutcome() {
        if (!faulty(0.04)) {
            return Commit.DONE;
        }
        Commit outcome = Commit.values()[1 + random.nextInt(4)];
        log("a commit: " + outcome);
        return outcome;
    }

    void databaseAsked() throws SQLException {
        if (databaseAway || faulty(0.005)) {
            throw new SQLException("the database is away", "08001");
        }
    }

    void statementRuns() throws SQLException {
        if (faulty(0.01)) {
            throw new SQLException("a deadlock was broken", "40P01");
        }
    }

    void databaseRead() {
        if (databaseAway || faulty(0.005)) {
            throw new StoreUnavailableException("the database is away", null);
        }
    }

    void crashHere() {
        if (faulty(0.004)) {
            throw new Crash();
        }
    }

    private void trouble() {
        after(random.nextLong(TimeUnit.SECONDS.toNanos(8)), () -> {
            if (!faults) {
                return;
            }
            trouble();
            SimulatedMachine one = machines.get(random.nextInt(machines.size()));
            switch (random.nextInt(8)) {
                case 0 -> throw new Crash();
                case 1 -> {
                    databaseAway = true;
                    log("the database goes away");
                    after(random.nextLong(TimeUnit.SECONDS.toNanos(6)), () -> databaseAway = false);
                }
                case 2, 3 -> one.cut();
                case 4 -> one.kill();
                case 5 -> one.connectIn(1); // a second connection beside the first
                case 6 -> one.setClock(Duration.ofHours(random.nextInt(3) * 2L - 2));
                default -> {
                    if (chance(0.1)) {
                        diskLost = true;
                        one.loseDisk();
                    }
                }
            }
        });
    }

    private void heal() {
        faults = false;
        databaseAway = false;
        log("all is well");
        for (SimulatedMachine machine : machines) {
            machine.setClock(Duration.ZERO);
            machine.cut();
            machine.connectIn(1);
        }
    }

    // ---- the server's lives

    @Nullable
    SimulatedServer server() {
        return server;
    }

    private void start() {
        log("the server starts");
        server = new SimulatedServer(this, store);
    }

    private void crashed() {
        log("the server crashes");
        server = null;
        live.clear();
        machines.forEach(SimulatedMachine::serverGone);
        after(TimeUnit.MILLISECONDS.toNanos(500 + random.nextInt(4_000)), () -> {
            if (server == null) {
                start();
            }
        });
    }

    long nextEpoch() {
        return ++epochs;
    }

    /** @return the connection that is superseded by it; null: none */
    @Nullable
    SimulatedLine register(SimulatedMachine machine, SimulatedLine line) {
        SimulatedLine old = live.put(machine, line);
        return old != null && old.belongsTo(java.util.Objects.requireNonNull(server)) ? old : null;
    }

    // ---- the client

    /** Asks until it is answered, with the same key. */
    private void ask(String key) {
        SimulatedMachine to = machines.get(random.nextInt(machines.size()));
        NewCommand what = new NewCommand(
                to.id(),
                new SiteId(new UUID(7, 7)),
                "sh",
                "echo",
                List.of(),
                Map.of(),
                null,
                Duration.ofSeconds(60),
                Duration.ofSeconds(chance(0.3) ? 5 + random.nextInt(60) : 86_400),
                1_000,
                chance(0.7) ? CommandEffect.ONCE : CommandEffect.REPEATABLE,
                false,
                "client",
                null,
                null);
        after(random.nextLong(TimeUnit.SECONDS.toNanos(60)), () -> ask(key, what));
    }

    private void ask(String key, NewCommand what) {
        if (answered.containsKey(key)) {
            return;
        }
        after(TimeUnit.SECONDS.toNanos(12), () -> ask(key, what));
        SimulatedServer there = server;
        if (there == null) {
            return;
        }
        CommandId id = new CommandId(new UUID(0xD0, ++ids));
        names.put(id, "c" + ids);
        there.submit(id, what, new IdempotencyKey("client", key, "sha")).thenAccept(answer -> {
            switch (answer) {
                case Submission.Created(CommandView made) -> told(key, made.id());
                case Submission.Replayed(CommandView made) -> told(key, made.id());
                case Submission.KeyReused() -> broken.add("9 " + key + " was called used with another request");
                case Submission.TooLarge unused -> broken.add("too large");
            }
        });
    }

    private void told(String key, CommandId id) {
        log("%s is answered: %s".formatted(key, name(id)));
        CommandId before = answered.put(key, id);
        check(before == null || before.equals(id), () -> "9 %s made two commands".formatted(key));
        check(store.row(id) != null, () -> "1 %s was answered before it was stored".formatted(name(id)));
        if (chance(0.2)) {
            after(random.nextLong(TimeUnit.SECONDS.toNanos(40)), () -> {
                if (server != null) {
                    log("cancel " + name(id));
                    server.cancel(id);
                }
            });
        }
        if (chance(0.2)) {
            after(TimeUnit.SECONDS.toNanos(30 + random.nextInt(60)), () -> {
                if (server != null) {
                    log("redeliver " + name(id));
                    redelivered.add(id);
                    server.redeliver(id);
                }
            });
        }
    }

    // ---- what is promised

    String name(CommandId id) {
        return names.getOrDefault(id, id.toString());
    }

    void log(String line) {
        history.add("%.3f %s".formatted(nowNs / 1e9, line));
    }

    void check(boolean holds, Supplier<String> otherwise) {
        if (!holds) {
            broken.add("at %.3f %s".formatted(nowNs / 1e9, otherwise.get()));
        }
    }

    /** A text is about to be put on a connection. */
    void leaves(SimulatedLine on, OutboundText text) {
        if (!(ServerMessageCodec.decode(text.json()) instanceof Decoded.Usable<ServerMessage>(var message))) {
            throw new AssertionError("not a message: " + text.json());
        }
        switch (message) {
            case ServerMessage.Command command -> {
                NewAttempt row = store.attempt(command.commandId(), command.attempt());
                check(
                        row != null && row.lane().link == on,
                        () -> "4 %s leaves before its attempt is stored".formatted(name(command.commandId())));
            }
            case ServerMessage.CommandResultAck ack -> {
                CommandRow row = store.row(ack.commandId());
                check(
                        row != null && row.facts().resultCommitted(),
                        () -> "3 the result of %s is confirmed before it is stored".formatted(name(ack.commandId())));
            }
            default -> {}
        }
    }

    private void judge() {
        for (Map.Entry<String, CommandId> one : answered.entrySet()) {
            CommandRow row = store.row(one.getValue());
            check(row != null, () -> "1 %s is lost".formatted(name(one.getValue())));
        }
        check(answered.size() == store.keys().size(), () -> "9 a key without an answer, or twice");
        check(store.all().size() == store.keys().size(), () -> "9 a command without a key");
        for (CommandRow row : store.all()) {
            judge(row.facts());
        }
    }

    private void judge(CommandFacts facts) {
        String name = name(facts.id());
        int ran = machines.stream()
                .mapToInt(machine -> machine.executions.getOrDefault(facts.id(), 0))
                .sum();
        boolean taken = machines.stream().anyMatch(machine -> machine.accepted.contains(facts.id()));
        check(facts.state().ended(), () -> "10 %s is still %s: %s".formatted(name, facts.state(), facts));
        boolean mayRepeat = redelivered.contains(facts.id()) || facts.effect() == CommandEffect.REPEATABLE;
        check(ran <= 1 || (mayRepeat && diskLost), () -> "2 %s ran %d times".formatted(name, ran));
        boolean honest = switch (facts.certainty()) {
            case NOT_RECEIVED -> !taken && ran == 0;
            case UNKNOWN -> true;
            case RECEIVED -> taken || facts.state() == CommandState.CANCELLED;
            case NOT_RUN -> ran == 0;
            case EXECUTED -> ran > 0;
        };
        check(
                honest,
                () -> "4 %s is %s %s, but taken: %s, ran: %d"
                        .formatted(name, facts.state(), facts.certainty(), taken, ran));
    }
}
