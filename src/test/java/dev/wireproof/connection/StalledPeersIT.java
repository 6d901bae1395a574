package dev.wireproof.connection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.wireproof.id.AgentId;
import dev.wireproof.testkit.RawPeer;
import dev.wireproof.testkit.Shows;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** A hundred peers that stop reading hurt nobody else, and leave nothing behind once they are evicted. */
class StalledPeersIT {
    private static final int STALLED = 100;
    private static final int OTHERS = 10;

    @Test
    @Shows("S32")
    void a_hundred_peers_that_do_not_read_keep_nobody_waiting_and_are_forgotten_once_evicted() {
        try (LineUnderTest line = new LineUnderTest()) {
            line.sendBuffer(16 * 1024); // the kernel then swallows little, and a hundred are stalled soon
            List<RawPeer> peers = new ArrayList<>();
            List<WeakReference<Connection>> stalled = new ArrayList<>();
            for (int i = 0; i < STALLED; i++) {
                AgentId agent = LineUnderTest.anyAgent();
                RawPeer peer = RawPeer.upgraded(line.port(), 4 * 1024);
                peer.authenticate(agent, LineUnderTest.GOOD_KEY);
                peers.add(peer);
                Connection connection = line.connectionOf(agent);
                Congestion.fill(connection);
                stalled.add(new WeakReference<>(connection));
            }
            List<AnsweringPeer> others = new ArrayList<>();
            List<Connection> served = new ArrayList<>();
            for (int i = 0; i < OTHERS; i++) {
                AgentId agent = LineUnderTest.anyAgent();
                others.add(line.answering(agent));
                served.add(line.connectionOf(agent));
            }
            roundTrips(line, stalled, served);

            line.passWhileAnswered(Duration.ofSeconds(70), served.toArray(Connection[]::new));
            await().until(() -> line.registry.openSockets() == OTHERS);
            assertThat(served).allMatch(connection -> connection.course().ending() == null);
            line.opened.clear(); // the test's own notes of who came
            await().untilAsserted(() -> {
                System.gc();
                assertThat(stalled).allMatch(reference -> reference.get() == null);
            });
            others.forEach(AnsweringPeer::close);
            peers.forEach(RawPeer::close);
        }
    }

    private static Connection still(WeakReference<Connection> reference) {
        return Objects.requireNonNull(reference.get(), "the registry holds it");
    }

    private static Outgoing writing(Connection connection) {
        return Objects.requireNonNull(connection.outbox().writing(), "its write stands");
    }

    /** Offers to all in turn, and sees every other's text read while each stalled one stands where it stood. */
    private static void roundTrips(
            LineUnderTest line, List<WeakReference<Connection>> stalled, List<Connection> served) {
        List<Outgoing> standing =
                stalled.stream().map(reference -> writing(still(reference))).toList();
        OutboundText filler = OutboundText.of("Filler", "x".repeat(64 * 1024), null, false);
        for (int round = 0; round < 20; round++) {
            for (WeakReference<Connection> reference : stalled) {
                still(reference).send(filler, SendObserver.NONE);
                still(reference).outbox().ping();
            }
            for (Connection connection : served) {
                Rungs rungs = new Rungs();
                connection.send(PingAndFenceIT.command("{\"round\":" + round + "}"), rungs);
                await().until(() -> rungs.seen.contains("read"));
            }
        }
        assertThat(stalled.stream().map(reference -> writing(still(reference))).toList())
                .isEqualTo(standing);
        assertThat(stalled).allMatch(reference -> still(reference).outbox().bytes() <= Outbox.MAX_BYTES);
        line.board.sweepOnce();
    }
}
