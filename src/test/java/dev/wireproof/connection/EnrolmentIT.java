package dev.wireproof.connection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.wireproof.protocol.AgentMessage;
import dev.wireproof.protocol.ServerMessage;
import dev.wireproof.testkit.RawPeer;
import dev.wireproof.testkit.RunningServer;
import dev.wireproof.testkit.Shows;
import java.util.Objects;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** A machine enrols over a real socket, and loses or keeps what it was told. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class EnrolmentIT {
    private final String device = "device-" + UUID.randomUUID();
    private RunningServer server;

    @BeforeAll
    void start() {
        server = RunningServer.start();
    }

    @AfterAll
    void stop() {
        server.close();
    }

    private ServerMessage.AuthAck enrol(RawPeer peer, String deviceId) {
        return peer.authenticate(RawPeer.auth(
                new AgentMessage.Credentials.Enrolling(RunningServer.ENROLLMENT, deviceId), UUID.randomUUID()));
    }

    private static String keyOf(ServerMessage.AuthAck welcome) {
        return Objects.requireNonNull(welcome.agentKey(), "an enrolling agent gets its key");
    }

    private void awaitNobodyOnTheLine() {
        LiveConnections registry = server.bean(LiveConnections.class);
        await().until(() -> registry.openSockets() == 0);
    }

    @Test
    void an_AuthAck_that_was_lost_is_made_good_with_the_same_identity_and_a_new_key() {
        ServerMessage.AuthAck lost;
        try (RawPeer peer = RawPeer.upgraded(server.port())) {
            lost = enrol(peer, device);
            peer.frame(RawPeer.PONG, true, new byte[0]); // a Pong shows nothing of who sent it
        }
        awaitNobodyOnTheLine();
        try (RawPeer peer = RawPeer.upgraded(server.port())) {
            ServerMessage.AuthAck again = enrol(peer, device);
            assertThat(again.agentId()).isEqualTo(lost.agentId());
            assertThat(again.agentKey()).isNotNull().isNotEqualTo(lost.agentKey());
            assertThat(again.epoch()).isGreaterThan(lost.epoch());
        }
        awaitNobodyOnTheLine();
        try (RawPeer peer = RawPeer.upgraded(server.port())) {
            peer.send(RawPeer.auth(
                    new AgentMessage.Credentials.Enrolled(lost.agentId(), keyOf(lost)), UUID.randomUUID()));
            peer.awaitText("AuthReject");
            assertThat(peer.awaitClose().closeCode()).isEqualTo(4401);
        }
    }

    @Test
    @Shows("S11")
    void whatever_else_arrived_shows_that_the_key_did_and_a_later_Auth_is_a_new_agent_that_waits_for_approval() {
        String known = "device-" + UUID.randomUUID();
        ServerMessage.AuthAck first;
        try (RawPeer peer = RawPeer.upgraded(server.port())) {
            first = enrol(peer, known);
            peer.text("not even JSON");
            peer.awaitText("ProtocolError");
        }
        awaitNobodyOnTheLine();
        try (RawPeer peer = RawPeer.upgraded(server.port())) {
            ServerMessage.AuthAck second = enrol(peer, known);
            assertThat(second.agentId()).isNotEqualTo(first.agentId());
            Connection connection = server.bean(LiveConnections.class)
                    .connectionOf(second.agentId())
                    .orElseThrow();
            assertThat(connection.live()).isTrue();
            assertThat(connection.offersAllowed()).as("pending").isFalse();
        }
        try (RawPeer peer = RawPeer.upgraded(server.port())) {
            assertThat(peer.authenticate(first.agentId(), keyOf(first)).agentId())
                    .isEqualTo(first.agentId());
        }
    }

    @Test
    void an_enrolling_connection_that_still_lives_is_not_taken_over() {
        String known = "device-" + UUID.randomUUID();
        try (RawPeer first = RawPeer.upgraded(server.port());
                RawPeer second = RawPeer.upgraded(server.port())) {
            ServerMessage.AuthAck welcome = enrol(first, known);
            ServerMessage.AuthAck other = enrol(second, known);
            assertThat(other.agentId()).isNotEqualTo(welcome.agentId());
            assertThat(server.bean(LiveConnections.class).live(welcome.agentId()))
                    .isPresent();
        }
    }
}
