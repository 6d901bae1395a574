package dev.wireproof.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.wireproof.protocol.AgentMessage;
import dev.wireproof.protocol.ServerMessage;
import dev.wireproof.testkit.RawPeer;
import dev.wireproof.testkit.RunningServer;
import dev.wireproof.testkit.TcpProxy;
import dev.wireproof.testkit.TestDatabase;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/**
 * Long commands are dispatched to a tenth of the fleet all the time. In a calm block it takes them; in the others it is in a black hole: what is
 * written to it goes nowhere, and nothing comes from it. Everybody else's commands arrive. Blocks of both follow each other (calm, hole, hole, calm), so
 * that a slow moment of the machine falls on both. {@code -Dwireproof.isolation.agents} and {@code .commands} (a block) make it larger.
 */
class IsolationIT {
    private static final int AGENTS = Integer.getInteger("wireproof.isolation.agents", 100);
    private static final int COMMANDS = Integer.getInteger("wireproof.isolation.commands", 150);
    private static final int ROUNDS = Integer.getInteger("wireproof.isolation.rounds", 1);
    private static final int CLIENTS = 8;
    private static final int PATIENCE_S = 60;
    private static final String LONG = "x".repeat(60_000);

    @TempDir
    Path home;

    private final Map<String, CompletableFuture<Long>> arrivals = new ConcurrentHashMap<>();
    private final AtomicInteger names = new AtomicInteger();
    private final AtomicBoolean over = new AtomicBoolean();

    /** Takes a command, ends it, and notes when it came. Comes again when its connection ends. */
    private final class Agent {
        private final java.util.function.IntSupplier port;
        private final CompletableFuture<String> id = new CompletableFuture<>();
        private ServerMessage.@Nullable AuthAck known;
        private volatile @Nullable RawPeer peer;

        Agent(java.util.function.IntSupplier port) {
            this.port = port;
            Thread.ofVirtual().start(this::run);
        }

        private void run() {
            while (!over.get()) {
                try (RawPeer open = RawPeer.upgraded(port.getAsInt())) {
                    peer = open;
                    login(open);
                    open.serve(message -> took(open, message));
                } catch (UncheckedIOException | IllegalStateException | AssertionError gone) {
                    // comes again
                }
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(
                        ThreadLocalRandom.current().nextInt(200, 1_000)));
            }
        }

        private void login(RawPeer open) {
            ServerMessage.AuthAck before = known;
            if (before == null) {
                ServerMessage.AuthAck ack = open.authenticate(RawPeer.auth(
                        new AgentMessage.Credentials.Enrolling(
                                RunningServer.ENROLLMENT, "isolated-" + UUID.randomUUID()),
                        UUID.randomUUID()));
                known = ack;
                id.complete(ack.agentId().toString());
            } else {
                open.authenticate(before.agentId(), String.valueOf(before.agentKey()));
            }
        }

        private void took(RawPeer open, ServerMessage message) {
            if (message instanceof ServerMessage.Command command) {
                CompletableFuture<Long> waits = arrivals.remove(command.script());
                if (waits != null) {
                    waits.complete(System.nanoTime());
                }
                open.send(new AgentMessage.CommandResult(
                        command.commandId(), AgentMessage.Outcome.EXITED, 0, null, 0, 0, false, null, 1, null));
            }
        }

