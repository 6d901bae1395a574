package dev.wireproof.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.wireproof.protocol.AgentMessage;
import dev.wireproof.protocol.ServerMessage;
import dev.wireproof.testkit.Http;
import dev.wireproof.testkit.RunningServer;
import dev.wireproof.testkit.RunningServer.Enrolled;
import dev.wireproof.testkit.Shows;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** A command that carries a secret: the agent gets it whole, and people see of it what they need and nothing more. */
@Shows("S50")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SecretCommandIT {
    private static final String CANARY = "canary-7c1f";
    private static final String WHAT = "\"script\":\"set-password canary-7c1f\",\"args\":[\"canary-7c1f\"],"
            + "\"env\":{\"PASSWORD\":\"canary-7c1f\"},\"secret\":true";

    private RunningServer server;
    private Http admin;

    @BeforeAll
    void start() {
        server = RunningServer.start();
        admin = server.admin();
    }

    @AfterAll
    void stop() {
        server.close();
    }

    private static ServerMessage.Command runs(Enrolled agent) {
        ServerMessage.Command offer = (ServerMessage.Command) agent.peer().awaitMessage("Command");
        agent.peer()
                .send(new AgentMessage.CommandAck(
                        offer.commandId(), offer.attempt(), false, AgentMessage.AckStatus.ACCEPTED, null, null))
                .send(new AgentMessage.CommandOutput(
                        offer.commandId(), AgentMessage.Stream.STDOUT, 0, AgentMessage.Encoding.UTF_8, CANARY))
                .send(new AgentMessage.CommandResult(
                        offer.commandId(),
                        AgentMessage.Outcome.EXITED,
                        0,
                        null,
                        CANARY.length(),
                        0,
                        false,
                        null,
                        1,
                        null));
        agent.peer().awaitMessage("CommandResultAck");
        return offer;
    }

    @Test
    void script_and_output_of_a_secret_command_are_shown_by_the_call_for_its_output_alone()
            throws IOException, InterruptedException {
        try (Enrolled agent = server.enrol()) {
            Http.Answer posted = admin.post(
                    "/api/v1/commands",
                    "{\"agent_id\":\"%s\",%s}".formatted(agent.agentId(), WHAT),
                    "Idempotency-Key",
                    "secret-one");
            assertThat(posted.status()).as(posted.text()).isEqualTo(202);
            String at = "/api/v1/commands/" + posted.json().path("id").asString();
            ServerMessage.Command offer = runs(agent);
            assertThat(offer.script()).isEqualTo("set-password canary-7c1f");
            assertThat(offer.args()).containsExactly(CANARY);
            assertThat(offer.env()).containsEntry("PASSWORD", CANARY);

            Http.Answer whole = await().atMost(Duration.ofSeconds(10))
                    .until(() -> admin.get(at), answer -> answer.text().contains("\"succeeded\""));
            assertThat(whole.json().path("secret").asBoolean(false)).isTrue();
            assertThat(whole.json().path("script").asString()).isEqualTo("(secret)");
            assertThat(whole.json().path("env").path("PASSWORD").asString()).isEqualTo("(secret)");
            List<String> shown = new ArrayList<>(List.of(posted.text(), whole.text()));
            for (String place : List.of(
                    "/api/v1/commands?agent_id=" + agent.agentId(),
                    at + "/timeline",
                    at + "/evidence",
                    "/api/v1/audit",
                    "/api/v1/connections/" + agent.welcome().connectionId() + "/frames")) {
                Http.Answer answer = admin.get(place);
                assertThat(answer.status()).as(place).isEqualTo(200);
                shown.add(answer.text());
            }
            shown.add(admin.post(
                            "/api/v1/commands",
                            "{\"agent_id\":\"%s\",%s}".formatted(agent.agentId(), WHAT),
                            "Idempotency-Key",
                            "secret-one")
                    .text());
            try (InputStream events = admin.open(at + "/events")) {
                shown.add(new String(events.readAllBytes(), StandardCharsets.UTF_8));
            }
            assertThat(shown.getLast()).contains("event:state").doesNotContain("event:output");
            assertThat(shown).noneMatch(text -> text.contains(CANARY));
            assertThat(admin.get("/api/v1/commands?q=" + CANARY).json().path("items"))
                    .as("nor is it found by what it says")
                    .isEmpty();
            assertThat(admin.get(at + "/output").text()).contains(CANARY);
        }
    }

    @Test
    void a_secret_batch_shows_its_script_nowhere_and_makes_secret_commands() {
        try (Enrolled agent = server.enrol()) {
            Http.Answer posted = admin.post(
                    "/api/v1/batches",
                    "{\"selector\":{\"agent_ids\":[\"%s\"]},\"command\":{%s}}".formatted(agent.agentId(), WHAT));
            assertThat(posted.status()).as(posted.text()).isEqualTo(202);
            ServerMessage.Command offer = runs(agent);
            assertThat(offer.script()).contains(CANARY);
            String id = posted.json().path("id").asString();

            assertThat(posted.text()).doesNotContain(CANARY).contains("(secret)");
            assertThat(admin.get("/api/v1/batches/" + id).text()).doesNotContain(CANARY);
            assertThat(admin.get("/api/v1/commands/" + offer.commandId()).text())
                    .doesNotContain(CANARY)
                    .contains("\"secret\":true");
        }
    }
}
