package dev.wireproof.connection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.wireproof.id.AgentId;
import dev.wireproof.protocol.AgentMessage;
import dev.wireproof.protocol.ServerMessage;
import dev.wireproof.testkit.RawPeer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** The text path is proven before a command is at stake: when Echo goes out, and what its answer says. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class EchoIT {
    private final AgentId agent = LineUnderTest.anyAgent();
    private LineUnderTest line;

    @BeforeAll
    void start() {
        line = new LineUnderTest();
    }

    @AfterAll
    void stop() {
        line.close();
    }

    private static Duration seconds(long seconds) {
        return Duration.ofSeconds(seconds);
    }

    @Test
    void an_Echo_of_24_random_characters_follows_ConfigUpdate_and_then_one_comes_each_minute() {
        try (AnsweringPeer peer = line.answering(agent)) {
            Connection connection = line.connectionOf(agent);
            await().until(() -> peer.texts("Echo") == 1);
            assertThat(peer.frames.getFirst().text()).matches(".*\"nonce\":\"[A-Za-z0-9_-]{24}\".*");
            line.passWhileAnswered(seconds(53), connection);
            assertThat(peer.texts("Echo")).isEqualTo(1);
            line.passWhileAnswered(seconds(14), connection);
            await().until(() -> peer.texts("Echo") == 2);
            line.passWhileAnswered(seconds(67), connection);
            await().until(() -> peer.texts("Echo") == 3);
        }
    }

    @Test
    void no_Echo_is_needed_where_a_command_was_acknowledged_since_the_last_one() {
        try (AnsweringPeer peer = line.answering(agent)) {
            Connection connection = line.connectionOf(agent);
            await().until(() -> peer.texts("Echo") == 1);
            for (int s = 0; s < 120; s++) {
                line.passWhileAnswered(seconds(1), connection);
                connection.answered(connection.nowNs());
            }
            assertThat(peer.texts("Echo")).isEqualTo(1);
        }
    }

    @Test
    void one_ack_stands_in_for_one_Echo_and_not_for_those_after_it() {
        try (AnsweringPeer peer = line.answering(agent)) {
            Connection connection = line.connectionOf(agent);
            await().until(() -> peer.texts("Echo") == 1);
            line.passWhileAnswered(seconds(10), connection);
            connection.answered(connection.nowNs());
            line.passWhileAnswered(seconds(57), connection);
            assertThat(peer.texts("Echo")).isEqualTo(1);
            line.passWhileAnswered(seconds(67), connection);
            await().until(() -> peer.texts("Echo") == 2);
        }
    }

    @Test
    void an_Echo_goes_out_at_once_when_no_Pong_came_for_25_seconds() {
        try (AnsweringPeer peer = line.answering(agent)) {
            peer.pongs = false;
            Connection connection = line.connectionOf(agent);
            await().until(() -> peer.texts("Echo") == 1);
            line.passWhileRead(seconds(23), connection);
            assertThat(peer.texts("Echo")).isEqualTo(1);
            line.passWhileRead(seconds(5), connection);
            await().until(() -> peer.texts("Echo") == 2);
            line.passWhileRead(seconds(10), connection);
            assertThat(peer.texts("Echo")).as("one for each silence").isEqualTo(2);
        }
    }

    @Test
    void an_Echo_without_an_answer_for_ten_seconds_is_evidence_until_a_later_one_is_answered() {
        try (AnsweringPeer peer = line.answering(agent)) {
            peer.echoes = false;
            Connection connection = line.connectionOf(agent);
            // The peer's reader may have answered the first before it was told not to.
            CompletableFuture<EchoTrace> asked = connection.echo();
            line.passWhileAnswered(seconds(8), connection);
            assertThat(connection.vitals().echoOverdueSinceNs).isEqualTo(Vitals.NONE);
            line.passWhileAnswered(seconds(5), connection);
            assertThat(connection.vitals().echoOverdueSinceNs).isNotEqualTo(Vitals.NONE);
            assertThat(asked)
                    .isCompletedWithValueMatching(trace -> trace.lastRung().equals("PEER_READ"));

            peer.echoes = true;
            assertThat(connection.echo().join().lastRung()).isEqualTo("ACKED");
            line.passWhileAnswered(seconds(1), connection);
            assertThat(connection.vitals().echoOverdueSinceNs).isEqualTo(Vitals.NONE);
        }
    }

    @Test
    void an_agent_that_answers_Pings_and_no_Text_has_a_failing_command_path_within_two_minutes() {
        try (AnsweringPeer peer = line.answering(agent)) {
            peer.echoes = false;
            Connection connection = line.connectionOf(agent);
            line.passWhileAnswered(seconds(120), connection);

            assertThat(PathEvidence.status(connection)).isEqualTo(CommandPath.Status.FAILING);
            assertThat(line.registry.isLive(connection))
                    .as("nobody is sent away for it")
                    .isTrue();
            assertThat(connection.vitals().lastPongNs).isNotEqualTo(Vitals.NONE);
        }
    }

    @Test
    void an_Echo_that_somebody_asked_for_tells_its_way_leg_by_leg() {
        try (AnsweringPeer peer = line.answering(agent)) {
            EchoTrace trace = line.connectionOf(agent).echo().join();
            assertThat(trace.enqueuedNs()).isLessThanOrEqualTo(trace.writeStartedNs());
            assertThat(trace.writeStartedNs()).isLessThanOrEqualTo(trace.writtenNs());
            assertThat(trace.repliedNs()).isGreaterThan(trace.writeStartedNs());
            // The reply may come before the Pong of the fence, which is then not claimed.
            assertThat(trace.peerReadNs()).matches(read -> read == -1 || read > trace.writeStartedNs());
            assertThat(peer.frames).isNotEmpty();
        }
    }

    @Test
    void an_Echo_that_the_queue_refused_is_held_against_nobody() {
        try (RawPeer peer = RawPeer.upgraded(line.port(), 8 * 1024)) {
            peer.authenticate(agent, LineUnderTest.GOOD_KEY);
            ServerMessage.Echo first = (ServerMessage.Echo) peer.awaitMessage("Echo");
            peer.send(new AgentMessage.EchoReply(first.nonce(), AnsweringPeer.RX, AnsweringPeer.TX));
            Connection connection = line.connectionOf(agent);
            await().until(() -> connection.vitals().lastEchoNs != Vitals.NONE);
            Congestion.fill(connection);
            OutboundText filler = OutboundText.of("Filler", "x", null, false);
            while (connection.send(filler, SendObserver.NONE) instanceof SendOutcome.Enqueued) {
                // until the queue is full
            }
            assertThat(connection.echo().join().lastRung()).isEqualTo("NONE");
            line.pass(seconds(12));
            assertThat(connection.vitals().echoOverdueSinceNs).isEqualTo(Vitals.NONE);
            assertThat(connection.count(Count.QUEUE_FULL)).isPositive();
        }
    }

    @Test
    void an_EchoReply_that_fits_nothing_is_answered_and_proves_nothing() {
        try (RawPeer peer = line.agent(agent)) {
            peer.awaitText("Echo");
            peer.send(new AgentMessage.EchoReply("x".repeat(24), AnsweringPeer.RX, AnsweringPeer.TX));
            ServerMessage.ProtocolError error = (ServerMessage.ProtocolError) peer.awaitMessage("ProtocolError");
            assertThat(error.fault().receivedType()).isEqualTo("EchoReply");
            assertThat(line.connectionOf(agent).vitals().lastEchoNs).isEqualTo(Vitals.NONE);
        }
    }
}
