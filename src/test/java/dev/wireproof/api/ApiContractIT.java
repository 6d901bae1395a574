package dev.wireproof.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.wireproof.access.ApiTokens;
import dev.wireproof.access.Role;
import dev.wireproof.fleet.Sites;
import dev.wireproof.id.SiteId;
import dev.wireproof.protocol.AgentMessage;
import dev.wireproof.protocol.ServerMessage;
import dev.wireproof.testkit.Http;
import dev.wireproof.testkit.RunningServer;
import dev.wireproof.testkit.RunningServer.Enrolled;
import dev.wireproof.testkit.Shows;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.springframework.jdbc.core.simple.JdbcClient;
import tools.jackson.databind.JsonNode;

/** The API's own description, walked: each route is described, and answers each kind of caller as {@code api-permissions.txt} says. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ApiContractIT {
    private static final String OURS = SiteId.DEFAULT.toString();

    private RunningServer server;
    private Http admin;
    private JsonNode description;

    private record Rule(String role, String foreign) {}

    @BeforeAll
    void start() {
        server = RunningServer.start();
        admin = server.admin();
        description = admin.with(null).get("/v3/api-docs").json();
    }

    @AfterAll
    void stop() {
        server.close();
    }

    private Map<String, JsonNode> operations() {
        Map<String, JsonNode> found = new TreeMap<>();
        description
                .get("paths")
                .properties()
                .forEach(path -> path.getValue()
                        .properties()
                        .forEach(method -> found.put(
                                method.getKey().toUpperCase(java.util.Locale.ROOT) + " " + path.getKey(),
                                method.getValue())));
        return found;
    }

    // ---- the description

    @Test
    void each_route_has_a_summary_an_example_of_each_body_and_its_errors() {
        assertThat(description.get("openapi").asString()).startsWith("3.1");
        List<String> faults = new ArrayList<>();
        operations().forEach((route, operation) -> {
            if (operation.path("summary").asString("").isBlank()) {
                faults.add(route + " has no summary: add it to api-examples.json");
            }
            operation.path("requestBody").path("content").properties().forEach(content -> {
                boolean empty = route.endsWith("redeliver");
                if (!empty && !content.getValue().has("example")) {
                    faults.add(route + " has no example of its request");
                }
            });
            JsonNode responses = operation.path("responses");
            Set<String> statuses = new TreeSet<>();
            responses.properties().forEach(response -> {
                statuses.add(response.getKey());
                JsonNode content = response.getValue().path("content");
                if (content.isEmpty() && !response.getKey().equals("204")) {
                    faults.add(route + " " + response.getKey() + " has no content");
                }
                content.properties().forEach(one -> {
                    if (!one.getValue().has("example")) {
                        faults.add(route + " " + response.getKey() + " has no example");
                    }
                });
            });
            if (!statuses.containsAll(List.of("401", "403", "429", "503"))
                    || (route.contains("{") && !statuses.contains("404"))
                    || statuses.stream().noneMatch(status -> status.startsWith("2"))) {
                faults.add(route + " declares only " + statuses);
            }
        });
        assertThat(faults).isEmpty();
    }

    @Test
    void every_example_has_exactly_the_fields_of_its_schema() {
        List<String> faults = new ArrayList<>();
        operations()
                .forEach((route, operation) -> operation
                        .path("responses")
                        .properties()
                        .forEach(response -> response.getValue()
                                .path("content")
                                .properties()
                                .forEach(content -> {
                                    JsonNode schema = content.getValue().path("schema");
                                    JsonNode example = content.getValue().path("example");
                                    if (response.getKey().startsWith("2") && example.isObject()) {
                                        compare(route, schema, example, faults);
                                    }
                                })));
        assertThat(faults).isEmpty();
    }

    private void compare(String route, JsonNode schema, JsonNode example, List<String> faults) {
        if (schema.has("properties") && schema.get("properties").has("items")) {
            compare(
                    route,
                    schema.get("properties").get("items").get("items"),
                    example.get("items").get(0),
                    faults);
            return;
        }
        String name = schema.path("$ref").asString("").replace("#/components/schemas/", "");
        JsonNode known = description.get("components").get("schemas").path(name).path("properties");
        Set<String> fields = new TreeSet<>(known.propertyNames());
        Set<String> shown = new TreeSet<>(example.propertyNames());
        if (fields.isEmpty() || !fields.equals(shown)) {
            faults.add(route + ": schema " + name + " has " + fields + ", its example " + shown);
        }
    }

    @Test
    void every_route_of_the_product_is_there() {
        assertThat(operations().keySet()).containsAll(rules().keySet());
    }

    @Test
    void the_readable_page_is_there_and_asks_nobody_else() {
        Http anybody = admin.with(null);
        Http.Answer to = anybody.get("/docs");
        assertThat(to.status()).isBetween(200, 399);
        String page = to.status() == 200
                ? to.text()
                : anybody.get(to.header("location")).text();
        assertThat(page).contains("swagger-ui").doesNotContain("http://").doesNotContain("https://");
        assertThat(anybody.get("/swagger-ui/swagger-ui-bundle.js").status()).isEqualTo(200);
        assertThat(anybody.get("/v3/api-docs.yaml").status()).isEqualTo(200);
    }

    // ---- who may call what

    private static Map<String, Rule> rules() {
        try (InputStream file =
                Objects.requireNonNull(ApiContractIT.class.getResourceAsStream("/api-permissions.txt"))) {
            Map<String, Rule> rules = new TreeMap<>();
            new String(file.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .filter(line -> !line.startsWith("#") && !line.isBlank())
                    .map(line -> line.strip().split("\\s+"))
                    .forEach(part -> rules.put(part[0] + " " + part[1], new Rule(part[2], part[3])));
            return rules;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    @Shows({"S2", "S19", "S22"})
    void each_route_answers_each_kind_of_caller_as_the_table_says() {
        Map<String, Rule> rules = rules();
        assertThat(operations().keySet())
                .as("each route has its line in api-permissions.txt")
                .isEqualTo(rules.keySet());
        Things things = new Things();
        ApiTokens tokens = server.bean(ApiTokens.class);
        SiteId elsewhere = ((Sites.Outcome.Done) server.bean(Sites.class).create("elsewhere"))
                .site()
                .id();
        String foreign = tokens.create("foreign", Role.ADMIN, Set.of(elsewhere), null, "test")
                .secret();
        Map<String, String> secrets = new HashMap<>();
        for (Role role : Role.values()) {
            secrets.put(
                    role.wireName(),
                    tokens.create(role.wireName(), role, null, null, "test").secret());
        }
        List<String> faults = new ArrayList<>();
        rules.forEach((route, rule) -> {
            Role least = Role.ofWireName(rule.role());
            expect(faults, route, "no token", things.call(route, admin.with(null)), 401);
            for (Role role : Role.values()) {
                Http.Answer answer = things.call(route, admin.with(secrets.get(role.wireName())));
                if (role.includes(least)) {
                    if (List.of(401, 403, 404, 405, 500).contains(answer.status())) {
                        faults.add("%s as %s: %d %s".formatted(route, role, answer.status(), answer.text()));
                    }
                } else {
                    expect(faults, route, role.wireName(), answer, 403);
                }
            }
            Http.Answer there = things.call(route, admin.with(foreign));
            switch (rule.foreign()) {
                case "hidden" -> {
                    expect(faults, route, "an admin of another site", there, 404);
                    Http.Answer nothing = things.callNothing(route, admin.with(foreign));
                    if (!said(there).equals(said(nothing))) {
                        faults.add("%s tells what is not theirs from what is not there:%n%s%n%s"
                                .formatted(route, said(there), said(nothing)));
                    }
                }
                case "forbidden" -> expect(faults, route, "an admin of another site", there, 403);
                case "own" -> {
                    expect(faults, route, "an admin of another site", there, 200);
                    if (there.text().contains(OURS) || there.text().contains(things.agent)) {
                        faults.add(route + " shows an admin of another site what is ours: " + there.text());
                    }
                }
                default -> expect(faults, route, "an admin of another site", there, 200);
            }
        });
        assertThat(faults).isEmpty();
    }

    /** All that an answer tells, but for the name by which it was asked, and when. */
    private static String said(Http.Answer answer) {
        Map<String, List<String>> headers = new TreeMap<>(answer.headers());
        headers.remove("date");
        return answer.status() + " "
                + (headers + " " + answer.text())
                        .replaceAll("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "ID")
                        .replaceAll("/configs/\\d+", "/configs/N")
                        .replaceAll("content-length=\\[\\d+]", "content-length");
    }

    private static void expect(List<String> faults, String route, String who, Http.Answer answer, int status) {
        if (answer.status() != status) {
            faults.add("%s as %s: %d instead of %d: %s".formatted(route, who, answer.status(), status, answer.text()));
        }
    }

    /** One of each thing, at our site; what a DELETE takes away is made anew. */
    private final class Things {
        final String agent;
        final String connection;
        final String command;
        final String diagnosis;

        Things() {
            try (Enrolled enrolled = server.enrol()) {
                agent = enrolled.agentId();
                connection = enrolled.welcome().connectionId().toString();
                String at = admin.post("/api/v1/commands", "{\"agent_id\":\"%s\",\"script\":\"x\"}".formatted(agent))
                        .header("location");
                command = at.substring(at.lastIndexOf('/') + 1);
                ServerMessage.Command got =
                        (ServerMessage.Command) enrolled.peer().awaitMessage("Command");
                enrolled.peer()
                        .send(new AgentMessage.CommandResult(
                                got.commandId(), AgentMessage.Outcome.EXITED, 0, null, 0, 0, false, null, 1, null));
                assertThat(admin.get(at + "?wait_s=20").json().get("state").asString())
                        .isEqualTo("succeeded");
            }
            diagnosis = made("agents/" + agent + "/diagnoses", "{}");
            ended(diagnosis);
        }

        private JsonNode ended(String id) {
            return await().until(
                            () -> admin.get("/api/v1/diagnoses/" + id).json(),
                            found -> found.get("status").asString().equals("done"));
        }

        private @Nullable String lost;

        /** One that its agent never took, so that the server itself looked into it. */
        private String lost() {
            String known = lost;
            if (known == null) {
                known = diagnosed();
                lost = known;
            }
            return known;
        }

        private String diagnosed() {
            String expired = made("commands", "{\"agent_id\":\"%s\",\"script\":\"x\",\"ttl_s\":1}".formatted(agent));
            await().until(() ->
                    admin.get("/api/v1/commands/" + expired + "/diagnosis").status() == 200);
            return expired;
        }

        Http.Answer call(String route, Http as) {
            String method = route.split(" ")[0];
            String path = route.split(" ")[1];
            return as.call(method, concrete(method, path), body(method, path));
        }

        /** The same about things that nobody ever had. */
        Http.Answer callNothing(String route, Http as) {
            String method = route.split(" ")[0];
            String path = route.split(" ")[1];
            String nobodys = UUID.randomUUID().toString();
            String body = body(method, path);
            return as.call(
                    method,
                    path.replaceAll("\\{version}", "999999999").replaceAll("\\{.*?}", nobodys),
                    body == null ? null : body.replace(agent, nobodys).replace(OURS, nobodys));
        }

        private String concrete(String method, String path) {
            String collection = path.split("/")[3];
            boolean gone = method.equals("DELETE");
            Supplier<String> id = switch (collection) {
                case "agents" -> () -> gone ? anotherAgent() : agent;
                case "connections" -> () -> connection;
                case "commands" -> () -> path.endsWith("/diagnosis") ? lost() : command;
                case "diagnoses" -> () -> diagnosis;
                case "batches" -> () -> path.endsWith("/approve") ? held() : made("batches", batch());
                case "sites" -> () -> gone ? made("sites", "{\"name\":\"s%d\"}".formatted(System.nanoTime())) : OURS;
                case "enrollment-tokens" -> () -> made("enrollment-tokens", "{\"site_id\":\"%s\"}".formatted(OURS));
                case "api-tokens" -> () -> made("api-tokens", "{\"name\":\"t\",\"role\":\"viewer\"}");
                case "configs" -> () -> made("configs", "{\"site_id\":\"%s\",\"config\":{}}".formatted(OURS));
                default -> () -> "none";
            };
            return path.contains("{") ? path.replaceAll("\\{.*?}", id.get()) : path;
        }

        private String batch() {
            return "{\"selector\":{\"agent_ids\":[\"%s\"]},\"command\":{\"script\":\"x\",\"ttl_s\":60}}"
                    .formatted(agent);
        }

        /** One that waits for a second person. */
        private String held() {
            String id = made("batches", batch());
            server.bean(JdbcClient.class)
                    .sql("UPDATE rollout SET state = 'held', created_by = 'someone else' WHERE id = :id")
                    .param("id", UUID.fromString(id))
                    .update();
            return id;
        }

        private String anotherAgent() {
            try (Enrolled enrolled = server.enrol()) {
                return enrolled.agentId();
            }
        }

        private String made(String collection, String body) {
            String at = admin.post("/api/v1/" + collection, body).header("location");
            return at.substring(at.lastIndexOf('/') + 1);
        }

        private @Nullable String body(String method, String path) {
            if (method.equals("GET") || method.equals("DELETE")) {
                return null;
            }
            return switch (path) {
                case "/api/v1/batches" -> batch();
                case "/api/v1/commands" -> "{\"agent_id\":\"%s\",\"script\":\"x\",\"ttl_s\":1}".formatted(agent);
                case "/api/v1/reaper/pause", "/api/v1/reaper/resume" -> "{\"agent_id\":\"%s\"}".formatted(agent);
                case "/api/v1/enrollment-tokens" -> "{\"site_id\":\"%s\"}".formatted(OURS);
                case "/api/v1/api-tokens" ->
                    "{\"name\":\"t\",\"role\":\"viewer\",\"site_ids\":[\"%s\"]}".formatted(OURS);
                case "/api/v1/configs" -> "{\"site_id\":\"%s\",\"config\":{}}".formatted(OURS);
                case "/api/v1/sites" -> "{\"name\":\"n%d\"}".formatted(System.nanoTime());
                case "/api/v1/sites/{id}" -> "{\"name\":\"default\"}";
                default -> "{}";
            };
        }
    }
}
