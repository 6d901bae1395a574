package dev.wireproof;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.wireproof.connection.SocketWatch;
import dev.wireproof.id.AgentId;
import dev.wireproof.kernel.SocketReading;
import dev.wireproof.protocol.AgentMessage;
import dev.wireproof.protocol.ServerMessage;
import dev.wireproof.testkit.RawPeer;
import dev.wireproof.testkit.RunningServer;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.jar.JarFile;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** The rung between our kernel and the agent, with real agents in processes of their own: stopped ones, and ones that nothing reaches. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TcpAckedIT {
    @TempDir
    Path home;

    private RunningServer server;

    @BeforeAll
    void start() {
        server = RunningServer.start(
                "server.address=0.0.0.0",
                "wireproof.connection.plaintext=any",
                "wireproof.delivery.ack-wait=60s",
                "wireproof.connection.trusted-proxies=127.0.0.1");
    }

    @AfterAll
    void stop() {
        server.close();
    }

    private String post(AgentId agent) {
        JsonNode command = server.admin()
                .post("/api/v1/commands", "{\"agent_id\":\"" + agent + "\",\"script\":\"echo there\"}")
                .json();
        return command.get("id").asString();
    }

    private JsonNode command(String id) {
        return server.admin().get("/api/v1/commands/" + id).json();
    }

    private JsonNode firstAttempt(String id) {
        return command(id).get("attempts").get(0);
    }

    private SocketReading socket(RealAgents.Agent agent) {
        return server.bean(SocketWatch.class).read(agent.connection());
    }

    private RealAgents agents() {
        return new RealAgents(server, home);
    }

    private void assumeTheKernelTells(RealAgents.Agent agent) {
        SocketReading reading = socket(agent);
        if (!(reading instanceof SocketReading.Seen)) {
            System.out.println("SKIPPED: this machine's kernel does not show its sockets: " + reading);
        }
        assumeTrue(reading instanceof SocketReading.Seen);
    }

    @Test
    void a_stopped_process_is_tcp_acknowledged_and_has_not_read_until_it_goes_on() throws Exception {
        try (RealAgents.Agent agent = agents().here("stopped")) {
            assumeTheKernelTells(agent);
            agent.signal("STOP");
            String id = post(agent.id());
            JsonNode tooShort = server.diagnose(agent.id().toString(), "{\"duration_s\":10}");
            assertThat(tooShort.path("verdict").asString())
                    .as("what was looked at for less than the ack wait")
                    .isEqualTo("inconclusive");
            assertThat(tooShort.path("missing").toString()).contains("watched too briefly");
            await().untilAsserted(() -> {
                JsonNode attempt = firstAttempt(id);
                assertThat(attempt.get("rung").asString()).isEqualTo("TCP_ACKED");
                assertThat(attempt.get("tcp_acked_at").isNull()).isFalse();
                assertThat(attempt.get("peer_read_at").isNull()).isTrue();
                assertThat(attempt.get("acked_at").isNull()).isTrue();
            });
            assertThat(command(id).get("state").asString()).isEqualTo("offered");
            assertThat(server.admin()
                            .get("/api/v1/commands/" + id + "/timeline")
                            .text())
                    .contains("\"TCP_ACKED\"");

            agent.signal("CONT");
            await().untilAsserted(() ->
                    assertThat(command(id).get("state").asString()).isEqualTo("succeeded"));
            JsonNode attempt = firstAttempt(id);
            assertThat(attempt.get("rung").asString()).isEqualTo("ACKED");
            assertThat(Instant.parse(attempt.get("tcp_acked_at").asString()))
                    .isAfter(Instant.parse(attempt.get("written_at").asString()))
                    .isBefore(Instant.parse(attempt.get("peer_read_at").asString()));
        }
    }

    @Test
    void an_agent_that_answers_at_once_has_no_time_that_nobody_measured() throws Exception {
        try (RealAgents.Agent agent = agents().here("quick")) {
            String warm = post(agent.id());
            await().untilAsserted(() ->
                    assertThat(command(warm).get("state").asString()).isEqualTo("succeeded"));
            String id = post(agent.id());
            await().untilAsserted(() ->
                    assertThat(command(id).get("state").asString()).isEqualTo("succeeded"));
            JsonNode attempt = firstAttempt(id);
            assertThat(attempt.get("rung").asString()).isEqualTo("ACKED");
            boolean quick = attempt.get("fence_rtt_ns").asLong() < 100_000_000L;
            assertThat(attempt.get("tcp_acked_at").isNull() || !quick).isTrue();
        }
    }

    @Test
    void what_nothing_reaches_any_more_is_written_and_not_tcp_acknowledged() throws Exception {
        Optional<CutOffNetwork> other = CutOffNetwork.open();
        assumeTrue(other.isPresent());
        try (CutOffNetwork network = other.orElseThrow();
                RealAgents.Agent agent = agents().in(network, "cut-off")) {
            assumeTheKernelTells(agent);
            network.loseWhatIsSentThere();
            String id = post(agent.id());
            await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> {
                JsonNode socket = socketOf(agent.connection().toString());
                assertThat(socket.get("hop").asString()).isEqualTo("peer");
                assertThat(socket.get("unacked_bytes").asLong()).isPositive();
                assertThat(socket.get("retransmits").asLong()).isGreaterThanOrEqualTo(2);
            });
            JsonNode lost = firstAttempt(id);
            assertThat(lost.get("rung").asString()).isEqualTo("WRITTEN");
            assertThat(lost.get("tcp_acked_at").isNull()).isTrue();

            network.deliverAgain();
            await().atMost(Duration.ofSeconds(30))
                    .untilAsserted(() ->
                            assertThat(command(id).get("state").asString()).isEqualTo("succeeded"));
        }
    }

    private JsonNode socketOf(String connection) {
        return server.admin().get("/api/v1/connections/" + connection).json().get("socket");
    }

    @Test
    void behind_a_proxy_the_kernel_speaks_of_the_way_to_the_proxy() {
        try (RawPeer proxy = RawPeer.connect(server.port())) {
            proxy.handshake(List.of("Sec-WebSocket-Protocol: rmm.v1", "X-Forwarded-For: 192.0.2.7"));
            ServerMessage.AuthAck welcome = proxy.authenticate(RawPeer.auth(
                    new AgentMessage.Credentials.Enrolling(RunningServer.ENROLLMENT, "behind-a-proxy"),
                    UUID.randomUUID()));
            String connection = welcome.connectionId().toString();
            boolean told = !socketOf(connection).isNull();
            if (!told) {
                System.out.println("SKIPPED: this machine's kernel does not show its sockets");
            }
            assumeTrue(told);
            assertThat(socketOf(connection).get("hop").asString()).isEqualTo("proxy");
            assertThat(socketOf(connection).get("rtt_us").asLong()).isPositive();
            assertThat(socketOf(connection).get("unsent_bytes").isNumber()).isTrue();

            String id = post(welcome.agentId());
            await().untilAsserted(() -> assertThat(server.admin()
                            .get("/api/v1/commands/" + id + "/timeline")
                            .text())
                    .contains("\"hop\":\"proxy\"")
                    .contains("tells nothing of the agent behind it"));
        }
    }

    @Test
    void the_servers_jar_may_ask_the_kernel() throws IOException {
        try (JarFile jar = new JarFile(System.getProperty("wireproof.server.jar"))) {
            assertThat(jar.getManifest().getMainAttributes().getValue("Enable-Native-Access"))
                    .isEqualTo("ALL-UNNAMED");
        }
    }
}
