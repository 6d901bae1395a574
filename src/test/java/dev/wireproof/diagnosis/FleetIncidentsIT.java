package dev.wireproof.diagnosis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.wireproof.protocol.AgentMessage;
import dev.wireproof.protocol.ServerMessage;
import dev.wireproof.testkit.RawPeer;
import dev.wireproof.testkit.RunningServer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import tools.jackson.databind.JsonNode;

/** A fleet of 40 on real sockets: two of them behind one gateway are deaf, and a third, which has nothing to do with them, is slow. */
@TestInstance(Lifecycle.PER_CLASS)
class FleetIncidentsIT {
    private static final int HEALTHY = 37;
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final List<RawPeer> peers = new ArrayList<>();
    private final CountDownLatch offeredTwice = new CountDownLatch(2);
    private RunningServer server;

    @BeforeAll
    void start() {
        server = RunningServer.start(
                "wireproof.delivery.ack-wait=2s",
                "wireproof.delivery.max-attempts=3",
                "wireproof.diagnosis.answer-wait=2s",
                "wireproof.connection.echo-interval=5s", // so that no peer waits for long for something to read
                "wireproof.connection.trusted-proxies=127.0.0.1");
    }

    @AfterAll
    void stop() {
        peers.forEach(RawPeer::close);
        server.close();
    }

    private enum Kind {
        HEALTHY,
        DEAF,
        /** Acknowledges its command only when it was offered a second time, and does it then. */
        SLOW
    }

    private String join(Kind kind, String address) {
        RawPeer peer = RawPeer.connect(server.port());
        peer.handshake(
                List.of("Sec-WebSocket-Protocol: rmm.v1", "X-Forwarded-For: " + address, "X-Forwarded-Proto: https"));
        ServerMessage.AuthAck welcome = peer.authenticate(RawPeer.auth(
                new AgentMessage.Credentials.Enrolling(RunningServer.ENROLLMENT, "device-" + UUID.randomUUID()),
                UUID.randomUUID()));
        peers.add(peer);
        Thread.startVirtualThread(() -> peer.serve(message -> {
            if (message instanceof ServerMessage.Command command && kind != Kind.DEAF) {
                answer(kind, peer, command);
            }
        }));
        return welcome.agentId().toString();
    }

    private void answer(Kind kind, RawPeer peer, ServerMessage.Command command) {
        if (kind == Kind.SLOW) {
            offeredTwice.countDown();
            if (offeredTwice.getCount() > 0) {
                return;
            }
        }
        peer.send(new AgentMessage.CommandAck(
                command.commandId(), command.attempt(), false, AgentMessage.AckStatus.ACCEPTED, null, null));
        peer.send(new AgentMessage.CommandResult(
                command.commandId(), AgentMessage.Outcome.EXITED, 0, null, 0, 0, false, null, 1, null));
    }

    private void submit(String agent) {
        assertThat(server.admin()
                        .post("/api/v1/commands", "{\"agent_id\":\"%s\",\"script\":\"hostname\"}".formatted(agent))
                        .status())
                .isEqualTo(202);
    }

    @Test
    void two_deaf_agents_behind_one_gateway_and_a_slow_one_elsewhere_are_two_incidents() {
        for (int i = 0; i < HEALTHY; i++) {
            join(Kind.HEALTHY, "198.51.%d.7".formatted(i + 1));
        }
        String one = join(Kind.DEAF, "203.0.113.20");
        String other = join(Kind.DEAF, "203.0.113.21");
        String slow = join(Kind.SLOW, "192.0.2.9");

        String place = server.admin()
                .post("/api/v1/agents/" + slow + "/diagnoses", "{\"duration_s\":20}")
                .header("location");
        List.of(one, other).forEach(this::submit);
        assertThat(server.awaitDiagnosis(place).path("verdict").asString()).isEqualTo("agent_slow_ack");

        JsonNode incidents = await().atMost(PATIENCE)
                .until(
                        () -> server.admin()
                                .get("/api/v1/fleet/incidents")
                                .json()
                                .path("items"),
                        items -> items.size() == 2 && items.get(0).path("count").asInt() == 2);
        JsonNode deaf = incidents.get(0);
        assertThat(deaf.path("signature").path("verdict").asString()).isEqualTo("agent_not_processing_text");
        assertThat(deaf.path("agent_ids").valueStream().map(JsonNode::asString).toList())
                .containsExactlyInAnyOrder(one, other);
        assertThat(deaf.path("separated_by")
                        .valueStream()
                        .map(JsonNode::asString)
                        .toList())
                .containsExactly("remote_network");
        assertThat(deaf.path("says").asString()).contains("2 of the 2 have remote_network 203.0.113.0/24");
        JsonNode late = incidents.get(1);
        assertThat(late.path("signature").path("verdict").asString()).isEqualTo("agent_slow_ack");
        assertThat(late.path("agent_ids").valueStream().map(JsonNode::asString).toList())
                .containsExactly(slow);
        assertThat(late.path("too_few_to_say").asBoolean(false)).isTrue();
    }
}
