package dev.wireproof.connection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.wireproof.id.AgentId;
import dev.wireproof.id.CommandId;
import dev.wireproof.protocol.AgentMessage;
import dev.wireproof.protocol.PingPayload;
import dev.wireproof.protocol.ServerMessage;
import dev.wireproof.testkit.RawPeer;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** One live connection for each agent: the newest, whatever the older ones still do. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TakeoverIT {
    private LineUnderTest line;

    @BeforeAll
    void start() {
        line = new LineUnderTest();
    }

    @AfterAll
    void stop() {
        line.close();
    }

    private static AgentMessage.CommandAck ack(CommandId command) {
        return new AgentMessage.CommandAck(command, 1, false, AgentMessage.AckStatus.ACCEPTED, null, null);
    }

    @Test
    void a_newer_connection_is_the_live_one_and_the_older_is_closed_with_4409() {
        AgentId agent = LineUnderTest.anyAgent();
        try (RawPeer older = line.agent(agent)) {
            Connection first = line.connectionOf(agent);
            try (RawPeer newer = line.agent(agent)) {
                assertThat(older.awaitClose().closeCode()).isEqualTo(4409);
                Connection second = line.connectionOf(agent);
                assertThat(second.epoch()).isGreaterThan(first.epoch());
                assertThat(first.live()).isFalse();
                assertThat(first.offersAllowed()).isFalse();
                assertThat(second.offersAllowed()).isTrue();
                newer.awaitText("Echo");
            }
        }
    }

    @Test
    void an_ack_on_the_older_connection_counts_and_says_where_it_came_from_but_a_Pong_there_proves_nothing() {
        AgentId agent = LineUnderTest.anyAgent();
        CommandId command = new CommandId(UUID.randomUUID());
        try (RawPeer older = line.agent(agent).answersPings(false)) {
            Connection first = line.connectionOf(agent);
            first.outbox().ping();
            PingPayload ping = Objects.requireNonNull(
                    PingPayload.read(ByteBuffer.wrap(older.awaitPing().payload())));
            try (RawPeer newer = line.agent(agent)) {
                older.awaitClose(); // and does not answer it
                long provenBefore = first.vitals().provenMs;
                older.frame(RawPeer.PONG, true, ping.toBuffer().array());
                older.send(new AgentMessage.Heartbeat(
                        1, 1, AnsweringPeer.RX, AnsweringPeer.TX, java.util.List.of(), 0, null, null));
                older.send(ack(command));
                await().until(() -> line.handled.contains(ack(command)));
                assertThat(line.handledOn.get(ack(command))).isEqualTo(first.connectionId());
                assertThat(first.count(Count.STALE_FRAMES)).isEqualTo(3);
                assertThat(first.vitals().lastPongNs).isEqualTo(Vitals.NONE);
                assertThat(first.vitals().provenMs).isEqualTo(provenBefore);
                assertThat(line.connectionOf(agent).vitals().lastPongNs).isEqualTo(Vitals.NONE);
                var beats = line.telemetry
                        .heartbeats()
                        .ofAgent(agent, Instant.EPOCH, line.board.now().plusSeconds(9), 9);
                assertThat(beats).singleElement().satisfies(beat -> {
                    assertThat(beat.live()).isFalse();
                    assertThat(beat.connectionId()).isEqualTo(first.connectionId());
                });
                newer.awaitText("Echo");
            }
        }
    }

    @Test
    void frames_behind_our_Close_are_no_sign_of_a_split_session() {
        AgentId agent = LineUnderTest.anyAgent();
        try (RawPeer peer = line.agent(agent)) {
            Connection connection = line.connectionOf(agent);
            connection.close(dev.wireproof.protocol.CloseCode.EVICTED, "an operator's order");
            peer.awaitClose();
            peer.send(ack(new CommandId(UUID.randomUUID())));
            await().until(() -> connection.count(Count.TEXT_IN) == 2);
            assertThat(connection.count(Count.STALE_FRAMES)).isZero();
        }
    }

    /** An end of the stream behind our Close would make nginx, and many a library, drop what the agent still sends. */
    @Test
    void our_Close_leaves_the_socket_open_both_ways_until_it_is_answered_or_the_wait_is_over() throws Exception {
        AgentId agent = LineUnderTest.anyAgent();
        try (RawPeer older = line.agent(agent)) {
            Connection first = line.connectionOf(agent);
            try (RawPeer newer = line.agent(agent)) {
                older.awaitClose(); // and does not answer it
                CountDownLatch ended = new CountDownLatch(1);
                Thread.startVirtualThread(() -> {
                    older.awaitEnd();
                    ended.countDown();
                });
                line.pass(Duration.ofSeconds(4));
                older.send(ack(new CommandId(UUID.randomUUID())));
                await().until(() -> first.count(Count.STALE_FRAMES) == 1);
                assertThat(ended.getCount()).as("still open").isEqualTo(1);

                line.pass(Duration.ofSeconds(3));

                assertThat(ended.await(10, TimeUnit.SECONDS)).isTrue();
                newer.awaitText("Echo");
            }
        }
    }

    @Test
    void the_end_of_the_older_connection_leaves_the_newer_one_where_it_is() {
        AgentId agent = LineUnderTest.anyAgent();
        RawPeer older = line.agent(agent);
        Connection first = line.connectionOf(agent);
        try (RawPeer newer = line.agent(agent)) {
            Connection second = line.connectionOf(agent);
            older.reset();
            await().until(() -> first.course().socketEnd() != null);
            assertThat(line.connectionOf(agent)).isSameAs(second);
            newer.text("{\"type\":\"Probe\",\"payload\":{}}").awaitText("ProtocolError");
        }
    }

    @Test
    void an_older_connection_that_does_not_answer_its_Close_is_aborted() {
        AgentId agent = LineUnderTest.anyAgent();
        try (RawPeer older = line.agent(agent);
                RawPeer newer = line.agent(agent)) {
            older.awaitClose();
            line.pass(Duration.ofSeconds(8));
            older.awaitEnd();
            assertThat(line.registry.live(agent)).isPresent();
            newer.awaitText("Echo");
        }
    }

    @Test
    void an_Auth_that_was_overtaken_by_a_later_one_does_not_take_over() {
        AgentId agent = LineUnderTest.anyAgent();
        Connection winner;
        try (RawPeer slow = RawPeer.upgraded(line.port())) {
            // Its 101 may be read before it is on the list; those of other tests have an identity or have ended.
            Connection late = await().until(
                            () -> line.registry.all().stream()
                                    .filter(one -> one.course().phase() == Deadlines.Phase.AWAITING_AUTH)
                                    .findAny(),
                            Optional::isPresent)
                    .orElseThrow();
            try (RawPeer quick = line.agent(agent)) {
                winner = line.connectionOf(agent);
                // As if its epoch had been drawn first and its registration come last.
                late.authenticated(
                        new Identity(agent, winner.epoch() - 1, UUID.randomUUID(), false, 1, line.board.now()), false);
                assertThat(line.registry.register(late)).isSameAs(late);
                assertThat(line.connectionOf(agent)).isSameAs(winner);
                quick.awaitText("Echo");
            }
            slow.close();
        }
    }

    @Test
    void a_newcomer_that_ends_while_it_is_let_in_still_ends_the_older_connection() {
        AgentId agent = LineUnderTest.anyAgent();
        try (RawPeer older = line.agent(agent);
                RawPeer newer = RawPeer.upgraded(line.port())) {
            Connection first = line.connectionOf(agent);
            AtomicBoolean done = new AtomicBoolean();
            line.whileAdmitting = () -> {
                line.registry.all().stream()
                        .filter(connection -> connection.course().phase() == Deadlines.Phase.ADMITTING)
                        .forEach(connection -> connection.ended(null, "reset"));
                done.set(true);
            };
            newer.send(RawPeer.auth(
                    new AgentMessage.Credentials.Enrolled(agent, LineUnderTest.GOOD_KEY), UUID.randomUUID()));
            await().untilTrue(done);
            line.whileAdmitting = null;
            assertThat(older.awaitClose().closeCode()).isEqualTo(4409);
            assertThat(first.live()).isFalse();
            // The older one is told before the newcomer is looked at again.
            await().untilAsserted(() -> assertThat(line.registry.live(agent)).isEmpty());
        }
    }

    @Test
    void an_epoch_is_above_the_highest_that_the_agent_ever_had() {
        AgentId agent = LineUnderTest.anyAgent();
        try (RawPeer peer = RawPeer.upgraded(line.port())) {
            AgentMessage.Auth plain = RawPeer.auth(
                    new AgentMessage.Credentials.Enrolled(agent, LineUnderTest.GOOD_KEY), UUID.randomUUID());
            AgentMessage.Auth auth = new AgentMessage.Auth(
                    plain.credentials(),
                    plain.hostname(),
                    plain.os(),
                    plain.agentVersion(),
                    plain.instanceId(),
                    plain.bootId(),
                    41_000L,
                    plain.tags(),
                    plain.capabilities(),
                    null,
                    null,
                    null,
                    null,
                    java.util.List.of());
            ServerMessage.AuthAck ack = peer.authenticate(auth);
            assertThat(ack.epoch()).isEqualTo(41_001);
        }
        try (RawPeer peer = RawPeer.upgraded(line.port())) {
            assertThat(peer.authenticate(agent, LineUnderTest.GOOD_KEY).epoch()).isEqualTo(41_002);
        }
    }
}
