package dev.wireproof.connection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.wireproof.id.AgentId;
import dev.wireproof.kernel.SocketReading;
import dev.wireproof.kernel.SocketView;
import dev.wireproof.telemetry.FrameFilter;
import dev.wireproof.testkit.RawPeer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** What the kernel tells of connections where something waits, over real sockets; time passes as the test says. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SocketWatchIT {
    private static final Duration SECOND = Duration.ofSeconds(1);

    private LineUnderTest line;

    @BeforeAll
    void start() {
        line = new LineUnderTest();
    }

    @AfterAll
    void stop() {
        line.close();
    }

    private RawPeer agent(AgentId agent, int receiveBuffer) {
        RawPeer peer = RawPeer.upgraded(line.port(), receiveBuffer);
        peer.authenticate(agent, LineUnderTest.GOOD_KEY);
        SocketReading reading = line.sockets.read(line.connectionOf(agent).connectionId());
        if (!(reading instanceof SocketReading.Seen)) {
            System.out.println("SKIPPED: this machine's kernel does not show its sockets: " + reading);
        }
        assumeTrue(reading instanceof SocketReading.Seen);
        return peer;
    }

    private static final class Rungs implements SendObserver {
        private final List<String> seen = new CopyOnWriteArrayList<>();

        @Override
        public void written(long atNs) {
            seen.add("written");
        }

        @Override
        public void tcpAcked(long atNs) {
            seen.add("tcp acked");
        }

        @Override
        public void peerRead(long atNs, long fenceRttNs) {
            seen.add("peer read");
        }
    }

    private static OutboundText text(int bytes) {
        return OutboundText.of("Test", "{\"type\":\"Test\",\"fill\":\"" + "x".repeat(bytes) + "\"}", null, true);
    }

    @Test
    void a_peer_that_takes_bytes_and_answers_nothing_is_tcp_acknowledged_and_not_read() {
        AgentId agent = LineUnderTest.anyAgent();
        try (RawPeer peer = agent(agent, 0)) {
            Rungs rungs = new Rungs();
            line.connectionOf(agent).send(text(200), rungs);
            await().untilAsserted(() -> {
                line.passLooking(SECOND);
                assertThat(rungs.seen).containsExactly("written", "tcp acked");
            });
            peer.awaitText("Test");
            RawPeer.Frame fence = peer.awaitPing();
            peer.frame(RawPeer.PONG, true, fence.payload());
            await().untilAsserted(() -> assertThat(rungs.seen).containsExactly("written", "tcp acked", "peer read"));
        }
    }

    @Test
    void what_was_read_before_anyone_looked_is_never_told_as_tcp_acknowledged() {
        AgentId agent = LineUnderTest.anyAgent();
        try (RawPeer peer = agent(agent, 0)) {
            Rungs rungs = new Rungs();
            line.connectionOf(agent).send(text(200), rungs);
            peer.awaitText("Test");
            RawPeer.Frame fence = peer.awaitPing();
            peer.frame(RawPeer.PONG, true, fence.payload());
            await().untilAsserted(() -> assertThat(rungs.seen).containsExactly("written", "peer read"));
            line.passLooking(Duration.ofSeconds(3));
            assertThat(rungs.seen).containsExactly("written", "peer read");
            assertThat(line.connectionOf(agent).socketEvidenceOrNull())
                    .as("nothing is kept of a connection where nothing waits")
                    .isNull();
        }
    }

    @Test
    void a_peer_that_stops_reading_stalls_the_write_and_is_evicted_with_the_kernels_numbers() {
        AgentId agent = LineUnderTest.anyAgent();
        try (RawPeer peer = agent(agent, 4_096)) {
            Connection connection = line.connectionOf(agent);
            Rungs last = new Rungs();
            for (int i = 0; i < 12; i++) {
                connection.send(text(900_000), last);
            }
            await().untilAsserted(() -> {
                line.sockets.lookOnce();
                SocketView view =
                        line.sockets.read(connection.connectionId()).ifSeen().orElseThrow();
                assertThat(view.unsentBytes()).isPositive();
                assertThat(view.zeroWindow()).isTrue();
                assertThat(connection.outbox().writing()).isNotNull();
            });
            line.passLooking(Duration.ofSeconds(14));
            assertThat(connection.course().ending()).as("not before its time").isNull();
            line.passLooking(Duration.ofSeconds(4));
            Course.Ending ending = connection.course().ending();
            assertThat(ending).isNotNull();
            assertThat(ending.code()).isEqualTo(4410);
            assertThat(ending.reason()).startsWith("write stall: no byte acknowledged for 15 s; unsent ");
            assertThat(ending.reason()).contains("unacked ", "retransmits ", "window 0");
            assertThat(ending.reason().length()).isLessThanOrEqualTo(123);
            assertThat(last.seen).as("what the peer's TCP has not").doesNotContain("tcp acked");

            line.passLooking(Duration.ofSeconds(4));
            await("the Close could not be written: aborted")
                    .untilAsserted(
                            () -> assertThat(connection.course().socketEnd()).isNotNull());
            await().untilAsserted(
                            () -> assertThat(line.frames().find(connection.connectionId(), FrameFilter.ALL, 0, 500))
                                    .anySatisfy(seen -> assertThat(seen.frame().error())
                                            .startsWith("write stall: no byte acknowledged")));
            peer.close();
        }
    }

    @Test
    void a_slow_link_with_a_large_text_before_the_ping_lives_while_bytes_get_through() {
        AgentId agent = LineUnderTest.anyAgent();
        try (RawPeer peer = agent(agent, 4_096)) {
            Connection connection = line.connectionOf(agent);
            connection.send(text(900_000), SendObserver.NONE);
            for (int step = 0; step < 15; step++) {
                long before = acknowledged(connection);
                await().untilAsserted(() -> {
                    peer.readRaw(4_096);
                    assertThat(acknowledged(connection)).isGreaterThan(before);
                });
                peer.frame(RawPeer.PONG, true, new byte[0]); // the way in is in order
                line.passLooking(Duration.ofSeconds(6));
            }
            assertThat(connection.course().ending()).isNull();
            line.passLooking(Duration.ofSeconds(50));
            Course.Ending ending = connection.course().ending();
            assertThat(ending).isNotNull();
            assertThat(ending.reason()).matches("write stall.*|outbound unproven.*");
        }
    }

    private long acknowledged(Connection connection) {
        return line.sockets
                .read(connection.connectionId())
                .ifSeen()
                .orElseThrow()
                .bytesAcked();
    }

    @Test
    void a_peer_whose_program_is_frozen_is_evicted_although_its_tcp_acknowledges_each_ping() {
        AgentId agent = LineUnderTest.anyAgent();
        try (RawPeer peer = agent(agent, 0)) {
            Connection connection = line.connectionOf(agent);
            line.passLooking(Duration.ofSeconds(50));
            Course.Ending ending = connection.course().ending();
            assertThat(ending).isNotNull();
            assertThat(ending.reason()).startsWith("outbound unproven");
        }
    }
}
