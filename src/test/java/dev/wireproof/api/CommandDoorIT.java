package dev.wireproof.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.wireproof.testkit.Http;
import dev.wireproof.testkit.RunningServer;
import dev.wireproof.testkit.RunningServer.Enrolled;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/**
 * A plain POST of a command takes a short way. With {@code wait_s=0}, which changes nothing in what is asked for, the same request takes the
 * ordinary one: nobody may be able to tell them apart.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class CommandDoorIT {
    private static final String SHORT = "/api/v1/commands";
    private static final String ORDINARY = "/api/v1/commands?wait_s=0";

    private RunningServer server;
    private Http admin;
    private Enrolled agent;

    @BeforeAll
    void start() {
        server = RunningServer.start();
        admin = server.admin();
        agent = server.enrol();
    }

    @AfterAll
    void stop() {
        agent.close();
        server.close();
    }

    private String body(String script) {
        return "{\"agent_id\":\"%s\",\"script\":\"%s\"}".formatted(agent.agentId(), script);
    }

    /** What does not differ from one command to the next. */
    private static Map<String, List<String>> lasting(Http.Answer answer) {
        Map<String, List<String>> headers = new TreeMap<>(answer.headers());
        headers.remove("date");
        headers.computeIfPresent(
                "location",
                (_, at) -> at.stream()
                        .map(path -> path.replaceAll("[0-9a-f-]{36}", "ID"))
                        .toList());
        headers.remove("content-length");
        return headers;
    }

    private Http.Answer keyed(String way, String body) {
        return admin.post(way, body, "Idempotency-Key", "door-1");
    }

    private JsonNode lastLine() {
        return await().until(
                        () -> admin.get("/api/v1/audit?limit=1&action=command.create")
                                .json()
                                .get("items")
                                .path(0),
                        JsonNode::isObject);
    }

    @Test
    void the_short_way_answers_with_the_headers_and_the_fields_of_the_ordinary_one() {
        Http.Answer ordinary = admin.post(ORDINARY, body("true"));
        Http.Answer brief = admin.post(SHORT, body("true"));
        assertThat(brief.status()).isEqualTo(ordinary.status()).isEqualTo(202);
        assertThat(lasting(brief)).isEqualTo(lasting(ordinary)).containsKey("content-security-policy");
        assertThat(brief.json().propertyNames())
                .containsExactlyElementsOf(ordinary.json().propertyNames());
        assertThat(brief.header("location")).endsWith(brief.json().get("id").asString());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{",
                "[]",
                "null",
                "{\"agent_id\":1}",
                "{\"agent_id\":\"x\",\"script\":\"true\"}",
                "{\"agent_id\":\"00000000-0000-0000-0000-000000000001\",\"script\":\"true\"}",
                "{\"agent_id\":\"00000000-0000-0000-0000-000000000001\",\"script\":\"\",\"ttl_s\":0,\"effect\":\"twice\"}",
                "{\"agent_id\":\"00000000-0000-0000-0000-000000000001\",\"script\":\"a\",\"script\":\"b\"}",
                "{\"agent_id\":\"00000000-0000-0000-0000-000000000001\",\"script\":\"a\",\"unknown\":1}",
                "{\"agent_id\":\"00000000-0000-0000-0000-000000000001\",\"script\":\"a\\u0000\"}"
            })
    void what_is_wrong_is_answered_the_same_on_both_ways(String body) {
        Http.Answer ordinary = admin.post(ORDINARY, body);
        Http.Answer brief = admin.post(SHORT, body);
        assertThat(brief.status()).isEqualTo(ordinary.status()).isBetween(400, 499);
        assertThat(lasting(brief)).isEqualTo(lasting(ordinary));
        assertThat(brief.text()).isEqualTo(ordinary.text());
    }

    @Test
    void callers_who_may_not_get_the_same_refusal_on_both_ways() {
        Http viewer = admin.with(admin.post("/api/v1/api-tokens", "{\"name\":\"onlooker\",\"role\":\"viewer\"}")
                .json()
                .get("secret")
                .asString());
        for (Http caller : List.of(viewer, admin.with("wp_unknown"))) {
            Http.Answer ordinary = caller.post(ORDINARY, body("true"));
            Http.Answer brief = caller.post(SHORT, body("true"));
            assertThat(brief.status()).isEqualTo(ordinary.status()).isIn(401, 403);
            assertThat(lasting(brief)).isEqualTo(lasting(ordinary));
            assertThat(brief.text()).isEqualTo(ordinary.text());
        }
    }

    @Test
    void a_key_used_on_one_way_is_known_on_the_other() {
        Http.Answer first = keyed(SHORT, body("true"));
        Http.Answer again = keyed(ORDINARY, body("true"));
        Http.Answer third = keyed(SHORT, body("true"));
        assertThat(again.json().get("id")).isEqualTo(first.json().get("id"));
        assertThat(third.json().get("id")).isEqualTo(first.json().get("id"));
        assertThat(lasting(third)).isEqualTo(lasting(again)).containsKey("idempotency-replayed");
        Http.Answer other = keyed(SHORT, body("false"));
        assertThat(other.status()).isEqualTo(422);
        assertThat(other.text()).isEqualTo(keyed(ORDINARY, body("false")).text());
    }

    @Test
    void a_repeated_request_gets_its_answer_also_when_its_agent_was_deleted_meanwhile() {
        try (Enrolled gone = server.enrol()) {
            String body = "{\"agent_id\":\"%s\",\"script\":\"true\"}".formatted(gone.agentId());
            JsonNode first =
                    admin.post(SHORT, body, "Idempotency-Key", "gone").json().get("id");
            assertThat(admin.delete("/api/v1/agents/" + gone.agentId()).status())
                    .isEqualTo(204);
            for (String way : List.of(SHORT, ORDINARY)) {
                Http.Answer again = admin.post(way, body, "Idempotency-Key", "gone");
                assertThat(again.status()).as(way).isEqualTo(202);
                assertThat(again.json().get("id")).isEqualTo(first);
                assertThat(again.header("idempotency-replayed")).isEqualTo("true");
                assertThat(admin.post(way, body.replace("true", "false"), "Idempotency-Key", "gone")
                                .status())
                        .isEqualTo(422);
                assertThat(admin.post(way, body, "Idempotency-Key", "another").status())
                        .isEqualTo(404);
            }
        }
    }

    @Test
    void both_ways_leave_the_same_line_in_the_audit_log() {
        String at = admin.post(SHORT, body("audited")).header("location");
        JsonNode brief = await().until(
                        this::lastLine, line -> line.get("target").asString().equals(at));
        String then = admin.post(ORDINARY, body("audited")).header("location");
        JsonNode ordinary = await().until(
                        this::lastLine, line -> line.get("target").asString().equals(then));
        for (String field : List.of("actor", "action", "result", "remote_address", "detail", "site_id")) {
            assertThat(brief.get(field)).as(field).isEqualTo(ordinary.get(field));
        }
    }

    @Test
    void requests_of_the_short_way_are_counted_under_their_route() {
        admin.post(SHORT, body("true"));
        assertThat(admin.get("/actuator/prometheus").text().lines())
                .anyMatch(line -> line.startsWith("http_server_requests_seconds_count")
                        && line.contains("uri=\"/api/v1/commands\"")
                        && line.contains("method=\"POST\"")
                        && line.contains("status=\"202\""));
    }
}
