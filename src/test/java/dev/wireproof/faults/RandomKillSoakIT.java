package dev.wireproof.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.wireproof.id.CommandId;
import dev.wireproof.testkit.TcpProxy;
import dev.wireproof.testkit.TestDatabase;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.jdbc.core.simple.JdbcClient;

/**
 * Commands without pause, and kills at random: of the server, of agents, of the paths between them. {@code -Dwireproof.soak.seconds} tells for
 * how long, {@code -Dwireproof.soak.seed} what is drawn. It proves something only when commands came twice on the wire, so it sees to that,
 * and fails when none did.
 */
class RandomKillSoakIT {
    private static final long SECONDS = Long.getLong("wireproof.soak.seconds", 15);
    private static final long SEED = Long.getLong("wireproof.soak.seed", System.nanoTime() & 0xFFFF_FFFFL);
    private static final int AGENTS = 8;
    private static final int CLIENTS = 4;
    private static final int CALM_AT_MOST_MS = 8_000;

    @TempDir
    Path home;

    private final Random random = new Random(SEED);
    private final WireTap tap = new WireTap();
    private int serverKills;
    private int pathCuts;

    @Test
    @Timeout(value = 24, unit = TimeUnit.HOURS)
    void under_random_kills_no_accepted_command_is_lost_and_none_runs_twice() throws Exception {
        System.out.printf("soak: begins; seed %d, %d s%n", SEED, SECONDS);
        String direct = TestDatabase.freshUrl();
        try (TcpProxy database = TcpProxy.toDatabase(direct);
                LabServer server = LabServer.start(
                                home,
                                database.jdbcUrl(direct),
                                "postgres",
                                "",
                                Map.of(
                                        "WIREPROOF_DELIVERY_ACK_WAIT",
                                        "1s",
                                        "WIREPROOF_CONNECTION_PING_INTERVAL",
                                        "1s",
                                        "WIREPROOF_API_RATE",
                                        "1000000"))
                        .awaitReady();
                TcpProxy path = TcpProxy.to(server.port());
                Requests requests = new Requests(server::port)) {
            List<LabAgent> agents = LabAgent.several(AGENTS, path::port, home, tap);
            try {
                agents.forEach(LabAgent::id);
                AtomicBoolean over = new AtomicBoolean();
                List<Thread> clients = java.util.stream.IntStream.range(0, CLIENTS)
                        .mapToObj(n ->
                                Thread.ofVirtual().start(() -> post(requests, agents, new Random(SEED + n), over)))
                        .toList();
                long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
                surelyTwice(requests, agents.getFirst(), server, database);
                while (System.nanoTime() - end < 0) {
                    LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(random.nextInt(CALM_AT_MOST_MS)));
                    disturb(agents, server, database, path);
                }
                over.set(true);
                for (Thread client : clients) {
                    client.join();
                }
                agents.forEach(LabAgent::listen);
                if (!server.ready()) {
                    server.startAgain();
                }
                tell(requests, agents, direct);
            } finally {
                agents.forEach(LabAgent::close);
            }
        }
    }

    private void tell(Requests requests, List<LabAgent> agents, String direct) {
        DataSource truth = TestDatabase.at(direct);
        JdbcClient sql = JdbcClient.create(truth);
        await().atMost(Duration.ofMinutes(3))
                .until(() -> sql.sql("SELECT count(*) FROM command WHERE ended_at IS NULL")
                                .query(Long.class)
                                .single()
                        == 0);
        new Invariants(requests, truth, tap, agents).hold(); // which fails when one is lost or doubled
        int agentKills = agents.stream().mapToInt(LabAgent::kills).sum();
        System.out.printf(
                "soak: seed %d, %d s, commands %d, kills of the server %d, of agents %d, cuts of paths %d, offers %d,"
                        + " duplicates on the wire %d (%.1f %%), lost 0, doubled 0; from a login to the first offer of what waited"
                        + " p50 %d ms, p99 %d ms%n",
                SEED,
                SECONDS,
                requests.accepted().size(),
                serverKills,
                agentKills,
                pathCuts,
                tap.offers(),
                tap.duplicates(),
                100.0 * tap.duplicates() / tap.offers(),
                tap.offeredAfterMs(0.5),
                tap.offeredAfterMs(0.99));
        assertThat(tap.duplicates())
                .as("without a duplicate on the wire it has shown nothing")
                .isPositive();
        assertThat(serverKills).isPositive();
    }

    private static void post(Requests requests, List<LabAgent> agents, Random random, AtomicBoolean over) {
        while (!over.get()) {
            Requests.Answer answer =
                    requests.post(agents.get(random.nextInt(agents.size())).id(), "");
            if (!answer.accepted()) {
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(200));
            }
        }
    }

    /** An offer that came and was not acknowledged before the server died comes again. */
    private void surelyTwice(Requests requests, LabAgent agent, LabServer server, TcpProxy database)
            throws InterruptedException {
        agent.ignoreOffers();
        CommandId id = requests.accepted(agent, "");
        await().until(() -> !tap.offersOf(id).isEmpty());
        killed(server, database);
        agent.listen();
    }

    private void killed(LabServer server, TcpProxy database) throws InterruptedException {
        server.kill();
        database.cutAll();
        serverKills++;
        server.startAgain();
    }

    private void disturb(List<LabAgent> agents, LabServer server, TcpProxy database, TcpProxy path)
            throws InterruptedException {
        agents.forEach(LabAgent::listen);
        LabAgent one = agents.get(random.nextInt(agents.size()));
        LabAgent.Point[] points = LabAgent.Point.values();
        switch (random.nextInt(8)) {
            case 0, 1 -> killed(server, database);
            case 2 -> one.kill();
            case 3 -> one.killAt(points[random.nextInt(points.length)]);
            case 4 -> {
                pathCuts++;
                path.cutAll();
            }
            case 5 -> database.cutAll();
            default -> one.ignoreOffers(); // until the next disturbance: what it is offered comes again
        }
    }
}
