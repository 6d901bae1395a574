package dev.wireproof.connection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.wireproof.id.AgentId;
import dev.wireproof.testkit.RawPeer;
import dev.wireproof.testkit.Shows;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** The upgrade as it comes over a real socket: what Jetty makes of the headers, and what happens at the door's limit. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class DoorIT {
    private LineUnderTest line;

    @BeforeAll
    void start() {
        line = new LineUnderTest("trusted-proxies=127.0.0.1", "max-connections=3", "max-messages-per-second=5");
    }

    @AfterAll
    void stop() {
        line.close();
    }

    @Test
    @Shows("S37")
    void a_header_line_that_the_client_made_up_in_front_of_the_proxys_own_is_not_believed() {
        try (RawPeer peer = RawPeer.connect(line.port())) {
            RawPeer.HttpAnswer answer = peer.handshake(List.of(
                    "Sec-WebSocket-Protocol: rmm.v1",
                    "X-Forwarded-For: 127.0.0.1",
                    "X-Forwarded-For: 198.51.100.1",
                    "X-Forwarded-Proto: https",
                    "X-Forwarded-Proto: http"));
            assertThat(answer.status()).isEqualTo(403);
            assertThat(answer.body()).contains("tls-required");
        }
        try (RawPeer peer = RawPeer.connect(line.port())) {
            peer.handshake(List.of(
                    "Sec-WebSocket-Protocol: rmm.v1",
                    "X-Forwarded-For: 192.0.2.1",
                    "X-Forwarded-For: 198.51.100.1",
                    "X-Forwarded-Proto: https"));
            AgentId agent = LineUnderTest.anyAgent();
            peer.authenticate(agent, LineUnderTest.GOOD_KEY);
            assertThat(line.connectionOf(agent).peer().proxiedFor()).isEqualTo("198.51.100.1");
        }
        await().until(() -> line.registry.openSockets() == 0);
    }

    @Test
    void the_subprotocol_may_stand_in_a_header_line_of_its_own() {
        try (RawPeer peer = RawPeer.connect(line.port())) {
            assertThat(peer.handshake(List.of("Sec-WebSocket-Protocol: other", "Sec-WebSocket-Protocol: rmm.v1"))
                            .status())
                    .isEqualTo(101);
        }
        await().until(() -> line.registry.openSockets() == 0);
    }

    @Test
    @Shows("S10")
    void a_full_server_answers_503_with_a_time_to_come_back() {
        try (RawPeer one = RawPeer.upgraded(line.port());
                RawPeer two = RawPeer.upgraded(line.port());
                RawPeer three = RawPeer.upgraded(line.port())) {
            await().until(() -> line.registry.openSockets() == 3);
            try (RawPeer fourth = RawPeer.connect(line.port())) {
                RawPeer.HttpAnswer answer = fourth.handshake(List.of("Sec-WebSocket-Protocol: rmm.v1"));
                assertThat(answer.status()).isEqualTo(503);
                assertThat(answer.headers()).containsKey("retry-after");
                assertThat(answer.body()).contains("overloaded");
            }
            one.close();
            two.close();
            three.close();
        }
        await().until(() -> line.registry.openSockets() == 0);
    }

    @Test
    void an_agent_that_says_too_much_is_closed_with_4429() {
        try (RawPeer peer = line.agent(LineUnderTest.anyAgent())) {
            for (int i = 0; i < 12; i++) {
                peer.text("{\"type\":\"Probe\",\"payload\":{}}");
            }
            assertThat(peer.awaitClose().closeCode()).isEqualTo(4429);
        }
        await().until(() -> line.registry.openSockets() == 0);
    }

    @Test
    @Shows("S46")
    void credentials_that_cannot_be_checked_now_are_answered_with_1013() {
        line.whileAdmitting = () -> {
            throw new IllegalStateException("the database is away");
        };
        try (RawPeer peer = RawPeer.upgraded(line.port())) {
            peer.send(RawPeer.auth(
                    new dev.wireproof.protocol.AgentMessage.Credentials.Enrolled(
                            LineUnderTest.anyAgent(), LineUnderTest.GOOD_KEY),
                    java.util.UUID.randomUUID()));
            assertThat(peer.awaitClose().closeCode()).isEqualTo(1013);
        } finally {
            line.whileAdmitting = null;
        }
        await().until(() -> line.registry.openSockets() == 0);
    }
}
