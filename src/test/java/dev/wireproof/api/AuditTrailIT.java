package dev.wireproof.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.wireproof.VerifyAuditForTests;
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
import tools.jackson.databind.JsonNode;

/** Who did what, as the audit log of a running server tells it. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Shows("S38")
class AuditTrailIT {
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

    private JsonNode newest(String action) {
        return newest(action, "");
    }

    /** @param about how its target begins */
    private JsonNode newest(String action, String about) {
        return await().until(
                        () -> admin.get("/api/v1/audit?limit=1&action=" + action)
                                .json()
                                .get("items")
                                .path(0),
                        line -> line.path("target").asString("").startsWith(about) && line.isObject());
    }

    @Test
    void a_command_is_told_with_its_agent_and_the_hash_of_its_script_and_no_word_of_it() {
        try (Enrolled agent = server.enrol()) {
            String at = admin.post(
                            "/api/v1/commands",
                            "{\"agent_id\":\"%s\",\"script\":\"canary-4711\"}".formatted(agent.agentId()))
                    .header("location");
            JsonNode line = newest("command.create", at);
            assertThat(line.get("actor").asString()).isEqualTo("bootstrap");
            assertThat(line.get("remote_address").asString()).isEqualTo("127.0.0.1");
            assertThat(line.get("result").asString()).isEqualTo("ok");
            assertThat(line.at("/detail/agent").asString()).isEqualTo(agent.agentId());
            assertThat(line.at("/detail/script_sha256").asString())
                    .isEqualTo("fcb3964ba880e950970f401750817e6b35448bc5ed3a4c06ca67c743f36b5aa6");
            assertThat(admin.get("/api/v1/audit?limit=500").text()).doesNotContain("canary-4711");
        }
    }

    @Test
    void a_token_signs_in_with_its_first_request_and_a_refused_look_leaves_a_line() {
        Http viewer = admin.with(admin.post("/api/v1/api-tokens", "{\"name\":\"looker\",\"role\":\"viewer\"}")
                .json()
                .get("secret")
                .asString());
        assertThat(viewer.get("/api/v1/sites").status()).isEqualTo(403);
        assertThat(viewer.get("/api/v1/sites").status()).isEqualTo(403);
        await().until(() ->
                admin.get("/api/v1/audit?actor=looker").json().get("items").size() >= 3);
        assertThat(admin.get("/api/v1/audit?actor=looker&action=api.sign_in")
                        .json()
                        .get("items")
                        .size())
                .isEqualTo(1);
        JsonNode refused = newest("read");
        assertThat(refused.get("target").asString()).isEqualTo("/api/v1/sites");
        assertThat(refused.get("result").asString()).isEqualTo("403");
    }

    @Test
    void a_wrong_token_and_a_look_at_what_is_another_sites_leave_a_line() {
        String site = admin.post("/api/v1/sites", "{\"name\":\"next door\"}")
                .json()
                .get("id")
                .asString();
        Http neighbour = admin.with(admin.post(
                        "/api/v1/api-tokens",
                        "{\"name\":\"neighbour\",\"role\":\"admin\",\"site_ids\":[\"%s\"]}".formatted(site))
                .json()
                .get("secret")
                .asString());
        assertThat(admin.with("wpt_nobody-has-this").get("/api/v1/agents").status())
                .isEqualTo(401);
        assertThat(newest("api.sign_in_refused").get("result").asString()).isEqualTo("401");
        try (Enrolled agent = server.enrol()) {
            String at = admin.post(
                            "/api/v1/commands", "{\"agent_id\":\"%s\",\"script\":\"x\"}".formatted(agent.agentId()))
                    .header("location");
            for (String path : List.of("/api/v1/agents/" + agent.agentId(), at, at + "/timeline")) {
                assertThat(neighbour.get(path).status()).isEqualTo(404);
                JsonNode line = newest("read", path);
                assertThat(line.get("target").asString()).isEqualTo(path);
                assertThat(line.get("actor").asString()).isEqualTo("neighbour");
                assertThat(line.get("result").asString()).isEqualTo("404");
                assertThat(line.get("site_id").asString()).isEqualTo(SiteId.DEFAULT.toString());
            }
        }
        assertThat(neighbour.get("/api/v1/audit").text())
                .as("whose it is is not told to who looked")
                .doesNotContain("/api/v1/commands/", "/api/v1/agents/");
    }

    @Test
    void an_export_of_evidence_leaves_a_line() {
        try (Enrolled agent = server.enrol()) {
            String at = admin.post(
                            "/api/v1/commands", "{\"agent_id\":\"%s\",\"script\":\"x\"}".formatted(agent.agentId()))
                    .header("location");
            assertThat(admin.get(at + "/evidence").status()).isEqualTo(200);
            assertThat(newest("evidence.export").get("target").asString()).isEqualTo(at + "/evidence");
        }
    }

    @Test
    void the_log_of_a_running_server_is_checked_by_a_command() {
        admin.post("/api/v1/sites", "{\"name\":\"checked\"}");
        newest("site.create");
        String told = VerifyAuditForTests.run(server.databaseUrl());
        assertThat(told).startsWith("0 VALID: ").contains("newest: ");
        String anchor = told.replaceAll("(?s).*newest: (\\S+).*", "$1");
        assertThat(VerifyAuditForTests.run(server.databaseUrl(), "--anchor", anchor))
                .startsWith("0 VALID: ");
        assertThat(VerifyAuditForTests.run(
                        server.databaseUrl(), "--anchor", anchor.replaceAll(".{64}$", "0".repeat(64))))
                .startsWith("1 NOT VALID: ");
        assertThat(VerifyAuditForTests.run(server.databaseUrl(), "--anchor", "x"))
                .startsWith("2 usage: ");
    }
}
