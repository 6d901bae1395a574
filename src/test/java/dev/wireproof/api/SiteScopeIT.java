package dev.wireproof.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wireproof.id.SiteId;
import dev.wireproof.testkit.Http;
import dev.wireproof.testkit.RunningServer;
import dev.wireproof.testkit.RunningServer.Enrolled;
import dev.wireproof.testkit.Shows;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** What a token that is limited to one site learns of the others. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Shows("S19")
class SiteScopeIT {
    private RunningServer server;
    private String site;
    private Http elsewhere;

    @BeforeAll
    void start() {
        server = RunningServer.start();
        site = server.admin()
                .post("/api/v1/sites", "{\"name\":\"elsewhere\"}")
                .json()
                .get("id")
                .asString();
        elsewhere = Http.at(
                server.port(),
                server.admin()
                        .post(
                                "/api/v1/api-tokens",
                                "{\"name\":\"e\",\"role\":\"admin\",\"site_ids\":[\"%s\"]}".formatted(site))
                        .json()
                        .get("secret")
                        .asString());
    }

    @AfterAll
    void stop() {
        elsewhere.close();
        server.close();
    }

    @Test
    void the_reaper_tells_of_no_paused_agent_at_another_site() {
        try (Enrolled agent = server.enrol()) {
            Http.Answer paused =
                    server.admin().post("/api/v1/reaper/pause", "{\"agent_id\":\"%s\"}".formatted(agent.agentId()));
            assertThat(paused.text()).contains(agent.agentId());
            assertThat(elsewhere.get("/api/v1/reaper").text()).doesNotContain(agent.agentId());
        }
    }

    @Test
    void filters_counts_cursors_and_the_audit_log_tell_nothing_of_another_site() {
        try (Enrolled agent = server.enrol();
                Enrolled second = server.enrol()) {
            String command = server.admin()
                    .post("/api/v1/commands", "{\"agent_id\":\"%s\",\"script\":\"x\"}".formatted(agent.agentId()))
                    .json()
                    .get("id")
                    .asString();
            String cursor = server.admin()
                    .get("/api/v1/agents?limit=1")
                    .json()
                    .get("next_cursor")
                    .asString();
            for (String list : List.of(
                    "/api/v1/agents?site_id=" + SiteId.DEFAULT,
                    "/api/v1/agents?status=online",
                    "/api/v1/agents?cursor=" + cursor,
                    "/api/v1/commands?agent_id=" + agent.agentId(),
                    "/api/v1/commands?site_id=" + SiteId.DEFAULT,
                    "/api/v1/connections?live=true")) {
                assertThat(elsewhere.get(list).json().get("items")).as(list).isEmpty();
            }
            for (String told :
                    List.of("/api/v1/fleet/summary", "/api/v1/fleet/incidents", "/api/v1/audit", "/api/v1/reaper")) {
                assertThat(elsewhere.get(told).text())
                        .as(told)
                        .doesNotContain(agent.agentId(), second.agentId(), command);
            }
            assertThat(elsewhere.get("/api/v1/fleet/summary").json().get("agents").properties().stream()
                            .mapToInt(count -> count.getValue().asInt())
                            .sum())
                    .isZero();
        }
    }

    @Test
    void counts_of_the_whole_server_are_for_those_who_see_all_of_it() {
        assertThat(elsewhere
                        .get("/api/v1/reaper")
                        .json()
                        .get("settled_since_start")
                        .isNull())
                .isTrue();
        assertThat(server.admin()
                        .get("/api/v1/reaper")
                        .json()
                        .get("settled_since_start")
                        .isNumber())
                .isTrue();
    }

    @Test
    void no_name_tells_that_another_site_has_it() {
        Http.Answer taken = elsewhere.patch("/api/v1/sites/" + site, "{\"name\":\"default\"}");
        Http.Answer free = elsewhere.patch("/api/v1/sites/" + site, "{\"name\":\"nobody has this\"}");
        assertThat(taken.status()).isEqualTo(403);
        assertThat(taken.text()).isEqualTo(free.text());
        assertThat(server.admin()
                        .patch("/api/v1/sites/" + site, "{\"name\":\"default\"}")
                        .code())
                .isEqualTo("name-taken");
    }

    @Test
    void what_was_found_of_an_agent_before_it_moved_stays_with_the_site_where_it_stood() {
        try (Enrolled agent = server.enrol()) {
            String at = "/api/v1/agents/" + agent.agentId();
            String diagnosis = server.admin()
                    .post(at + "/diagnoses", "{}")
                    .json()
                    .get("id")
                    .asString();
            server.admin().patch(at, "{\"site_id\":\"%s\"}".formatted(site));
            assertThat(elsewhere.get(at).status()).isEqualTo(200);
            assertThat(elsewhere.get("/api/v1/diagnoses/" + diagnosis).status()).isEqualTo(404);
            assertThat(elsewhere.get(at + "/diagnoses").json().get("items")).isEmpty();
            assertThat(server.admin().get(at + "/diagnoses").json().get("items"))
                    .hasSize(1);
            server.admin().patch(at, "{\"site_id\":\"%s\"}".formatted(SiteId.DEFAULT));
        }
    }

    @Test
    void the_idempotency_key_of_another_caller_answers_nothing_of_theirs() {
        try (Enrolled agent = server.enrol()) {
            String body = "{\"agent_id\":\"%s\",\"script\":\"x\"}".formatted(agent.agentId());
            assertThat(server.admin()
                            .post("/api/v1/commands", body, "Idempotency-Key", "shared")
                            .status())
                    .isEqualTo(202);
            Http.Answer theirs = elsewhere.post("/api/v1/commands", body, "Idempotency-Key", "shared");
            Http.Answer unused = elsewhere.post("/api/v1/commands", body, "Idempotency-Key", "unused");
            assertThat(theirs.status()).isEqualTo(404);
            assertThat(theirs.text()).isEqualTo(unused.text());
        }
    }
}
