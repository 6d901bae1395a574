package dev.wireproof.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.wireproof.protocol.AgentMessage;
import dev.wireproof.protocol.ServerMessage;
import dev.wireproof.testkit.RawPeer;
import dev.wireproof.testkit.RunningServer;
import dev.wireproof.testkit.TcpProxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/**
 * Everything comes from the agents and nothing reaches them any more, from a moment that is another one for each. It prints how long the
 * server took to end each connection. {@code -Dwireproof.deadpath.timeout=45s} is the time as it is set by default, and {@code .agents} tells
 * how many.
 */
class DeadPathIT {
    private static final int AGENTS = Integer.getInteger("wireproof.deadpath.agents", 6);
    private static final String TIMEOUT = System.getProperty("wireproof.deadpath.timeout", "4s");

    /** One agent behind a path of its own. */
    private record Behind(TcpProxy path, RawPeer peer, String connection) {}

    private final List<Behind> all = new ArrayList<>();

    @Test
    void a_way_out_that_is_dead_is_found_though_heartbeats_come_in_all_the_while() {
        try (RunningServer server = RunningServer.start("wireproof.connection.outbound-unproven-timeout=" + TIMEOUT)) {
            for (int i = 0; i < AGENTS; i++) {
                all.add(join(server));
            }
            var lostAt = new ConcurrentHashMap<String, Long>();
            for (Behind one : all) {
                one.path().down().discard();
                lostAt.put(one.connection(), System.nanoTime());
                LockSupport.parkNanos(
                        TimeUnit.MILLISECONDS.toNanos(370)); // so that each is at another point of its Pings' beat
            }
            List<Long> tookMs = new ArrayList<>();
            await().atMost(Duration.ofMinutes(2))
                    .pollInterval(Duration.ofMillis(50))
                    .until(() -> {
                        for (Behind one : all) {
                            beat(one.peer());
                            Long since = lostAt.get(one.connection());
                            if (since != null && ended(server, one)) {
                                tookMs.add((System.nanoTime() - since) / 1_000_000);
                                lostAt.remove(one.connection());
                            }
                        }
                        return lostAt.isEmpty();
                    });
            tookMs.sort(null);
            System.out.printf(
                    "dead path: %d agents, outbound-unproven-timeout %s, found after %.1f s (median) and %.1f s (latest)%n",
                    AGENTS, TIMEOUT, tookMs.get(AGENTS / 2) / 1e3, tookMs.getLast() / 1e3);
            all.forEach(one ->
                    assertThat(how(server, one).path("close_reason").asString()).startsWith("outbound unproven"));
        } finally {
            all.forEach(one -> {
                one.peer().close();
                one.path().close();
            });
        }
    }

    private static Behind join(RunningServer server) {
        TcpProxy path = TcpProxy.to(server.port());
        RawPeer peer = RawPeer.upgraded(path.port());
        ServerMessage.AuthAck welcome = peer.authenticate(RawPeer.auth(
                new AgentMessage.Credentials.Enrolling(RunningServer.ENROLLMENT, "dead-" + UUID.randomUUID()),
                UUID.randomUUID()));
        Thread.startVirtualThread(() -> {
            try {
                peer.serve(_ -> {});
            } catch (java.io.UncheckedIOException ended) {
                // nothing comes any more
            }
        });
        return new Behind(path, peer, welcome.connectionId().toString());
    }

    private static void beat(RawPeer peer) {
        try {
            peer.send(new AgentMessage.Heartbeat(
                    1,
                    5,
                    new AgentMessage.RxCounters(3, 1, 900, 0, 1),
                    new AgentMessage.TxCounters(2, 200),
                    List.of(),
                    0,
                    null,
                    null));
        } catch (java.io.UncheckedIOException ended) {
            // the server ended it
        }
    }

    private static boolean ended(RunningServer server, Behind one) {
        return !how(server, one).path("closed_at").isNull();
    }

    private static JsonNode how(RunningServer server, Behind one) {
        return server.admin().get("/api/v1/connections/" + one.connection()).json();
    }
}