        void close() {
            RawPeer open = peer;
            if (open != null) {
                open.close();
            }
        }
    }

    @Test
    @Timeout(value = 1, unit = TimeUnit.HOURS)
    void a_tenth_of_the_fleet_in_a_black_hole_keeps_nobody_elses_commands() throws Exception {
        try (LabServer server = LabServer.start(
                                home, TestDatabase.freshUrl(), "postgres", "", Map.of("WIREPROOF_API_RATE", "1000000"))
                        .awaitReady();
                TcpProxy hole = TcpProxy.to(server.port(), 8 * 1024);
                Requests requests = new Requests(server::port)) {
            List<Agent> healthy = agents(AGENTS - AGENTS / 10, server::port);
            List<Agent> holed = agents(AGENTS / 10, hole::port);
            try {
                block(requests, healthy); // warms up
                List<Long> calm = new ArrayList<>();
                List<Long> stormy = new ArrayList<>();
                for (int round = 0; round < ROUNDS; round++) {
                    calm.addAll(whileTheTenthIsFed(requests, healthy, holed));
                    stormy.addAll(withHole(requests, healthy, holed, hole));
                    stormy.addAll(withHole(requests, healthy, holed, hole));
                    calm.addAll(whileTheTenthIsFed(requests, healthy, holed));
                }
                assertThat(calm).hasSize(2 * ROUNDS * COMMANDS);
                assertThat(stormy).as("each one arrived").hasSize(2 * ROUNDS * COMMANDS);
                System.out.printf(
                        "isolation: %d of %d agents in a black hole; of the others POST to arrival p50 %.1f ms calm, %.1f ms with"
                                + " the hole; p99 %.1f ms calm, %.1f ms with it: %.2f%n",
                        AGENTS / 10,
                        AGENTS,
                        share(calm, 0.5),
                        share(stormy, 0.5),
                        share(calm, 0.99),
                        share(stormy, 0.99),
                        share(stormy, 0.99) / share(calm, 0.99));
            } finally {
                over.set(true);
                hole.release();
                healthy.forEach(Agent::close);
                holed.forEach(Agent::close);
            }
        }
    }

    private List<Agent> agents(int count, java.util.function.IntSupplier port) {
        List<Agent> agents = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Agent agent = new Agent(port);
            agents.add(agent);
            if (i % 16 == 15) {
                agent.id.join();
            }
        }
        agents.forEach(agent -> agent.id.join());
        return agents;
    }

    /** The same commands go to the tenth each time: long ones, fifty a second. */
    private List<Long> whileTheTenthIsFed(Requests requests, List<Agent> healthy, List<Agent> tenth)
            throws InterruptedException {
        AtomicBoolean ended = new AtomicBoolean();
        Thread feeder = Thread.ofVirtual().start(() -> {
            for (int i = 0; !ended.get(); i++) {
                requests.post(tenth.get(i % tenth.size()).id.join(), ",\"args\":[\"" + LONG + "\"],\"ttl_s\":600");
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
            }
        });
        try {
            return block(requests, healthy);
        } finally {
            ended.set(true);
            feeder.join();
        }
    }

    private List<Long> withHole(Requests requests, List<Agent> healthy, List<Agent> holed, TcpProxy hole)
            throws InterruptedException {
        hole.hold();
        try {
            return whileTheTenthIsFed(requests, healthy, holed);
        } finally {
            hole.release();
            hole.cutAll();
            // What waited for the tenth is delivered before the next block begins, and burdens none.
            await().atMost(Duration.ofMinutes(3)).until(() -> {
                JsonNode commands = requests.call("GET", "/api/v1/fleet/summary", null)
                        .body()
                        .path("commands");
                return hole.open() >= holed.size()
                        && commands.path("queued").asLong(0)
                                        + commands.path("offered").asLong(0)
                                == 0;
            });
        }
    }

    /** @return from POST to the agent's end of the socket, in nanoseconds, of each command */
    private List<Long> block(Requests requests, List<Agent> healthy) throws InterruptedException {
        ConcurrentLinkedQueue<Long> took = new ConcurrentLinkedQueue<>();
        AtomicInteger left = new AtomicInteger(COMMANDS);
        List<Thread> clients = IntStream.range(0, CLIENTS)
                .mapToObj(_ -> Thread.ofVirtual().start(() -> {
                    while (left.getAndDecrement() > 0) {
                        took.add(one(requests, healthy));
                    }
                }))
                .toList();
        for (Thread client : clients) {
            client.join();
        }
        return List.copyOf(took);
    }

    private long one(Requests requests, List<Agent> healthy) {
        String agent = healthy.get(ThreadLocalRandom.current().nextInt(healthy.size()))
                .id
                .join();
        String script = "echo " + names.incrementAndGet();
        CompletableFuture<Long> arrived = new CompletableFuture<>();
        arrivals.put(script, arrived);
        long start = System.nanoTime();
        Requests.Answer answer = requests.call(
                "POST", "/api/v1/commands", "{\"agent_id\":\"%s\",\"script\":\"%s\"}".formatted(agent, script));
        assertThat(answer.status()).isEqualTo(202);
        try {
            return arrived.get(PATIENCE_S, TimeUnit.SECONDS) - start;
        } catch (InterruptedException | ExecutionException | TimeoutException e) {
            throw new AssertionError("it never arrived", e);
        }
    }

    private static double share(List<Long> ns, double share) {
        List<Long> sorted = ns.stream().sorted().toList();
        return sorted.get(Math.min(sorted.size() - 1, (int) (share * sorted.size()))) / 1e6;
    }
}
