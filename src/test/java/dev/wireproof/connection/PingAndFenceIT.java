package dev.wireproof.connection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.wireproof.id.AgentId;
import dev.wireproof.id.CommandId;
import dev.wireproof.protocol.PingPayload;
import dev.wireproof.testkit.RawPeer;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** What a Ping carries, where a fence stands, and which Pongs prove something. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PingAndFenceIT {
    private LineUnderTest line;
    private RawPeer peer;
    private Connection connection;

    @BeforeAll
    void start() {
        line = new LineUnderTest();
    }

    @AfterAll
    void stop() {
        line.close();
    }

    @BeforeEach
    void connect() {
        AgentId agent = LineUnderTest.anyAgent();
        peer = line.agent(agent).answersPings(false);
        peer.awaitText("Echo");
        connection = line.connectionOf(agent);
    }

    static OutboundText command(String json) {
        return OutboundText.of("Command", json, new CommandId(UUID.randomUUID()), true);
    }

    private static PingPayload payload(RawPeer.Frame ping) {
        PingPayload payload = PingPayload.read(ByteBuffer.wrap(ping.payload()));
        assertThat(payload).as("16 bytes").isNotNull();
        return payload;
    }

    private PingPayload ping() {
        connection.outbox().ping();
        return payload(peer.awaitPing());
    }

    private void pong(long counter, long nonce) {
        long before = connection.count(Count.PONG_IN);
        peer.frame(
                RawPeer.PONG, true, new PingPayload(counter, nonce).toBuffer().array());
        await().until(() -> connection.count(Count.PONG_IN) == before + 1);
    }

    @Test
    void each_Ping_carries_a_counter_that_rises_by_one_and_eight_bytes_that_nobody_can_guess() {
        PingPayload first = ping();
        PingPayload second = ping();
        PingPayload third = ping();
        assertThat(List.of(first.counter(), second.counter(), third.counter())).containsExactly(1L, 2L, 3L);
        assertThat(List.of(first.nonce(), second.nonce(), third.nonce())).doesNotHaveDuplicates();
    }

    @Test
    void a_fence_stands_directly_behind_its_text_whatever_else_waits() {
        Rungs one = new Rungs();
        Rungs two = new Rungs();
        connection.outbox().cork();
        connection.send(command("{\"n\":1}"), one);
        connection.send(command("{\"n\":2}"), two);
        connection.send(OutboundText.of("Other", "{\"n\":3}", null, false), SendObserver.NONE);
        connection.outbox().uncork();
        assertThat(peer.next().text()).isEqualTo("{\"n\":1}");
        assertThat(payload(peer.next()).counter()).isEqualTo(one.fence);
        assertThat(peer.next().text()).isEqualTo("{\"n\":2}");
        assertThat(payload(peer.next()).counter()).isEqualTo(two.fence);
        assertThat(peer.next().text()).isEqualTo("{\"n\":3}");
    }

    @Test
    void the_Pong_of_its_fence_shows_that_a_text_was_read_and_only_then() {
        Rungs rungs = new Rungs();
        connection.send(command("{}"), rungs);
        PingPayload fence = payload(peer.awaitPing());
        await().until(() -> rungs.seen.contains("written"));
        assertThat(rungs.seen).containsExactly("started", "fenced", "written");
        pong(fence.counter(), fence.nonce());
        assertThat(rungs.seen).containsExactly("started", "fenced", "written", "read");
    }

    @Test
    void a_Pong_confirms_every_earlier_Ping_and_the_texts_before_it() {
        Rungs one = new Rungs();
        Rungs two = new Rungs();
        connection.send(command("{}"), one);
        connection.send(command("{}"), two);
        peer.awaitPing();
        peer.awaitPing();
        PingPayload later = ping();
        pong(later.counter(), later.nonce());
        assertThat(one.seen).contains("read");
        assertThat(two.seen).contains("read");
    }

    @Test
    void a_guessed_a_foreign_a_short_and_a_repeated_Pong_prove_nothing_and_are_counted() {
        Rungs rungs = new Rungs();
        connection.send(command("{}"), rungs);
        PingPayload fence = payload(peer.awaitPing());
        pong(fence.counter(), fence.nonce() + 1);
        pong(fence.counter() + 1, fence.nonce());
        pong(0, fence.nonce());
        pong(-1, fence.nonce());
        peer.frame(RawPeer.PONG, true, new byte[15]);
        peer.frame(RawPeer.PONG, true, new byte[17]);
        await().until(() -> connection.count(Count.UNKNOWN_PONGS) == 6);
        assertThat(rungs.seen).doesNotContain("read");
        assertThat(connection.vitals().lastPongNs).isEqualTo(Vitals.NONE);

        pong(fence.counter(), fence.nonce());
        pong(fence.counter(), fence.nonce());
        assertThat(rungs.seen.stream().filter("read"::equals)).hasSize(1);
        assertThat(connection.count(Count.UNKNOWN_PONGS)).isEqualTo(7);
        assertThat(connection.course().ending()).isNull();
    }

    @Test
    void a_Pong_of_another_connection_proves_nothing_here() {
        PingPayload here = ping();
        try (RawPeer other = line.agent(LineUnderTest.anyAgent()).answersPings(false)) {
            other.frame(
                    RawPeer.PONG,
                    true,
                    new PingPayload(here.counter(), here.nonce()).toBuffer().array());
            other.text("{\"type\":\"Probe\",\"payload\":{}}").awaitText("ProtocolError");
        }
        assertThat(connection.vitals().lastPongNs).isEqualTo(Vitals.NONE);
    }

    @Test
    void a_text_of_any_length_leaves_as_one_frame_of_that_length() {
        for (int length : new int[] {125, 126, 4_096, 65_535, 65_536, 65_537, 300_000, 1_048_576}) {
            OutboundText text = command("x".repeat(length));
            connection.send(text, SendObserver.NONE);
            RawPeer.Frame frame = peer.next();
            assertThat(frame.fin()).isTrue();
            assertThat(frame.opcode()).isEqualTo(RawPeer.TEXT);
            assertThat(frame.payload()).hasSize(length);
            assertThat(peer.next().opcode()).isEqualTo(RawPeer.PING);
        }
    }

    @Test
    void the_agents_own_Ping_is_answered_at_once_with_its_payload() {
        byte[] payload = {1, 2, 3};
        peer.frame(RawPeer.PING, true, payload);
        RawPeer.Frame pong = peer.next();
        assertThat(pong.opcode()).isEqualTo(RawPeer.PONG);
        assertThat(pong.payload()).isEqualTo(payload);
    }
}
