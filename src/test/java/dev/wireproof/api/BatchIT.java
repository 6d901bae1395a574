package dev.wireproof.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.wireproof.access.ApiTokens;
import dev.wireproof.access.Role;
import dev.wireproof.protocol.AgentMessage;
import dev.wireproof.protocol.ServerMessage;
import dev.wireproof.testkit.Http;
import dev.wireproof.testkit.RawPeer;
import dev.wireproof.testkit.RunningServer;
import dev.wireproof.testkit.RunningServer.Enrolled;
import dev.wireproof.testkit.Shows;
import dev.wireproof.testkit.TestDatabase;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.springframework.jdbc.core.simple.JdbcClient;
import tools.jackson.databind.JsonNode;

/** One command for many agents: what goes out, in which steps, and what stops it. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BatchIT {
    private static final String BATCHES = "/api/v1/batches";

    private RunningServer server;
    private Http admin;

    @BeforeAll
    void start() {
        server = RunningServer.start("wireproof.api.approval-above=3", "wireproof.api.approval-above-percent=0");
        admin = server.admin();
    }

    @AfterAll
    void stop() {
        server.close();
    }

    private record Made(String id, Http http) {}

    private Made technician(String name) {
        ApiTokens.Created made = server.bean(ApiTokens.class).create(name, Role.TECHNICIAN, null, null, "test " + name);
        return new Made(made.token().id().toString(), admin.with(made.secret()));
    }

    private static String body(List<Enrolled> agents, String more) {
        return "{\"selector\":{\"agent_ids\":[%s]},\"command\":{\"script\":\"x\",\"ttl_s\":3600}%s}"
                .formatted(
                        agents.stream()
                                .map(agent -> "\"" + agent.agentId() + "\"")
                                .collect(Collectors.joining(",")),
                        more);
    }

    private String batch(Http as, List<Enrolled> agents, String more) {
        Http.Answer answer = as.post(BATCHES, body(agents, more));
        assertThat(answer.status()).as(answer.text()).isEqualTo(202);
        return answer.header("location");
    }

    private List<Enrolled> enrolled(int count) {
        List<Enrolled> agents = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            agents.add(server.enrol());
        }
        return agents;
    }

    private static void close(List<Enrolled> agents) {
        agents.forEach(Enrolled::close);
    }

    private static void ends(Enrolled agent, int exitCode) {
        ServerMessage.Command command = (ServerMessage.Command) agent.peer().awaitMessage("Command");
        agent.peer()
                .send(new AgentMessage.CommandResult(
                        command.commandId(), AgentMessage.Outcome.EXITED, exitCode, null, 0, 0, false, null, 1, null));
    }

    /** Each agent ends the command that it gets; one that gets none waits until its socket is closed. */
    private static void answering(List<Enrolled> agents, int exitCode) {
        agents.forEach(agent -> Thread.startVirtualThread(() -> {
            try {
                ends(agent, exitCode);
            } catch (AssertionError closed) {
                // the test looks at what the server counts
            }
        }));
    }

    private JsonNode counts(String at) {
        JsonNode batch = admin.get(at).json();
        for (JsonNode counts : batch.get("counts")) {
            assertThat(counts.properties().stream()
                            .mapToInt(one -> one.getValue().asInt())
                            .sum())
                    .as(batch.toString())
                    .isEqualTo(batch.get("targets").asInt());
        }
        return batch.get("counts").get("by_state");
    }

    private void awaitState(String at, String state) {
        await().atMost(Duration.ofSeconds(20))
                .untilAsserted(() ->
                        assertThat(admin.get(at).json().get("state").asString()).isEqualTo(state));
    }

    private void awaitCount(String at, String state, int count) {
        await().atMost(Duration.ofSeconds(20))
                .untilAsserted(() ->
                        assertThat(counts(at).path(state).asInt()).as(state).isEqualTo(count));
    }

    @Test
    void each_target_gets_its_command_and_the_counts_add_up_all_the_time() {
        List<Enrolled> agents = enrolled(3);
        String at = batch(admin, agents, "");
        awaitCount(at, "waiting", 2);
        answering(agents, 0);
        awaitState(at, "done");
        assertThat(counts(at).path("succeeded").asInt()).isEqualTo(3);
        String id = at.substring(at.lastIndexOf('/') + 1);
        JsonNode commands = admin.get("/api/v1/commands?batch_id=" + id).json().get("items");
        assertThat(commands)
                .hasSize(3)
                .allMatch(one -> one.get("batch_id").asString().equals(id));
        close(agents);
    }

    @Test
    @Shows("S15")
    void it_begins_with_one_agent_and_stops_when_as_many_failed_as_may() {
        List<Enrolled> agents = enrolled(3);
        String at = batch(admin, agents, ",\"max_errors\":1,\"max_concurrency\":3");
        awaitCount(at, "waiting", 2);
        answering(agents, 1);
        awaitState(at, "stopped");
        JsonNode by = counts(at);
        assertThat(by.path("failed").asInt()).isEqualTo(1);
        assertThat(by.path("cancelled").asInt()).isEqualTo(2);
        close(agents);
    }

    @Test
    @Shows("S15")
    void a_large_batch_waits_for_a_second_person() {
        List<Enrolled> agents = enrolled(4);
        Made grace = technician("grace");
        Made ada = technician("ada");
        String at = batch(grace.http(), agents, "");
        assertThat(admin.get(at).json().get("state").asString()).isEqualTo("held");
        Http.Answer alone = grace.http().post(at + "/approve", "");
        assertThat(alone.status()).isEqualTo(403);
        assertThat(alone.code()).isEqualTo("second-person-required");
        String twin = server.bean(ApiTokens.class)
                .create("another", Role.TECHNICIAN, null, null, "grace")
                .secret();
        assertThat(admin.with(twin).post(at + "/approve", "").status())
                .as("a token that she made herself")
                .isEqualTo(403);
        assertThat(counts(at).path("waiting").asInt()).isEqualTo(4);
        Http.Answer approved = ada.http().post(at + "/approve", "");
        assertThat(approved.status()).isEqualTo(202);
        assertThat(approved.json().get("approved_by").asString()).isEqualTo("ada");
        awaitCount(at, "waiting", 3);
        assertThat(ada.http().post(at + "/approve", "").code()).isEqualTo("batch-not-held");
        admin.post(at + "/cancel", "{}");
        await().untilAsserted(() -> assertThat(admin.get("/api/v1/audit?action=batch.approve")
                        .json()
                        .get("items")
                        .toString())
                .contains("\"ok\"", "403"));
        close(agents);
    }

    @Test
    @Shows("S15")
    void a_stopped_batch_offers_nothing_more() {
        List<Enrolled> agents = enrolled(3);
        String at = batch(admin, agents, "");
        awaitCount(at, "waiting", 2);
        Http.Answer cancelled = admin.post(at + "/cancel", "{\"reason\":\"wrong script\"}");
        assertThat(cancelled.status()).isEqualTo(202);
        assertThat(cancelled.json().get("why").asString()).endsWith("wrong script");
        assertThat(counts(at).path("cancelled").asInt()).isEqualTo(2);
        answering(agents, 0);
        awaitCount(at, "succeeded", 1);
        assertThat(counts(at).path("cancelled").asInt()).isEqualTo(2);
        assertThat(admin.post(at + "/cancel", "{}").code()).isEqualTo("batch-ended");
        close(agents);
    }

    @Test
    @Shows("S21")
    void a_batch_whose_token_is_revoked_releases_nothing_more() {
        List<Enrolled> agents = enrolled(3);
        Made leaving = technician("leaving");
        String at = batch(leaving.http(), agents, "");
        awaitCount(at, "waiting", 2);
        admin.delete("/api/v1/api-tokens/" + leaving.id());
        awaitState(at, "cancelled");
        assertThat(counts(at).path("cancelled").asInt()).isEqualTo(2);
        close(agents);
    }

    private void goesOffline(Enrolled agent) {
        agent.peer().close();
        await().until(() -> admin.get("/api/v1/agents/" + agent.agentId())
                .json()
                .get("status")
                .asString()
                .equals("offline"));
    }

    @Test
    @Shows("S21")
    void what_waits_for_its_agent_ends_with_the_token_that_asked_for_it() {
        Made leaving = technician("leaving too");
        try (Enrolled agent = server.enrol()) {
            goesOffline(agent);
            String body = "{\"agent_id\":\"%s\",\"script\":\"x\"}".formatted(agent.agentId());
            String hers = leaving.http().post("/api/v1/commands", body).header("location");
            String ours = admin.post("/api/v1/commands", body).header("location");
            admin.delete("/api/v1/api-tokens/" + leaving.id());
            await().atMost(Duration.ofSeconds(5))
                    .untilAsserted(
                            () -> assertThat(admin.get(hers).json().get("state").asString())
                                    .isEqualTo("cancelled"));
            assertThat(admin.get(ours).json().get("state").asString()).isEqualTo("queued");
        }
    }

    @Test
    @Shows("S21")
    void what_its_agent_left_unanswered_is_not_offered_again_for_a_revoked_token() {
        Made leaving = technician("leaving three");
        try (Enrolled agent = server.enrol()) {
            String at = leaving.http()
                    .post("/api/v1/commands", "{\"agent_id\":\"%s\",\"script\":\"theirs\"}".formatted(agent.agentId()))
                    .header("location");
            agent.peer().awaitMessage("Command");
            goesOffline(agent);
            admin.delete("/api/v1/api-tokens/" + leaving.id());
            await().until(() -> !admin.get(at).json().get("cancel_requested_at").isNull());
            try (RawPeer back = RawPeer.upgraded(server.port())) {
                back.authenticate(RawPeer.auth(
                        new AgentMessage.Credentials.Enrolled(
                                agent.welcome().agentId(),
                                Objects.requireNonNull(agent.welcome().agentKey())),
                        UUID.randomUUID()));
                ServerMessage.CommandCancel asked = (ServerMessage.CommandCancel) back.awaitMessage("CommandCancel");
                assertThat(at).endsWith(asked.commandId().toString());
            }
        }
    }

    @Test
    @Shows("S21")
    void who_has_a_command_delivered_again_answers_for_it_and_no_longer_who_asked_first() {
        Made first = technician("first");
        Made second = technician("second");
        try (Enrolled agent = server.enrol()) {
            goesOffline(agent);
            String body = "{\"agent_id\":\"%s\",\"script\":\"x\"}".formatted(agent.agentId());
            String kept = first.http().post("/api/v1/commands", body).header("location");
            String withdrawn = first.http().post("/api/v1/commands", body).header("location");
            JdbcClient.create(TestDatabase.at(server.databaseUrl()))
                    .sql("UPDATE command SET expires_at = now(), due_at = now() WHERE agent_id = :agent::uuid")
                    .param("agent", agent.agentId())
                    .update();
            awaitState(kept, "expired");
            awaitState(withdrawn, "expired");
            assertThat(admin.post(kept + "/redeliver", "{}").status()).isEqualTo(202);
            assertThat(second.http().post(withdrawn + "/redeliver", "{}").status())
                    .isEqualTo(202);
            admin.delete("/api/v1/api-tokens/" + first.id());
            admin.delete("/api/v1/api-tokens/" + second.id());
            awaitState(withdrawn, "cancelled");
            assertThat(admin.get(kept).json().get("state").asString()).isEqualTo("queued");
        }
    }

    @Test
    void a_forecast_stores_nothing_and_tells_who_is_there() {
        List<Enrolled> agents = enrolled(4);
        goesOffline(agents.getFirst());
        Http.Answer forecast = admin.post(BATCHES + "?dry_run=true", body(agents, ""));
        assertThat(forecast.status()).isEqualTo(200);
        JsonNode told = forecast.json();
        assertThat(told.get("targets").asInt()).isEqualTo(4);
        assertThat(told.get("offline").asInt()).isEqualTo(1);
        assertThat(told.get("needs_approval").asBoolean()).isTrue();
        assertThat(told.get("proven").asInt()
                        + told.get("unproven").asInt()
                        + told.get("failing").asInt())
                .isEqualTo(3);
        close(agents);
    }

    @Test
    @Shows("S19")
    void another_sites_agents_answer_like_none_and_its_batch_like_none() {
        try (Enrolled agent = server.enrol()) {
            String site = admin.post("/api/v1/sites", "{\"name\":\"batch site\"}")
                    .json()
                    .get("id")
                    .asString();
            Http elsewhere = admin.with(server.bean(ApiTokens.class)
                    .create("elsewhere", Role.ADMIN, Set.of(dev.wireproof.id.SiteId.parse(site)), null, "test")
                    .secret());
            Http.Answer foreign = elsewhere.post(BATCHES, body(List.of(agent), ""));
            Http.Answer unknown = elsewhere.post(
                    BATCHES,
                    body(List.of(agent), "")
                            .replace(
                                    agent.agentId(), java.util.UUID.randomUUID().toString()));
            assertThat(foreign.status()).isEqualTo(404);
            assertThat(foreign.text()).isEqualTo(unknown.text());
            assertThat(elsewhere
                            .post(
                                    BATCHES + "?dry_run=true",
                                    "{\"selector\":{\"os_family\":\"linux\"},\"command\":{\"script\":\"x\"}}")
                            .json()
                            .get("targets")
                            .asInt())
                    .isZero();
            String at = batch(admin, List.of(agent), "");
            assertThat(elsewhere.get(at).status()).isEqualTo(404);
            assertThat(elsewhere
                            .get("/api/v1/commands?batch_id=" + at.substring(at.lastIndexOf('/') + 1))
                            .json()
                            .get("items"))
                    .isEmpty();
        }
    }

    @Test
    void what_is_wrong_is_named() {
        assertThat(admin.post(BATCHES, "{\"command\":{\"script\":\"x\"}}").fields())
                .containsExactly("selector");
        assertThat(admin.post(BATCHES, "{\"selector\":{\"online\":true}}").fields())
                .containsExactly("command");
        assertThat(admin.post(
                                BATCHES,
                                "{\"selector\":{\"online\":true},\"command\":{\"script\":\"x\",\"timeout_s\":0}}")
                        .fields())
                .containsExactly("command.timeout_s");
        assertThat(admin.post(
                                BATCHES,
                                "{\"selector\":{\"os_family\":\"beos\"},\"command\":{\"script\":\"x\"},\"max_errors\":0}")
                        .fields())
                .containsExactlyInAnyOrder("selector.os_family", "max_errors");
    }

    @Test
    void the_same_key_makes_one_batch() {
        try (Enrolled agent = server.enrol()) {
            Http.Answer one = admin.post(BATCHES, body(List.of(agent), ""), "Idempotency-Key", "once");
            Http.Answer two = admin.post(BATCHES, body(List.of(agent), ""), "Idempotency-Key", "once");
            assertThat(one.status()).isEqualTo(202);
            assertThat(two.status()).isEqualTo(202);
            assertThat(two.header("location")).isEqualTo(one.header("location"));
            admin.post(one.header("location") + "/cancel", "{}");
        }
    }
}
