package dev.wireproof.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.wireproof.testkit.Http;
import dev.wireproof.testkit.RunningServer;
import dev.wireproof.testkit.Shows;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** The whole way with signatures: the real server, the real agent. */
class SignedServerIT {
    @TempDir
    Path directory;

    @Test
    @Shows("S14")
    void a_server_that_signs_runs_commands_on_the_real_agent_and_each_offer_can_be_checked() throws Exception {
        Path home = directory.resolve("agent");
        try (RunningServer server = RunningServer.start(
                        "wireproof.signing=required", "wireproof.home=" + directory.resolve("server"));
                AgentProcess agent = AgentProcess.start(
                        home,
                        List.of(
                                "--server",
                                "ws://127.0.0.1:" + server.port() + "/ws",
                                "--enrollment-token",
                                RunningServer.ENROLLMENT,
                                "--home",
                                home.toString()))) {
            Http admin = server.admin();
            await().atMost(Duration.ofSeconds(30))
                    .until(() -> !admin.get("/api/v1/agents?status=online")
                            .json()
                            .path("items")
                            .isEmpty());
            String id = admin.get("/api/v1/agents")
                    .json()
                    .path("items")
                    .path(0)
                    .path("id")
                    .asString();
            for (String said : List.of("one", "two")) {
                JsonNode ended = admin.post(
                                "/api/v1/commands?wait_s=30",
                                "{\"agent_id\":\"%s\",\"script\":\"echo %s\",\"env\":{\"B\":\"2\",\"A\":\"1\"}}"
                                        .formatted(id, said))
                        .json();
                assertThat(ended.path("state").asString()).as(ended.toString()).isEqualTo("succeeded");
                assertThat(ended.path("stdout_tail").asString()).isEqualTo(said + "\n");
            }
            assertThat(Files.readString(home.resolve("identity.properties"))).contains("signing_key.");
            assertThat(Files.readString(home.resolve("commands.journal"))).contains(" C\t");
            String half = "x".repeat(250_000);
            assertThat(admin.post(
                                    "/api/v1/commands",
                                    "{\"agent_id\":\"%s\",\"script\":\"true\",\"args\":[\"%s\",\"%s\"]}"
                                            .formatted(id, half, half))
                            .status())
                    .as("what is signed travels twice")
                    .isEqualTo(400);
            assertThat(agent.isAlive()).isTrue();
        }
    }
}
