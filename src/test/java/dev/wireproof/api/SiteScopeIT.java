package dev.wireproof.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wireproof.testkit.Http;
import dev.wireproof.testkit.RunningServer;
import dev.wireproof.testkit.RunningServer.Enrolled;
import dev.wireproof.testkit.Shows;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** What a token that is limited to one site learns of the others. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Shows("S19")
class SiteScopeIT {
    private RunningServer server;
    private Http elsewhere;

    @BeforeAll
    void start() {
        server = RunningServer.start();
        String site = server.admin()
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
}
