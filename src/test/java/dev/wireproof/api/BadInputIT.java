package dev.wireproof.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.wireproof.id.AgentId;
import dev.wireproof.protocol.AgentMessage;
import dev.wireproof.testkit.Http;
import dev.wireproof.testkit.RawPeer;
import dev.wireproof.testkit.RunningServer;
import dev.wireproof.testkit.RunningServer.Enrolled;
import dev.wireproof.testkit.Shows;
import java.io.ByteArrayInputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** Whatever comes in that cannot be used is answered by name, and nothing of the server's inside is told. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BadInputIT {
    private static final String NOBODY = UUID.randomUUID().toString();

    private RunningServer server;
    private Http admin;
    private Enrolled enrolled;

    @BeforeAll
    void start() {
        server = RunningServer.start();
        admin = server.admin();
        enrolled = server.enrol();
    }

    @AfterAll
    void stop() {
        enrolled.close();
        server.close();
    }

    private String command(String more) {
        return "{\"agent_id\":\"%s\",\"script\":\"x\",\"ttl_s\":1%s}".formatted(enrolled.agentId(), more);
    }

    private static void problem(Http.Answer answer, int status, String code) {
        assertThat(answer.status()).as(answer.text()).isEqualTo(status);
        assertThat(answer.header("content-type")).isEqualTo("application/problem+json");
        assertThat(answer.code()).isEqualTo(code);
        assertThat(answer.json().get("status").asInt()).isEqualTo(status);
        assertThat(answer.json().propertyNames()).contains("type", "title", "detail", "instance");
        assertThat(answer.text())
                .doesNotContain("Exception")
                .doesNotContain("jackson")
                .doesNotContain("SELECT")
                .doesNotContain("dev.wireproof");
    }

    private Stream<Arguments> badBodies() {
        return Stream.of(
                Arguments.of(command(",\"timeout_s\":\"60\""), "timeout_s"),
                Arguments.of(command(",\"timeout_s\":60.0"), "timeout_s"),
                Arguments.of(command(",\"timeout_s\":true"), "timeout_s"),
                Arguments.of(command(",\"timeout_s\":0"), "timeout_s"),
                Arguments.of(command(",\"timeout_s\":86401"), "timeout_s"),
                Arguments.of(command(",\"timeout_s\":99999999999"), "timeout_s"),
                Arguments.of(command(",\"max_output_bytes\":99999999999999999999999999"), "max_output_bytes"),
                Arguments.of(command(",\"note\":5"), "note"),
                Arguments.of(command(",\"note\":true"), "note"),
                Arguments.of(command(",\"note\":[\"x\"]"), "note"),
                Arguments.of(command(",\"note\":{}"), "note"),
                Arguments.of(command(",\"args\":\"x\""), "args"),
                Arguments.of(command(",\"args\":[1]"), "args[0]"),
                Arguments.of(command(",\"args\":[null]"), "args[0]"),
                Arguments.of(command(",\"env\":[]"), "env"),
                Arguments.of(command(",\"env\":{\"A\":1}"), "env.A"),
                Arguments.of(command(",\"env\":{\"A=B\":\"x\"}"), "env"),
                Arguments.of(command(",\"interpreter\":\"perl\""), "interpreter"),
                Arguments.of(command(",\"effect\":\"twice\""), "effect"),
                Arguments.of(command(",\"effect\":0"), "effect"),
                Arguments.of(command(",\"note\":\"a\\u0000b\""), "note"),
                Arguments.of(command(",\"note\":\"\\ud800\""), "note"),
                Arguments.of(command(",\"env\":{\"A\":\"\\udc00\"}"), "env.A"),
                Arguments.of(command(",\"secret\":\"yes\""), "secret"),
                Arguments.of(command(",\"colour\":\"red\""), "colour"),
                Arguments.of(command(",\"note\":\"a\",\"note\":\"b\""), "note"),
                Arguments.of("{\"agent_id\":\"%s\"}".formatted(NOBODY), "script"),
                Arguments.of("{\"script\":\"x\"}", "agent_id"),
                Arguments.of("{\"script\":\"x\",\"agent_id\":\"me\"}", "agent_id"),
                Arguments.of(command(",\"cwd\":\"%s\"".formatted("x".repeat(5_000))), "cwd"));
    }

    @ParameterizedTest
    @MethodSource("badBodies")
    void a_bad_field_is_named(String body, String field) {
        Http.Answer answer = admin.post("/api/v1/commands", body);
        problem(answer, 400, "invalid-request");
        assertThat(answer.fields()).contains(field);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/api/v1/commands?colour=red",
                "/api/v1/connections?agent_id=x&colour",
                "/api/v1/agents?limit=1&colour=a&colour=b",
                "/api/v1/agents?%63olour=1",
                "/api/v1/fleet/summary?colour=",
                "/api/v1/audit?&&colour=%20"
            })
    void a_name_in_the_query_that_the_route_does_not_know_is_refused_and_not_ignored(String path) {
        Http.Answer answer = admin.get(path);
        problem(answer, 400, "invalid-request");
        assertThat(answer.fields()).contains("colour");
    }

    @Test
    void every_bad_field_is_named_at_once() {
        assertThat(admin.post("/api/v1/commands", command(",\"timeout_s\":0,\"effect\":\"x\""))
                        .fields())
                .contains("timeout_s", "effect");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{",
                "[]",
                "\"x\"",
                "null",
                "",
                "{\"a\":}",
                "{} {}",
                "{'a':1}",
                "{\"script\":\"\u0001\"}",
                "nonsense",
                "{\"a\":1,}"
            })
    void what_is_no_json_object_is_malformed(String body) {
        Http.Answer answer = admin.post("/api/v1/commands", body);
        assertThat(answer.status()).as(answer.text()).isEqualTo(400);
        assertThat(answer.code()).isIn("malformed-json", "invalid-request");
        assertThat(answer.text()).doesNotContain("Exception").doesNotContain("jackson");
    }

    @Test
    @Shows("S30")
    void depth_is_bounded() {
        String deep = "{\"env\":" + "{\"a\":".repeat(100) + "1" + "}".repeat(101);
        problem(
                admin.post("/api/v1/commands", deep),
                400,
                admin.post("/api/v1/commands", deep).code());
    }

    @Test
    @Shows("S29")
    void sizes_are_bounded_each_by_its_own_answer() {
        String mebibyte = "x".repeat(1 << 20);
        problem(admin.post("/api/v1/commands", command(",\"note\":\"%s\"".formatted(mebibyte))), 413, "too-large");
        Http.Answer script = admin.post(
                "/api/v1/commands",
                "{\"agent_id\":\"%s\",\"script\":\"%s\"}".formatted(enrolled.agentId(), "x".repeat(256 * 1024 + 1)));
        problem(script, 400, "invalid-request");
        assertThat(script.fields()).containsExactly("script");
        Http.Answer umlauts = admin.post(
                "/api/v1/commands",
                "{\"agent_id\":\"%s\",\"script\":\"%s\"}".formatted(enrolled.agentId(), "ä".repeat(128 * 1024 + 1)));
        assertThat(umlauts.fields()).containsExactly("script");
        String args = IntStream.range(0, 31)
                .mapToObj(i -> "\"" + "y".repeat(32 * 1024) + "\"")
                .reduce((one, other) -> one + "," + other)
                .orElseThrow();
        String most = command(",\"args\":[" + args + "],\"cwd\":\"\"");
        String padded =
                most.replace("\"script\":\"x\"", "\"script\":\"" + "x".repeat((1 << 20) - most.length()) + "\"");
        assertThat(padded.length()).isLessThanOrEqualTo(1 << 20);
        // A body that is just short enough, and too long as the message to the agent, which says more.
        Http.Answer encoded = admin.post("/api/v1/commands", padded);
        problem(encoded, 400, "invalid-request");
        assertThat(encoded.json().get("errors").get(0).get("message").asString())
                .contains("makes a message of");
    }

    @Test
    void who_sends_too_much_is_heard_out_before_the_connection_ends() {
        List<String> headers = List.of(
                "Authorization: Bearer " + RunningServer.ADMIN,
                "Content-Type: application/json",
                "Content-Length: " + (3 << 20));
        try (RawPeer client = RawPeer.connect(server.port())) {
            RawPeer.HttpAnswer tooMuch = client.request("POST /api/v1/commands HTTP/1.1", headers, new byte[3 << 20]);
            assertThat(tooMuch.status()).as(tooMuch.body()).isEqualTo(413);
            assertThat(tooMuch.headers()).containsEntry("connection", "close");
        }
    }

    @Test
    void a_body_that_does_not_tell_its_length_is_bounded_too() throws Exception {
        HttpRequest chunked = HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:" + server.port() + "/api/v1/commands"))
                .header("Authorization", "Bearer " + RunningServer.ADMIN)
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofInputStream(
                        () -> new ByteArrayInputStream("x".repeat((1 << 20) + 1).getBytes(StandardCharsets.US_ASCII))))
                .build();
        try (HttpClient client = HttpClient.newHttpClient()) {
            assertThat(client.send(chunked, HttpResponse.BodyHandlers.ofString())
                            .statusCode())
                    .isEqualTo(413);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "GET, /api/v1/commands/%s, 404, not-found",
        "GET, /api/v1/commands/none, 404, not-found",
        "GET, /api/v1/agents/%s, 404, not-found",
        "DELETE, /api/v1/agents/%s, 404, not-found",
        "GET, /api/v1/connections/%s, 404, not-found",
        "GET, /api/v1/connections/%s/frames, 404, not-found",
        "POST, /api/v1/agents/%s/evict, 404, not-found",
        "GET, /api/v1/nothing, 404, not-found",
        "GET, /nothing, 404, not-found",
        "DELETE, /api/v1/commands/%s, 405, method-not-allowed",
        "PUT, /api/v1/agents, 405, method-not-allowed",
        "PATCH, /api/v1/connections, 405, method-not-allowed",
        "GET, /api/v1/agents?limit=0, 400, invalid-request",
        "GET, /api/v1/agents?limit=501, 400, invalid-request",
        "GET, /api/v1/agents?limit=x, 400, invalid-request",
        "GET, /api/v1/agents?limit=99999999999999999999, 400, invalid-request",
        "GET, /api/v1/agents?cursor=%%21, 400, invalid-request",
        "GET, /api/v1/agents?cursor=AAAA, 400, invalid-request",
        "GET, /api/v1/commands?cursor=LTE, 400, invalid-request",
        "GET, /api/v1/agents?status=asleep, 400, invalid-request",
        "GET, /api/v1/agents?os_family=beos, 400, invalid-request",
        "GET, /api/v1/agents?site_id=x, 400, invalid-request",
        "GET, /api/v1/agents?q=%%00, 400, invalid-request",
        "GET, /api/v1/agents?tag=%%00, 400, invalid-request",
        "GET, /api/v1/commands?state=lost, 400, invalid-request",
        "GET, /api/v1/commands?since=yesterday, 400, invalid-request",
        "GET, /api/v1/connections?live=perhaps, 400, invalid-request",
        "GET, /api/v1/commands/%s?wait_s=61, 400, invalid-request",
        "GET, /api/v1/commands/%s?wait_s=-1, 400, invalid-request",
        "GET, /api/v1/audit?since=1, 400, invalid-request"
    })
    void a_bad_path_method_or_parameter_is_answered_by_name(String method, String path, int status, String code) {
        String body = method.equals("POST") || method.equals("PATCH") || method.equals("PUT") ? "{}" : null;
        Http.Answer answer = admin.call(method, path.formatted(NOBODY), body);
        problem(answer, status, code);
        if (status == 405) {
            assertThat(answer.header("allow")).isNotBlank();
        }
    }

    @Test
    @Shows("S24")
    void a_body_of_another_type_is_415_and_an_unacceptable_answer_406() {
        problem(
                admin.post("/api/v1/commands", command(""), "Content-Type", "text/plain"),
                415,
                "unsupported-media-type");
        problem(admin.get("/api/v1/agents", "Accept", "image/png"), 406, "not-acceptable");
    }

    @Test
    void rights_are_decided_before_the_body_is_read() {
        String viewer = admin.post("/api/v1/api-tokens", "{\"name\":\"v\",\"role\":\"viewer\"}")
                .json()
                .get("secret")
                .asString();
        problem(admin.with(viewer).post("/api/v1/commands", "{nonsense"), 403, "forbidden");
        problem(admin.with(viewer).post("/api/v1/commands", "x".repeat(2 << 20)), 403, "forbidden");
        problem(admin.with(null).post("/api/v1/commands", "{nonsense"), 401, "unauthenticated");
        problem(admin.with("wpt_unknown").get("/api/v1/agents"), 401, "unauthenticated");
        String technician = admin.post("/api/v1/api-tokens", "{\"name\":\"t\",\"role\":\"technician\"}")
                .json()
                .get("secret")
                .asString();
        String at = "/api/v1/agents/" + enrolled.agentId();
        assertThat(admin.with(technician).patch(at, "{\"tags\":{}}").status()).isEqualTo(200);
        problem(admin.with(technician).patch(at, "{\"display_name\":\"x\"}"), 403, "forbidden");
    }

    @Test
    @Shows("S19")
    void what_is_not_yours_answers_like_what_does_not_exist() {
        String site = admin.post("/api/v1/sites", "{\"name\":\"far away\"}")
                .json()
                .get("id")
                .asString();
        String there = admin.post(
                        "/api/v1/api-tokens",
                        "{\"name\":\"f\",\"role\":\"admin\",\"site_ids\":[\"%s\"]}".formatted(site))
                .json()
                .get("secret")
                .asString();
        for (String path : List.of("/api/v1/agents/", "/api/v1/agents/%s/connections".formatted("X"))) {
            String ours = path.contains("X") ? path.replace("X", enrolled.agentId()) : path + enrolled.agentId();
            String none = path.contains("X") ? path.replace("X", NOBODY) : path + NOBODY;
            assertThat(admin.with(there).get(ours).text().replace(enrolled.agentId(), NOBODY))
                    .isEqualTo(admin.with(there).get(none).text());
        }
        Http.Answer posted = admin.with(there).post("/api/v1/commands", command(""));
        Http.Answer toNobody =
                admin.with(there).post("/api/v1/commands", "{\"agent_id\":\"%s\",\"script\":\"x\"}".formatted(NOBODY));
        assertThat(posted.status()).isEqualTo(404);
        assertThat(posted.text()).isEqualTo(toNobody.text());
    }

    // ---- idempotency

    @Test
    void a_repeated_key_answers_the_first_answer_again_and_another_body_is_refused() {
        String key = UUID.randomUUID().toString();
        Http.Answer first = admin.post("/api/v1/commands", command(""), "Idempotency-Key", key);
        Http.Answer again = admin.post("/api/v1/commands", command(""), "Idempotency-Key", key);
        assertThat(first.status()).isEqualTo(202);
        assertThat(again.status()).isEqualTo(202);
        assertThat(again.header("location")).isEqualTo(first.header("location"));
        problem(
                admin.post("/api/v1/commands", command(",\"note\":\"other\""), "Idempotency-Key", key),
                422,
                "idempotency-key-reused");
        String site = UUID.randomUUID().toString();
        String body = "{\"name\":\"k %s\"}".formatted(site);
        Http.Answer made = admin.post("/api/v1/sites", body, "Idempotency-Key", site);
        assertThat(made.status()).isEqualTo(201);
        assertThat(admin.post("/api/v1/sites", body, "Idempotency-Key", site).text())
                .isEqualTo(made.text());
        problem(
                admin.post("/api/v1/sites", "{\"name\":\"l\"}", "Idempotency-Key", site),
                422,
                "idempotency-key-reused");
        problem(
                admin.post("/api/v1/sites", "{\"name\":\"m\"}", "Idempotency-Key", "x".repeat(256)),
                400,
                "invalid-request");
        assertThat(admin.post("/api/v1/sites", "{\"name\":\"longest\"}", "Idempotency-Key", "x".repeat(255))
                        .status())
                .isEqualTo(201);
    }

    @Test
    void requests_with_one_key_at_the_same_time_make_one_thing() {
        for (String path : List.of("/api/v1/commands", "/api/v1/api-tokens")) {
            String body = path.endsWith("commands") ? command("") : "{\"name\":\"once\",\"role\":\"viewer\"}";
            String key = UUID.randomUUID().toString();
            List<CompletableFuture<Http.Answer>> asked = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                asked.add(CompletableFuture.supplyAsync(() -> admin.post(path, body, "Idempotency-Key", key)));
            }
            assertThat(asked.stream().map(CompletableFuture::join).map(answer -> answer.header("location")))
                    .hasSize(8)
                    .allMatch(location -> !location.isEmpty())
                    .containsOnly(asked.getFirst().join().header("location"));
        }
    }

    // ---- what agents say

    /** Begins a sequence, a line, or another direction of writing, in the terminal of whoever reads it. */
    private static boolean steersATerminal(int c) {
        return Character.isISOControl(c)
                || Character.getType(c) == Character.FORMAT
                || Character.getType(c) == Character.LINE_SEPARATOR
                || Character.getType(c) == Character.PARAGRAPH_SEPARATOR;
    }

    @Test
    @Shows({"S36", "S39"})
    void an_agents_text_breaks_no_row_no_answer_and_no_log_line() {
        String hostname =
                "<script>alert(1)</script>\n2026 ERROR forged\u001b[2J\u0000\ud800\"}{\u007f\u009b2J\u202egpj.exe\u2028grün";
        AgentMessage.Auth ordinary = RawPeer.auth(
                new AgentMessage.Credentials.Enrolling(RunningServer.ENROLLMENT, "device\u0000" + UUID.randomUUID()),
                UUID.randomUUID());
        RawPeer peer = RawPeer.upgraded(server.port());
        var ack = peer.authenticate(new AgentMessage.Auth(
                ordinary.credentials(),
                hostname,
                new AgentMessage.Os("linux", "\u0000os", "\udfff", "a\rb"),
                "v\u0000",
                ordinary.instanceId(),
                "boot\u0000",
                null,
                Map.of("k\u0000", "v\ud800"),
                List.of("cap\u0000"),
                null,
                null,
                null,
                "closed\u0000\n",
                List.of()));
        AgentId hostile = ack.agentId();
        JsonNode shown = admin.get("/api/v1/agents/" + hostile).json();
        assertThat(shown.get("hostname").asString())
                .isEqualTo(
                        "<script>alert(1)</script>\n2026 ERROR forged\u001b[2J\u2400\ufffd\"}{\u007f\u009b2J\u202egpj.exe\u2028grün");
        assertThat(shown.get("tags").get("k\u2400").asString()).isEqualTo("v\ufffd");
        Http.Answer list = admin.get("/api/v1/agents?limit=500");
        assertThat(list.text())
                .contains(enrolled.agentId())
                .doesNotContain("\u0000")
                .doesNotContain("\n2026")
                .contains("\\u009b2J\\u202egpj.exe\\u2028grün");
        assertThat(list.text().chars().filter(BadInputIT::steersATerminal)).isEmpty();
        assertThat(admin.get("/api/v1/agents?q=%3Cscript%3E").json().get("items"))
                .hasSize(1);

        // Output, nacks and close reasons of the same kind.
        String at = admin.post("/api/v1/commands", "{\"agent_id\":\"%s\",\"script\":\"x\"}".formatted(hostile))
                .header("location");
        var command = (dev.wireproof.protocol.ServerMessage.Command) peer.awaitMessage("Command");
        peer.send(new AgentMessage.CommandNack(
                command.commandId(), 1, AgentMessage.NackCode.REFUSED, "no\u0000\n\ud800<b>", null, null));
        JsonNode rejected = admin.get(at + "?wait_s=20").json();
        assertThat(rejected.get("state").asString()).isEqualTo("rejected");
        assertThat(rejected.get("attempts").get(0).get("nack_message").asString())
                .doesNotContain("\u0000")
                .contains("<b>");
        peer.close(4999, "bye\u0000\n<i>");
        String connection = "/api/v1/connections/" + ack.connectionId();
        await().untilAsserted(() -> assertThat(
                        admin.get(connection).json().get("close_code").asInt(0))
                .isEqualTo(4999));
        assertThat(admin.get(connection).json().get("close_reason").asString()).doesNotContain("\u0000");
        await().untilAsserted(() -> assertThat(
                        admin.get("/api/v1/audit?action=agent.enrol&limit=500").text())
                .contains(hostile.toString()));
        peer.close();
    }
}
