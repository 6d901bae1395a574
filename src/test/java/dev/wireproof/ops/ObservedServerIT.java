package dev.wireproof.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.wireproof.simulator.TestFleet;
import dev.wireproof.testkit.Http;
import dev.wireproof.testkit.Ports;
import dev.wireproof.testkit.RunningServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** What the documents and dashboards say can be seen, seen on a server with a fleet that has faults. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ObservedServerIT {
    private static final Path DASHBOARDS = Path.of("docker/grafana/dashboards");
    private static final Pattern DOCUMENTED = Pattern.compile("^\\| `([a-z_:]+)(\\*?)` \\|");
    private static final Pattern SAMPLE = Pattern.compile("^([a-zA-Z_:]+)(?:\\{(.*)})? ");
    private static final Pattern LABEL = Pattern.compile("([a-zA-Z_]+)=\"((?:[^\"\\\\]|\\\\.)*)\"");
    private static final Set<String> LABELS = Set.of(
            "version",
            "apart",
            "java",
            "state",
            "certainty",
            "reason",
            "outcome",
            "leg",
            "code",
            "cause",
            "status",
            "direction",
            "type",
            "le",
            "kind",
            "verdict");

    @TempDir
    Path folder;

    private final int management = Ports.free();
    private RunningServer server;
    private TestFleet fleet;

    @BeforeAll
    void aServerWithAFleet() throws Exception {
        server = RunningServer.start(
                "management.server.port=" + management,
                "wireproof.traces.endpoint=http://127.0.0.1:" + Ports.free()
                        + "/v1/traces", // nobody there: its meters count
                "wireproof.delivery.ack-wait=300ms",
                "wireproof.delivery.max-attempts=2",
                "wireproof.connection.ping-interval=1s",
                "wireproof.connection.echo-interval=2s");
        fleet = TestFleet.start(
                server.port(),
                RunningServer.ENROLLMENT,
                12,
                "command-deaf=1",
                "nacking=1",
                "garbage=1",
                "text-deaf=1",
                "flapping=1");
        load();
    }

    @AfterAll
    void stop() {
        fleet.close();
        server.close();
    }

    /** One command for each agent. */
    private void load() throws SQLException {
        for (String agent : Rows.of(server.databaseUrl(), "SELECT id FROM agent")) {
            Http.Answer answer = server.admin()
                    .post("/api/v1/commands", "{\"agent_id\":\"%s\",\"script\":\"hostname\"}".formatted(agent));
            assertThat(answer.status()).isEqualTo(202);
        }
    }

    private String scrape() {
        try (Http ops = Http.at(management, null)) {
            Http.Answer answer = ops.get("/actuator/prometheus");
            assertThat(answer.status()).isEqualTo(200);
            return answer.text();
        }
    }

    @Test
    void the_document_of_metrics_names_what_is_scraped_and_nothing_else() throws IOException {
        List<String> exact = new ArrayList<>();
        List<String> families = new ArrayList<>();
        for (String line : Files.readAllLines(Path.of("docs/metrics.md"))) {
            Matcher row = DOCUMENTED.matcher(line);
            if (row.find()) {
                (row.group(2).isEmpty() ? exact : families).add(row.group(1));
            }
        }
        Set<String> scraped = new TreeSet<>();
        scrape().lines().filter(line -> line.startsWith("# TYPE ")).forEach(line -> {
            String name = line.split(" ")[2];
            scraped.add(
                    name.startsWith("wireproof_") && name.endsWith("_max")
                            ? name.substring(0, name.length() - 4)
                            : name);
        });
        List<String> own =
                scraped.stream().filter(name -> name.startsWith("wireproof_")).toList();
        assertThat(own).containsExactlyInAnyOrderElementsOf(exact);
        assertThat(scraped)
                .filteredOn(name -> !name.startsWith("wireproof_"))
                .allSatisfy(name -> assertThat(families).anyMatch(name::startsWith));
        assertThat(families).allSatisfy(family -> assertThat(scraped).anyMatch(name -> name.startsWith(family)));
    }

    @Test
    void no_label_tells_one_agent_connection_or_command_from_another_and_the_kinds_of_frames_are_known() {
        String scraped = scrape();
        Pattern id = Pattern.compile("[0-9a-f]{8}-[0-9a-f]{4}-");
        assertThat(scraped.lines().filter(line -> !line.startsWith("#")))
                .noneMatch(line -> id.matcher(line).find());
        scraped.lines().filter(line -> line.startsWith("wireproof_")).forEach(line -> {
            Matcher sample = SAMPLE.matcher(line);
            assertThat(sample.find()).as(line).isTrue();
            if (sample.group(2) != null) {
                Matcher label = LABEL.matcher(sample.group(2));
                while (label.find()) {
                    assertThat(LABELS).as(line).contains(label.group(1));
                }
            }
        });
        assertThat(scraped)
                .contains("wireproof_frames_total{direction=\"in\",type=\"other\"} 0.0")
                .contains("wireproof_frames_total{direction=\"out\",type=\"other\"} 0.0");
    }

    @Test
    void each_stored_diagnosis_is_counted_by_its_verdict() {
        Pattern verdicts = Pattern.compile("(?m)^wireproof_diagnosis_verdicts_total\\{verdict=\"\\w+\"\\} ([\\d.]+)");
        await().untilAsserted(() -> {
            double counted = verdicts.matcher(scrape())
                    .results()
                    .mapToDouble(sample -> Double.parseDouble(sample.group(1)))
                    .sum();
            int stored = Rows.of(server.databaseUrl(), "SELECT id FROM diagnosis WHERE status = 'done'")
                    .size();
            assertThat(counted).isPositive().isEqualTo(stored);
        });
    }

    @Test
    void every_expression_of_every_dashboard_has_an_answer_from_a_real_prometheus() throws Exception {
        try (RealPrometheus prometheus =
                RealPrometheus.start(folder, Path.of("docker/prometheus/rules/wireproof.yml"), management)) {
            await().atMost(Duration.ofSeconds(30)).until(prometheus::ready);
            await().atMost(Duration.ofSeconds(30)).until(() -> prometheus.value("count_over_time(up[1m])") >= 1);
            load();
            await().atMost(Duration.ofSeconds(30)).until(() -> prometheus.value("count_over_time(up[1m])") >= 4);
            Map<String, String> wrong = new TreeMap<>();
            int asked = 0;
            for (Path file : dashboards()) {
                for (JsonNode target : targets(file)) {
                    if (!target.has("expr")) {
                        continue;
                    }
                    String expression = target.get("expr")
                            .asString()
                            .replace("$__rate_interval", "20s")
                            .replace("$__range", "1m");
                    asked++;
                    try {
                        if (prometheus.query(expression).isEmpty()) {
                            wrong.put(file.getFileName() + ": " + expression, "empty");
                        }
                    } catch (AssertionError refused) {
                        wrong.put(file.getFileName() + ": " + expression, String.valueOf(refused.getMessage()));
                    }
                }
            }
            assertThat(asked).isGreaterThan(60);
            assertThat(wrong).isEmpty();
        }
    }

    @Test
    void every_query_of_the_agents_dashboard_runs_on_the_real_schema_as_a_role_that_reads_no_scripts()
            throws Exception {
        String agent = fleet.healthy().getFirst();
        int asked = 0;
        try (Connection connection = Rows.open(server.databaseUrl());
                Statement statement = connection.createStatement()) {
            statement.execute(Files.readString(Path.of("docker/grafana/reader.sql")));
            statement.execute("SET ROLE wireproof_reader");
            for (Path file : dashboards()) {
                JsonNode dashboard = Http.JSON.readTree(Files.readString(file));
                for (JsonNode variable : dashboard.get("templating").get("list")) {
                    try (var rows = statement.executeQuery(variable.get("query").asString())) {
                        assertThat(rows.next()).isTrue();
                    }
                }
                for (JsonNode target : targets(file)) {
                    if (!target.has("rawSql")) {
                        continue;
                    }
                    asked++;
                    String sql = target.get("rawSql")
                            .asString()
                            .replace("${agent}", agent)
                            .replace("$__timeFrom()", "'2000-01-01T00:00:00Z'")
                            .replace("$__timeTo()", "'2100-01-01T00:00:00Z'");
                    assertThat(sql).as("a macro that the test does not know").doesNotContain("$");
                    try (var rows = statement.executeQuery(sql)) {
                        assertThat(rows.getMetaData().getColumnCount()).isPositive();
                    }
                }
            }
            assertThat(asked).isGreaterThanOrEqualTo(6);
            for (String secret : List.of(
                    "SELECT script FROM command",
                    "SELECT bytes FROM command_output",
                    "SELECT * FROM api_token",
                    "SELECT * FROM agent")) {
                assertThat(refused(statement, secret)).as(secret).isTrue();
            }
        }
    }

    private static boolean refused(Statement statement, String sql) {
        try {
            statement.executeQuery(sql).close();
            return false;
        } catch (SQLException e) {
            return "42501".equals(e.getSQLState());
        }
    }

    private static List<Path> dashboards() throws IOException {
        try (Stream<Path> files = Files.list(DASHBOARDS)) {
            return files.filter(file -> file.toString().endsWith(".json"))
                    .sorted()
                    .toList();
        }
    }

    private static List<JsonNode> targets(Path dashboard) throws IOException {
        List<JsonNode> targets = new ArrayList<>();
        for (JsonNode panel : Http.JSON.readTree(Files.readString(dashboard)).get("panels")) {
            panel.path("targets").forEach(targets::add);
        }
        return targets;
    }
}
