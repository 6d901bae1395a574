package dev.wireproof.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wireproof.id.SiteId;
import dev.wireproof.testkit.Http;
import dev.wireproof.testkit.Mutations;
import dev.wireproof.testkit.RunningServer;
import dev.wireproof.testkit.Shows;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import tools.jackson.databind.JsonNode;

/** What every answer says, whoever asks for whatever, and what is not there to be found. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class EdgesIT {
    private RunningServer server;

    @BeforeAll
    void start() {
        server = RunningServer.start();
    }

    @AfterAll
    void stop() {
        server.close();
    }

    @Test
    @Shows("S26")
    void every_answer_carries_the_security_headers_good_or_bad() {
        Http admin = server.admin();
        Http nobody = admin.with(null);
        String absent = "/api/v1/commands/" + UUID.randomUUID();
        List<Http.Answer> answers = List.of(
                admin.get("/api/v1/agents"),
                admin.post("/api/v1/sites", "{\"name\":\"edges\"}"),
                admin.get(absent),
                admin.get(absent + "/output?stream=stdout"),
                admin.get(absent + "/evidence"),
                admin.get(absent + "/events"),
                admin.call("PUT", "/api/v1/commands", "{}"),
                admin.post("/api/v1/commands", "{"),
                admin.post("/api/v1/commands", "x", "Content-Type", "text/plain"),
                admin.post("/api/v1/commands", "{\"script\":\"" + "x".repeat(1_100_000) + "\"}"),
                admin.get("/api/v1/nothing"),
                admin.get("/nothing%2fat%2fall"),
                admin.get("/actuator/prometheus"),
                nobody.get("/api/v1/agents"),
                nobody.get("/actuator/health"),
                nobody.get("/actuator/env"),
                nobody.get("/v3/api-docs"),
                nobody.get("/docs"),
                nobody.get("/swagger-ui/index.html"),
                nobody.get("/ws"),
                nobody.get("/"));
        assertThat(answers).allSatisfy(answer -> {
            String what =
                    answer.status() + " " + answer.text().lines().findFirst().orElse("");
            assertThat(answer.header("x-content-type-options")).as(what).isEqualTo("nosniff");
            assertThat(answer.header("x-frame-options")).as(what).isEqualTo("DENY");
            assertThat(answer.header("referrer-policy")).as(what).isEqualTo("no-referrer");
            assertThat(answer.header("cache-control")).as(what).contains("no-store");
            assertThat(answer.header("cross-origin-opener-policy")).as(what).isEqualTo("same-origin");
            assertThat(answer.header("strict-transport-security")).as(what).contains("max-age=31536000");
            assertThat(answer.header("content-security-policy"))
                    .as(what)
                    .contains("default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'")
                    .doesNotContain("script-src 'unsafe")
                    .doesNotContain("unsafe-eval");
            assertThat(answer.headers().keySet())
                    .as(what)
                    .noneMatch(name -> name.toLowerCase(Locale.ROOT).startsWith("access-control-"))
                    .noneMatch(name -> name.equalsIgnoreCase("server") || name.equalsIgnoreCase("x-powered-by"));
        });
    }

    /** A megabyte of nothing, packed to a kilobyte: it is read as it is, and that is no JSON. */
    @Test
    @Shows("S31")
    void a_packed_body_is_not_unpacked() throws Exception {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (OutputStream gzip = new GZIPOutputStream(packed)) {
            gzip.write("{\"name\":\"packed\"}".getBytes(StandardCharsets.UTF_8));
            gzip.write(" ".repeat(1_000_000).getBytes(StandardCharsets.UTF_8));
        }
        try (HttpClient client = HttpClient.newHttpClient()) {
            for (String encoding : List.of("gzip", "deflate", "br", "zstd")) {
                HttpResponse<String> answer = client.send(
                        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + "/api/v1/sites"))
                                .header("Authorization", "Bearer " + RunningServer.ADMIN)
                                .header("Content-Type", "application/json")
                                .header("Content-Encoding", encoding)
                                .POST(HttpRequest.BodyPublishers.ofByteArray(packed.toByteArray()))
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
                assertThat(answer.statusCode()).as(encoding).isIn(400, 415);
            }
        }
        assertThat(server.admin().get("/api/v1/sites").text()).doesNotContain("packed");
    }

    @Test
    void the_servers_address_alone_leads_to_what_it_can_do() {
        Http.Answer answer = server.admin().with(null).get("/");
        assertThat(answer.status()).isEqualTo(302);
        assertThat(answer.header("location")).isEqualTo("/docs");
    }

    @Test
    @Shows("S41")
    void what_looks_for_a_way_in_finds_neither_pages_nor_versions() throws Exception {
        Http nobody = server.admin().with(null);
        List<String> probes = List.of(
                "/actuator",
                "/actuator/",
                "/actuator/env",
                "/actuator/heapdump",
                "/actuator/threaddump",
                "/actuator/beans",
                "/actuator/mappings",
                "/actuator/configprops",
                "/actuator/loggers",
                "/actuator/sbom",
                "/actuator/shutdown",
                "/actuator/prometheus",
                "/actuator;x/env",
                "/actuator/health/../env",
                "/actuator/health/..;/env",
                "/actuator/%65nv",
                "//actuator/env",
                "/ACTUATOR/env",
                "/env",
                "/error",
                "/h2-console",
                "/jolokia",
                "/.git/config",
                "/.env",
                "/WEB-INF/web.xml",
                "/META-INF/MANIFEST.MF",
                "/BOOT-INF/classes/application.yaml",
                "/setup",
                "/SetupWizard.aspx/x",
                "/api/v1/../../actuator/env",
                "/server-status");
        for (String probe : probes) {
            String answer = raw("GET " + probe + " HTTP/1.1", "");
            assertThat(answer).as(probe).matches("(?s)HTTP/1.1 (400|401|404) .*");
            closed(probe, answer);
            String asAdmin = raw("GET " + probe + " HTTP/1.1", "Authorization: Bearer " + RunningServer.ADMIN + "\r\n");
            if (!probe.equals("/actuator/prometheus") && !probe.matches("/actuator/?")) {
                assertThat(asAdmin).as(probe).matches("(?s)HTTP/1.1 (400|404) .*");
            }
            if (asAdmin.startsWith("HTTP/1.1 4")) { // what an admin may see names its own things
                closed(probe, asAdmin);
            }
        }
        for (String method : List.of("TRACE", "TRACK", "CONNECT", "DEBUG", "PROPFIND")) {
            String answer = raw(method + " /api/v1/agents HTTP/1.1", "X-Echo: canary\r\n");
            assertThat(answer).as(method).matches("(?s)HTTP/1.1 4\\d\\d .*").doesNotContain("canary");
            closed(method, answer);
        }
        assertThat(nobody.get("/actuator/health").text()).doesNotContain("jdbc:");
    }

    @Test
    @Shows("S30")
    void no_body_is_a_fault_of_the_server() {
        String id = UUID.randomUUID().toString();
        List<String> routes = List.of(
                "POST /api/v1/commands",
                "POST /api/v1/sites",
                "POST /api/v1/api-tokens",
                "POST /api/v1/enrollment-tokens",
                "POST /api/v1/configs",
                "POST /api/v1/reaper/pause",
                "POST /api/v1/batches",
                "POST /api/v1/batches?dry_run=true",
                "POST /api/v1/agents/" + id + "/diagnoses",
                "POST /api/v1/agents/" + id + "/trace",
                "POST /api/v1/agents/" + id + "/evict",
                "POST /api/v1/commands/" + id + "/cancel",
                "PATCH /api/v1/agents/" + id,
                "PATCH /api/v1/sites/" + SiteId.DEFAULT);
        Http admin = server.admin();
        int[] next = {0};
        Mutations.of(Mutations.corpus("api"), 4, input -> {
            String[] route = routes.get(next[0]++ % routes.size()).split(" ");
            Http.Answer answer = admin.call(route[0], route[1], new String(input, StandardCharsets.UTF_8));
            assertThat(answer.status())
                    .as(String.join(" ", route) + ": " + answer.text())
                    .isLessThan(500);
            if (answer.status() == 400) {
                assertThat(answer.code()).isNotBlank();
            }
        });
    }

    @Test
    @Shows("S30")
    void no_query_is_a_fault_of_the_server() {
        Http admin = server.admin();
        List<String> parameters = new ArrayList<>();
        admin.with(null)
                .get("/v3/api-docs")
                .json()
                .get("paths")
                .properties()
                .forEach(path -> path.getValue().path("get").path("parameters").forEach(parameter -> {
                    if (parameter.get("in").asString().equals("query")) {
                        parameters.add(path.getKey().replaceAll("\\{\\w+}", SiteId.DEFAULT.toString()) + "?"
                                + parameter.get("name").asString() + "=");
                    }
                }));
        assertThat(parameters).hasSizeGreaterThan(30);
        List<byte[]> corpus = List.of(
                "2026-11-25T10:11:12.345678Z".getBytes(StandardCharsets.UTF_8),
                SiteId.DEFAULT.toString().getBytes(StandardCharsets.UTF_8),
                "500".getBytes(StandardCharsets.UTF_8),
                "true".getBytes(StandardCharsets.UTF_8),
                "queued".getBytes(StandardCharsets.UTF_8));
        int[] next = {0};
        Mutations.of(corpus, 2, input -> {
            String value = new String(input, 0, Math.min(input.length, 400), StandardCharsets.UTF_8);
            String path =
                    parameters.get(next[0]++ % parameters.size()) + URLEncoder.encode(value, StandardCharsets.UTF_8);
            Http.Answer answer = admin.get(path);
            assertThat(answer.status()).as(path + ": " + answer.text()).isLessThan(500);
            if (answer.status() == 400) {
                assertThat(answer.code()).isNotBlank();
            }
        });
    }

    @Test
    @Shows({"S24", "S30"})
    void what_is_no_proper_http_is_answered_with_a_problem_that_says_so() throws IOException {
        String get = "GET /api/v1/agents HTTP/1.1";
        String post = "POST /api/v1/sites HTTP/1.1";
        String json = "Content-Type: application/json\r\n";
        Map<String, List<String>> wrong = new LinkedHashMap<>();
        wrong.put("an escape that is none", List.of("GET /api/v1/agents/%zz HTTP/1.1", "", "400"));
        wrong.put("an escape that is none, in the query", List.of("GET /api/v1/agents?q=%zz HTTP/1.1", "", "400"));
        wrong.put("a query that is no UTF-8", List.of("GET /api/v1/agents?q=%ff%fe HTTP/1.1", "", "400"));
        wrong.put("an unknown version", List.of("GET /api/v1/agents HTTP/9.9", "", "505"));
        wrong.put("a long address", List.of("GET /api/v1/agents?q=" + "a".repeat(20_000) + " HTTP/1.1", "", "414"));
        wrong.put("long headers", List.of(get, "X-A: " + "a".repeat(20_000) + "\r\n", "431"));
        wrong.put("a folded header", List.of(get, "X-A: a\r\n b\r\n", "400"));
        wrong.put("a blank before the colon", List.of(get, "X-A : a\r\n", "400"));
        wrong.put("a second Host", List.of(get, "Host: other\r\n", "400"));
        wrong.put(
                "two ways to say how long it is",
                List.of(post, json + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "400"));
        wrong.put("two lengths", List.of(post, json + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", "400"));
        wrong.put("a length below zero", List.of(post, json + "Content-Length: -5\r\n", "400"));
        wrong.put("a chunk that is none", List.of(post, json + "Transfer-Encoding: chunked\r\n\r\nzz\r\n", "400"));
        wrong.put("an expectation", List.of(post, json + "Expect: tea\r\nContent-Length: 2\r\n\r\n{}", "417"));
        wrong.put(
                "a form with files and no boundary",
                List.of(post, "Content-Type: multipart/form-data\r\nContent-Length: 2\r\n\r\n{}", "415"));
        wrong.put(
                "a form with a file",
                List.of(
                        post,
                        "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 68\r\n\r\n--b\r\n"
                                + "Content-Disposition: form-data; name=f; filename=a\r\n\r\nx\r\n--b--",
                        "415"));
        wrong.forEach((what, sent) -> {
            String answer = unchecked(
                    () -> raw(sent.get(0), "Authorization: Bearer " + RunningServer.ADMIN + "\r\n" + sent.get(1)));
            assertThat(answer).as(what).startsWith("HTTP/1.1 " + sent.get(2) + " ");
            closed(what, answer);
            assertThat(answer).as(what).contains("application/problem+json").doesNotContain("badMessage");
            JsonNode problem = Http.JSON.readTree(answer.substring(answer.indexOf("\r\n\r\n")));
            assertThat(problem.get("code").asString()).as(what).isNotBlank();
            assertThat(problem.get("detail").asString()).as(what).isNotEqualTo("The request cannot be used.");
        });
    }

    private static String unchecked(Callable<String> what) {
        try {
            return what.call();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    private static void closed(String what, String answer) {
        assertThat(answer.toLowerCase(Locale.ROOT))
                .as(what)
                .doesNotContain("exception")
                .doesNotContain("\tat ")
                .doesNotContain("jetty")
                .doesNotContain("spring")
                .doesNotContain("\r\nserver:")
                .doesNotContain("select ");
    }

    private String raw(String requestLine, String headers) throws IOException {
        try (Socket socket = new Socket("127.0.0.1", server.port())) {
            socket.setSoTimeout(10_000);
            socket.getOutputStream()
                    .write((requestLine + "\r\nHost: localhost\r\nConnection: close\r\n" + headers + "\r\n")
                            .getBytes(StandardCharsets.US_ASCII));
            InputStream in = socket.getInputStream();
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
