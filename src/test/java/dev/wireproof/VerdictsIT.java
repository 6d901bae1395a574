package dev.wireproof;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.wireproof.connection.SocketWatch;
import dev.wireproof.kernel.SocketReading;
import dev.wireproof.protocol.AgentMessage;
import dev.wireproof.protocol.ServerMessage;
import dev.wireproof.telemetry.HeartbeatLog;
import dev.wireproof.testkit.RunningServer;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Verdicts that take more than an agent which misbehaves: a path that loses one way, a process that is stopped, a command of its own. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class VerdictsIT {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Instant FAR = Instant.parse("2100-01-01T00:00:00Z");

    @TempDir
    Path home;

    private RunningServer server;

    @BeforeAll
    void start() {
        server = RunningServer.start(
                "server.address=0.0.0.0",
                "wireproof.connection.plaintext=any",
                "wireproof.delivery.ack-wait=2s",
                "wireproof.delivery.max-attempts=2",
                "wireproof.diagnosis.answer-wait=3s");
    }

    @AfterAll
    void stop() {
        server.close();
    }

    private RealAgents agents() {
        return new RealAgents(server, home);
    }

    private void assumeTheKernelTells(RealAgents.Agent agent) {
        SocketReading reading = server.bean(SocketWatch.class).read(agent.connection());
        if (!(reading instanceof SocketReading.Seen)) {
            System.out.println("SKIPPED: this machine's kernel does not show its sockets: " + reading);
        }
        assumeTrue(reading instanceof SocketReading.Seen);
    }

    private void heartbeatsOften(RealAgents.Agent agent) {
        assertThat(server.admin()
                        .post(
                                "/api/v1/configs",
                                "{\"agent_id\":\"%s\",\"config\":{\"heartbeat_interval_s\":5}}".formatted(agent.id()))
                        .status())
                .isEqualTo(201);
    }

    /** Two more, so that it has its configuration and the next one is due behind the command: all later ones wait for an acknowledgement. */
    private void awaitTwoHeartbeats(RealAgents.Agent agent) {
        HeartbeatLog heartbeats = server.bean(HeartbeatLog.class);
        int before = heartbeats.ofAgent(agent.id(), Instant.EPOCH, FAR, 100).size();
        await().atMost(PATIENCE)
                .until(() ->
                        heartbeats.ofAgent(agent.id(), Instant.EPOCH, FAR, 100).size() >= before + 2);
    }

    private static List<String> excluded(JsonNode diagnosis) {
        List<String> excluded = new ArrayList<>();
        diagnosis
                .path("excluded")
                .forEach(one -> excluded.add(one.path("hypothesis").asString()));
        return excluded;
    }

    @Test
    void a_path_that_loses_only_what_is_sent_to_the_agent_is_told_from_a_frozen_agent() throws Exception {
        Optional<CutOffNetwork> other = CutOffNetwork.open();
        assumeTrue(other.isPresent());
        try (CutOffNetwork network = other.orElseThrow();
                RealAgents.Agent agent = agents().in(network, "cut-off")) {
            assumeTheKernelTells(agent);
            heartbeatsOften(agent);
            awaitTwoHeartbeats(agent);
            network.loseWhatIsSentThere();

            JsonNode found = server.diagnose(agent.id().toString(), "{\"duration_s\":20}");

            assertThat(found.path("verdict").asString()).as("%s", found).isEqualTo("outbound_path_lost");
            assertThat(found.path("confidence").asString()).isEqualTo("high");
            assertThat(found.path("evidence").toString()).contains("did not acknowledge what was written");
            assertThat(excluded(found)).contains("peer_not_reading", "agent_offline", "healthy");
        }
    }

    @Test
    void a_stopped_agent_is_told_from_a_path_that_is_lost() throws Exception {
        try (RealAgents.Agent agent = agents().here("stopped")) {
            assumeTheKernelTells(agent);
            agent.signal("STOP");

            JsonNode found = server.diagnose(agent.id().toString(), "{\"duration_s\":20}");

            assertThat(found.path("verdict").asString()).as("%s", found).isEqualTo("peer_not_reading");
            assertThat(excluded(found)).contains("outbound_path_lost", "agent_offline", "healthy");
        }
    }

    @Test
    void a_command_that_alone_gets_no_answer_is_told_from_a_deaf_agent() {
        try (RunningServer.Enrolled agent = server.enrol()) {
            Thread.startVirtualThread(() -> agent.peer().serve(message -> {
                if (message instanceof ServerMessage.Command command
                        && !command.script().contains("poison")) {
                    agent.peer()
                            .send(new AgentMessage.CommandAck(
                                    command.commandId(), 1, false, AgentMessage.AckStatus.ACCEPTED, null, null));
                }
            }));
            String poison = submit(agent, "echo poison");
            await().atMost(PATIENCE)
                    .until(
                            () -> server.admin()
                                    .get("/api/v1/commands/" + poison)
                                    .text(),
                            text -> text.contains("WRITTEN") || text.contains("PEER_READ"));
            String other = submit(agent, "hostname");
            await().atMost(PATIENCE)
                    .until(() -> server.admin()
                            .get("/api/v1/commands/" + other)
                            .text()
                            .contains("\"acked\""));

            JsonNode found = await().atMost(PATIENCE)
                    .until(
                            () -> server.admin().get("/api/v1/commands/" + poison + "/diagnosis"),
                            answer -> answer.status() == 200)
                    .json();

            assertThat(found.path("verdict").asString()).as("%s", found).isEqualTo("command_specific");
            assertThat(found.path("evidence").toString()).contains("for other commands on the same connection");
            assertThat(excluded(found)).contains("agent_not_processing_text", "healthy");
        }
    }

    private String submit(RunningServer.Enrolled agent, String script) {
        return server.admin()
                .post("/api/v1/commands", "{\"agent_id\":\"%s\",\"script\":\"%s\"}".formatted(agent.agentId(), script))
                .json()
                .path("id")
                .asString();
    }
}
