package dev.wireproof.connection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.wireproof.id.AgentId;
import dev.wireproof.protocol.CloseCode;
import dev.wireproof.testkit.RawPeer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The queue in front of a peer that does not read: bounded, never waiting, and honest about what was never written. */
class OutboundQueueIT {
    private final AgentId agent = LineUnderTest.anyAgent();
    private LineUnderTest line;
    private RawPeer peer;
    private Connection connection;

    @BeforeEach
    void start() {
        line = new LineUnderTest();
        peer = RawPeer.upgraded(line.port(), 8 * 1024);
        peer.authenticate(agent, LineUnderTest.GOOD_KEY);
        connection = line.connectionOf(agent);
        peer.awaitText("Echo"); // the last of what is sent unasked
        await().until(() -> connection.outbox().writing() == null);
    }

    @AfterEach
    void stop() {
        peer.close();
        line.close();
    }

    private static OutboundText text(int bytes) {
        return OutboundText.of("Filler", "x".repeat(bytes), null, false);
    }

    @Test
    void it_takes_256_frames_and_refuses_the_next() {
        connection.outbox().cork();
        for (int i = 0; i < 256; i++) {
            assertThat(connection.send(text(1), SendObserver.NONE)).isInstanceOf(SendOutcome.Enqueued.class);
        }
        assertThat(connection.send(text(1), SendObserver.NONE)).isEqualTo(new SendOutcome.QueueFull(256, 256));
        assertThat(connection.count(Count.QUEUE_FULL)).isEqualTo(1);
    }

    @Test
    void it_takes_4_MiB_and_refuses_what_does_not_fit() {
        connection.outbox().cork();
        for (int i = 0; i < 4; i++) {
            assertThat(connection.send(text(1 << 20), SendObserver.NONE)).isInstanceOf(SendOutcome.Enqueued.class);
        }
        assertThat(connection.send(text(1), SendObserver.NONE)).isInstanceOf(SendOutcome.QueueFull.class);
    }

    @Test
    void texts_behind_a_write_that_stands_are_never_written_when_the_connection_is_evicted() {
        Congestion.fill(connection);
        List<Rungs> waiting = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            Rungs rungs = new Rungs();
            connection.send(PingAndFenceIT.command("{}"), rungs);
            waiting.add(rungs);
        }
        Outgoing writing = connection.outbox().writing();
        connection.close(CloseCode.EVICTED, "write stall");
        assertThat(waiting).allSatisfy(rungs -> assertThat(rungs.seen).containsExactly("never"));
        assertThat(connection.send(text(1), SendObserver.NONE)).isInstanceOf(SendOutcome.Closed.class);
        line.pass(Duration.ofSeconds(5));
        await().until(() -> connection.course().socketEnd() != null);
        assertThat(writing).isNotNull();
        assertThat(waiting).allSatisfy(rungs -> assertThat(rungs.seen).containsExactly("never"));
        assertThat(connection.outbox().frames()).isZero();
        assertThat(connection.outbox().bytes()).isZero();
    }

    @Test
    void the_text_whose_write_stands_is_not_called_never_written_but_failed() {
        List<Rungs> all = new CopyOnWriteArrayList<>();
        OutboundText command = PingAndFenceIT.command("y".repeat(256 * 1024));
        Congestion.fill(connection, command, () -> observed(all));
        while (standing(all).isEmpty()) { // it is a fence that stands: let it go, and look at what stands next
            peer.next();
            Congestion.fill(connection, command, () -> observed(all));
        }
        Rungs stood = standing(all).getFirst();
        connection.abort();
        await().until(() -> stood.seen.size() == 3);
        assertThat(stood.seen).containsExactly("started", "fenced", "failed");
    }

    private static Rungs observed(List<Rungs> all) {
        Rungs rungs = new Rungs();
        all.add(rungs);
        return rungs;
    }

    private static List<Rungs> standing(List<Rungs> all) {
        return all.stream()
                .filter(rungs -> rungs.seen.equals(List.of("started", "fenced")))
                .toList();
    }

    @Test
    void a_write_that_makes_no_progress_is_a_write_stall_and_evicted_with_4410() {
        Congestion.fill(connection);
        int bytes = Objects.requireNonNull(connection.outbox().writing()).bytes();
        long grace = bytes / (8 * 1024);
        line.pass(Duration.ofSeconds(14));
        assertThat(connection.course().ending()).isNull();
        line.pass(Duration.ofSeconds(grace + 5));
        assertThat(connection.course().ending()).isNotNull();
        assertThat(connection.course().ending().code()).isEqualTo(4410);
        assertThat(connection.course().ending().reason()).startsWith("write stall");
        line.pass(Duration.ofSeconds(5));
        await().until(() -> connection.course().socketEnd() != null);
        await().until(() -> line.registry.openSockets() == 0);
    }

    @Test
    void a_slow_link_with_a_text_of_1_MiB_in_front_of_the_Ping_is_not_evicted() {
        connection.send(PingAndFenceIT.command("z".repeat(1 << 20)), SendObserver.NONE);
        connection.outbox().ping();
        // 1 MiB at 512 kbit/s takes 16 s: 64 KiB a second, as the clock goes.
        RawPeer.Frame large = peer.read(64 * 1024, () -> line.pass(Duration.ofSeconds(1)));
        assertThat(Objects.requireNonNull(large).payload()).hasSize(1 << 20);
        for (int pings = 0; pings < 2; pings++) {
            peer.frame(RawPeer.PONG, true, peer.awaitPing().payload());
        }
        await().until(() -> connection.vitals().lastPongNs != Vitals.NONE);
        line.passWhileRead(Duration.ofSeconds(30), connection);
        assertThat(connection.course().ending()).isNull();
    }
}
