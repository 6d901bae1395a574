package dev.wireproof.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.wireproof.protocol.AgentMessage;
import dev.wireproof.protocol.ServerMessage;
import dev.wireproof.testkit.RawPeer;
import dev.wireproof.testkit.RunningServer;
import dev.wireproof.testkit.TestDatabase;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** After a restart a whole fleet calls in the same moment. {@code -Dwireproof.storm.agents} tells how many; it prints how long it took. */
class ReconnectStormIT {
    private static final int AGENTS = Integer.getInteger("wireproof.storm.agents", 500);
    private static final int ENROLLING_TOGETHER = 32;

    @TempDir
    Path home;

    private final List<RawPeer> peers = Collections.synchronizedList(new ArrayList<>());
    private final AtomicInteger in = new AtomicInteger();
    private final AtomicInteger again = new AtomicInteger();
    private final AtomicBoolean over = new AtomicBoolean();

    @Test
    void a_fleet_that_calls_at_once_after_a_restart_is_let_in_and_the_api_answers_meanwhile() throws Exception {
        try (LabServer server = LabServer.start(
                                home, TestDatabase.freshUrl(), "postgres", "", Map.of("WIREPROOF_API_RATE", "1000000"))
                        .awaitReady();
                Requests requests = new Requests(server::port)) {
            List<ServerMessage.AuthAck> fleet = enrolled(server);
            server.kill();
            server.startAgain();

            CountDownLatch begin = new CountDownLatch(1);
            List<Thread> threads = fleet.stream()
                    .map(one -> Thread.ofVirtual().start(() -> comeBack(server, one, begin)))
                    .toList();
            List<Long> postsMs = Collections.synchronizedList(new ArrayList<>());
            Thread client = Thread.ofVirtual().start(() -> post(requests, fleet, postsMs));
            long start = System.nanoTime();
            begin.countDown();
            await().atMost(Duration.ofMinutes(3)).until(() -> in.get() >= AGENTS * 95 / 100);
            long most = System.nanoTime() - start;
            await().atMost(Duration.ofMinutes(3)).until(() -> in.get() == AGENTS);
            long all = System.nanoTime() - start;
            over.set(true);
            client.join();
            assertThat(postsMs).isNotEmpty();
            System.out.printf(
                    "storm: %d agents, 95 %% in after %.1f s, all after %.1f s, %d tried more than once, %d POSTs answered 202"
                            + " meanwhile, the slowest in %d ms%n",
                    AGENTS, most / 1e9, all / 1e9, again.get(), postsMs.size(), Collections.max(postsMs));
            assertThat(requests.call("GET", "/api/v1/connections?live=true&limit=1", null)
                            .status())
                    .isEqualTo(200);
            peers.forEach(RawPeer::close);
            for (Thread thread : threads) {
                thread.join();
            }
        }
    }

    private List<ServerMessage.AuthAck> enrolled(LabServer server) throws InterruptedException {
        List<ServerMessage.AuthAck> fleet = Collections.synchronizedList(new ArrayList<>());
        Semaphore together = new Semaphore(ENROLLING_TOGETHER);
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < AGENTS; i++) {
            together.acquire();
            threads.add(Thread.ofVirtual().start(() -> {
                try (RawPeer peer = RawPeer.upgraded(server.port())) {
                    fleet.add(peer.authenticate(RawPeer.auth(
                            new AgentMessage.Credentials.Enrolling(
                                    RunningServer.ENROLLMENT, "storm-" + UUID.randomUUID()),
                            UUID.randomUUID())));
                } finally {
                    together.release();
                }
            }));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(fleet).hasSize(AGENTS);
        return fleet;
    }

    /** As an agent does: what was refused is tried again after a while, and each has a while of its own. */
    private void comeBack(LabServer server, ServerMessage.AuthAck one, CountDownLatch begin) {
        try {
            begin.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return;
        }
        RawPeer peer = tried(server, one);
        while (peer == null && !over.get()) {
            again.incrementAndGet();
            LockSupport.parkNanos(ThreadLocalRandom.current().nextLong(500_000_000, 3_000_000_000L));
            peer = tried(server, one);
        }
        if (peer == null) {
            return;
        }
        in.incrementAndGet();
        try {
            peer.serve(_ -> {});
        } catch (UncheckedIOException ended) {
            // the test is over
        }
    }

    private @Nullable RawPeer tried(LabServer server, ServerMessage.AuthAck one) {
        RawPeer peer = null;
        try {
            peer = RawPeer.upgraded(server.port());
            peers.add(peer);
            peer.authenticate(one.agentId(), String.valueOf(one.agentKey()));
            return peer;
        } catch (UncheckedIOException | IllegalStateException | AssertionError refused) {
            if (peer != null) {
                peer.close();
            }
            return null;
        }
    }

    private void post(Requests requests, List<ServerMessage.AuthAck> fleet, List<Long> postsMs) {
        while (!over.get()) {
            long start = System.nanoTime();
            Requests.Answer answer = requests.post(
                    fleet.get(ThreadLocalRandom.current().nextInt(fleet.size())).agentId(), "");
            if (answer.status() == 202) {
                postsMs.add((System.nanoTime() - start) / 1_000_000);
            }
        }
    }
}
