package dev.wireproof.connection;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wireproof.id.AgentId;
import dev.wireproof.protocol.AgentMessage;
import dev.wireproof.protocol.ServerMessage;
import dev.wireproof.testkit.RawPeer;
import dev.wireproof.testkit.Shows;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class HandshakeIT {
    private static final String SUBPROTOCOL = "Sec-WebSocket-Protocol: rmm.v1";

    private LineUnderTest line;

    @BeforeAll
    void start() {
        line = new LineUnderTest("allowed-origins=https://console.example");
    }

    @AfterAll
    void stop() {
        line.close();
    }

    @Test
    void an_agent_is_let_in_and_told_who_it_is_before_anything_else() {
        AgentId agent = LineUnderTest.anyAgent();
        try (RawPeer peer = RawPeer.upgraded(line.port())) {
            peer.send(RawPeer.auth(
                    new AgentMessage.Credentials.Enrolled(agent, LineUnderTest.GOOD_KEY), UUID.randomUUID()));
            assertThat(peer.next().text()).contains("\"type\":\"AuthAck\"");
            assertThat(peer.next().text()).contains("\"type\":\"ConfigUpdate\"");
            assertThat(peer.next().text()).contains("\"type\":\"Echo\"");
            assertThat(line.registry.live(agent)).isPresent();
        }
    }

    @Test
    void a_client_without_the_subprotocol_is_told_so_with_400() {
        try (RawPeer peer = RawPeer.connect(line.port())) {
            RawPeer.HttpAnswer answer = peer.handshake(List.of());
            assertThat(answer.status()).isEqualTo(400);
            assertThat(answer.headers()).containsEntry("content-type", "application/problem+json");
            assertThat(answer.body()).contains("rmm.v1", "subprotocol-required");
        }
    }

    @Test
    @Shows("S24")
    void a_browser_is_refused_unless_its_origin_is_allowed() {
        try (RawPeer peer = RawPeer.connect(line.port())) {
            assertThat(peer.handshake(List.of(SUBPROTOCOL, "Origin: https://evil.example"))
                            .status())
                    .isEqualTo(403);
        }
        try (RawPeer peer = RawPeer.connect(line.port())) {
            assertThat(peer.handshake(List.of(SUBPROTOCOL, "Origin: https://console.example"))
                            .status())
                    .isEqualTo(101);
        }
    }

    @Test
    @Shows("S31")
    void no_extension_is_negotiated() {
        try (RawPeer peer = RawPeer.connect(line.port())) {
            RawPeer.HttpAnswer answer =
                    peer.handshake(List.of(SUBPROTOCOL, "Sec-WebSocket-Extensions: permessage-deflate"));
            assertThat(answer.status()).isEqualTo(101);
            assertThat(answer.headers())
                    .containsEntry("sec-websocket-protocol", "rmm.v1")
                    .doesNotContainKey("sec-websocket-extensions");
        }
    }

    @Test
    void what_is_no_websocket_handshake_gets_an_answer_that_says_so() {
        try (RawPeer peer = RawPeer.connect(line.port())) {
            RawPeer.HttpAnswer answer = peer.request("GET /ws HTTP/1.1", List.of());
            assertThat(answer.status()).isEqualTo(426);
            assertThat(answer.body()).contains("websocket-required");
        }
        try (RawPeer peer = RawPeer.connect(line.port())) {
            assertThat(peer.request("POST /ws HTTP/1.1", List.of("Content-Length: 0"))
                            .status())
                    .isEqualTo(405);
        }
    }

    @Test
    void bad_credentials_are_answered_and_then_closed_with_4401() {
        try (RawPeer peer = RawPeer.upgraded(line.port())) {
            peer.send(RawPeer.auth(
                    new AgentMessage.Credentials.Enrolled(LineUnderTest.anyAgent(), "wrong"), UUID.randomUUID()));
            ServerMessage.AuthReject reject = (ServerMessage.AuthReject) peer.awaitMessage("AuthReject");
            assertThat(reject.code()).isEqualTo(ServerMessage.RejectCode.BAD_CREDENTIALS);
            assertThat(reject.retryAfterS()).isEqualTo(60);
            assertThat(peer.awaitClose().closeCode()).isEqualTo(4401);
        }
    }

    @Test
    void an_agent_that_comes_too_often_is_closed_with_4429() {
        try (RawPeer peer = RawPeer.upgraded(line.port())) {
            peer.send(RawPeer.auth(
                    new AgentMessage.Credentials.Enrolled(LineUnderTest.anyAgent(), "often"), UUID.randomUUID()));
            peer.awaitText("AuthReject");
            assertThat(peer.awaitClose().closeCode()).isEqualTo(4429);
        }
    }

    @Test
    void a_first_message_that_is_not_Auth_is_closed_with_4400() {
        try (RawPeer peer = RawPeer.upgraded(line.port())) {
            peer.send(new AgentMessage.ConfigAck(1, true, null));
            assertThat(peer.awaitClose().closeCode()).isEqualTo(4400);
        }
        try (RawPeer peer = RawPeer.upgraded(line.port())) {
            peer.text("not json");
            assertThat(peer.awaitClose().closeCode()).isEqualTo(4400);
        }
    }

    @Test
    void a_second_Auth_is_answered_and_changes_nothing() {
        AgentId agent = LineUnderTest.anyAgent();
        try (RawPeer peer = line.agent(agent)) {
            peer.send(RawPeer.auth(
                    new AgentMessage.Credentials.Enrolled(LineUnderTest.anyAgent(), LineUnderTest.GOOD_KEY),
                    UUID.randomUUID()));
            ServerMessage.ProtocolError error = (ServerMessage.ProtocolError) peer.awaitMessage("ProtocolError");
            assertThat(error.fault().receivedType()).isEqualTo("Auth");
            assertThat(line.connectionOf(agent).agentId()).isEqualTo(agent);
        }
    }

    @Test
    void an_enrolling_agent_gets_its_key_once_and_its_first_message_confirms_it() {
        try (RawPeer peer = RawPeer.upgraded(line.port())) {
            ServerMessage.AuthAck ack = peer.authenticate(
                    RawPeer.auth(new AgentMessage.Credentials.Enrolling("token", "device-1"), UUID.randomUUID()));
            assertThat(ack.agentKey()).isEqualTo("new-key");
            assertThat(line.confirmed).doesNotContain(ack.agentId());
            peer.send(new AgentMessage.ConfigAck(1, true, null));
            org.awaitility.Awaitility.await().until(() -> line.confirmed.contains(ack.agentId()));
        }
    }
}
