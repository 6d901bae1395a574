package dev.wireproof.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.wireproof.id.CommandId;
import dev.wireproof.protocol.AgentMessage;
import dev.wireproof.simulator.TestFleet;
import dev.wireproof.testkit.Http;
import dev.wireproof.testkit.Ports;
import dev.wireproof.testkit.RawPeer;
import dev.wireproof.testkit.RunningServer;
import dev.wireproof.testkit.ServerProcess;
import dev.wireproof.testkit.TestDatabase;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** SIGTERM: what an operator's restart does to agents, callers and commands on their way. */
class DrainIT {
    private static final int AGENTS = 50;
    private static final int COMMANDS = 500;
    private static final Duration LIMIT = Duration.ofSeconds(20);

    private static final String FORGED = "2026-01-01T00:00:00.000Z INFO  Forged all.is_well";
    private static final String EVIL = "a\r\n" + FORGED + "\u2028" + FORGED + "\u001b[31m";
    private static final Pattern LINE =
            Pattern.compile("\\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z (INFO|WARN|ERROR) +(?!Forged)\\S+ .*");

    @TempDir
    Path home;

    @Test
    void a_restart_with_500_commands_on_their_way_loses_none_and_runs_none_twice() throws Exception {
        String database = TestDatabase.freshUrl();
        int port = Ports.free();
        Set<String> commands = new HashSet<>();
        TestFleet fleet;
        try (ServerProcess server = start(database, port, "LOGGING_STRUCTURED_FORMAT_CONSOLE", "logstash")) {
            server.awaitLine("server.ready");
            fleet = TestFleet.start(port, RunningServer.ENROLLMENT, AGENTS, "slow-ack=2:" + AGENTS);
            try (Http api = Http.at(port, RunningServer.ADMIN)) {
                List<String> agents = agents(database);
                assertThat(agents).hasSize(AGENTS);
                for (int i = 0; i < COMMANDS; i++) {
                    commands.add(post(api, agents.get(i % AGENTS)));
                }
            }
            int exit = stopWithinTheLimit(server);
            assertThat(exit).as("%s", server.output()).isIn(0, 143);
            assertThat(server.output())
                    .anyMatch(line -> line.contains("server.draining"))
                    .noneMatch(line -> line.contains("drain_cut_short"));
            assertThat(server.output())
                    .as("JSON, one event a line")
                    .allSatisfy(line -> assertThat(
                                    Http.JSON.readTree(line).get("message").asString())
                            .isNotEmpty());
        }
        try (fleet;
                RunningServer again = RunningServer.startOn(database, "server.port=" + port)) {
            assertThat(fleet.closes()).as("each agent was told").containsEntry("close 1001", (long) AGENTS);
            await().atMost(Duration.ofSeconds(120))
                    .untilAsserted(() -> assertThat(statesOf(database, commands))
                            .containsOnlyKeys("succeeded")
                            .containsEntry("succeeded", COMMANDS));
            assertThat(fleet.executions())
                    .containsOnlyKeys(commands)
                    .allSatisfy((id, times) -> assertThat(times).as(id).isEqualTo(1));
            assertThat(again.admin().get("/actuator/health/readiness").status()).isEqualTo(200);
        }
    }

    @Test
    void while_it_drains_readiness_says_so_new_work_is_refused_and_what_was_begun_ends() throws Exception {
        String database = TestDatabase.freshUrl();
        int port = Ports.free();
        int management = Ports.free();
        try (ServerProcess server = start(database, port, "MANAGEMENT_SERVER_PORT", Integer.toString(management));
                Http api = Http.at(port, RunningServer.ADMIN);
                Http ops = Http.at(management, null)) {
            server.awaitLine("server.ready");
            assertThat(ops.get("/actuator/health/readiness").status()).isEqualTo(200);
            assertThat(api.get("/actuator/health/readiness").status())
                    .as("only on the port of its own")
                    .isEqualTo(404);
            tryToForgeTheLog(port, api, database);
            // An agent that does not answer its Close keeps the goodbye open: time enough to look at a draining server.
            try (RawPeer silent = RawPeer.upgraded(port)) {
                silent.authenticate(RawPeer.auth(
                        new AgentMessage.Credentials.Enrolling(RunningServer.ENROLLMENT, "device-silent"),
                        UUID.randomUUID()));
                String agent = agents(database).getLast();
                String before = post(api, agent);
                silent.awaitText("Command");
                CompletableFuture<Integer> exit = CompletableFuture.supplyAsync(() -> stop(server));
                assertThat(silent.awaitClose().closeCode()).isEqualTo(1001);

                Http.Answer readiness = ops.get("/actuator/health/readiness");
                assertThat(readiness.status()).isEqualTo(503);
                assertThat(readiness.text()).contains("draining");
                assertThat(ops.get("/actuator/health/liveness").status()).isEqualTo(200);
                Http.Answer refused = api.post("/api/v1/commands", body(agent));
                assertThat(refused.status()).isEqualTo(503);
                assertThat(refused.code()).isEqualTo("draining");
                assertThat(refused.header("retry-after")).isNotEmpty();
                assertThat(api.get("/api/v1/commands/" + before).status())
                        .as("reading goes on")
                        .isEqualTo(200);
                try (RawPeer late = RawPeer.connect(port)) {
                    assertThat(late.handshake(List.of("Sec-WebSocket-Protocol: rmm.v1"))
                                    .status())
                            .isEqualTo(503);
                }
                // What the agent says between our Close and its own is still taken in.
                silent.send(new AgentMessage.CommandAck(
                        CommandId.parse(before), 1, false, AgentMessage.AckStatus.ACCEPTED, null, null));
                silent.close(1001, "");
                assertThat(exit.get()).isIn(0, 143);
                assertThat(statesOf(database, Set.of(before))).containsOnlyKeys("acked");
                assertThat(closedRows(database)).as("the end of its connection").isEqualTo(1);
                assertThatNobodyElseBeganALine(server.output());
            }
        }
    }

    /** Through a real server process, which writes its log as operators read it. */
    private static void tryToForgeTheLog(int port, Http api, String database) throws Exception {
        List<String> before = agents(database);
        try (RawPeer peer = RawPeer.connect(port)) {
            peer.handshake(List.of("Sec-WebSocket-Protocol: rmm.v1", "User-Agent: evil\u001b[31m"));
        }
        try (RawPeer peer = RawPeer.upgraded(port)) {
            peer.authenticate(new AgentMessage.Auth(
                    new AgentMessage.Credentials.Enrolling(RunningServer.ENROLLMENT, "device-evil"),
                    EVIL,
                    new AgentMessage.Os("linux", EVIL, EVIL, "amd64"),
                    EVIL,
                    UUID.randomUUID(),
                    "boot-1",
                    null,
                    Map.of(),
                    List.of(),
                    null,
                    null,
                    null,
                    EVIL,
                    List.of()));
            String agent = agents(database).stream()
                    .filter(id -> !before.contains(id))
                    .findAny()
                    .orElseThrow();
            String command = post(api, agent);
            peer.awaitText("Command");
            peer.send(new AgentMessage.CommandNack(
                    CommandId.parse(command), 1, AgentMessage.NackCode.REFUSED, EVIL, null, null));
            await().atMost(Duration.ofSeconds(30))
                    .untilAsserted(() ->
                            assertThat(statesOf(database, Set.of(command))).containsOnlyKeys("rejected"));
            peer.text("{\"type\":\"Made\\u000aUp\",\"payload\":{}}");
            peer.close(1000, "b\r\n" + FORGED);
            peer.awaitClose();
        }
    }

    private static void assertThatNobodyElseBeganALine(List<String> output) {
        assertThat(output).isNotEmpty().allMatch(line -> LINE.matcher(line).matches());
        assertThat(String.join("\n", output)).doesNotContain("\u2028").doesNotContain("\u001b");
    }

    private ServerProcess start(String database, int port, String... more) {
        Map<String, String> settings = new HashMap<>(Map.of(
                "WIREPROOF_HOME",
                home.toString(),
                "SERVER_PORT",
                Integer.toString(port),
                "SPRING_DATASOURCE_URL",
                database,
                "SPRING_DATASOURCE_USERNAME",
                "postgres",
                "SPRING_DATASOURCE_PASSWORD",
                "",
                "WIREPROOF_BOOTSTRAP_ADMIN_TOKEN",
                RunningServer.ADMIN,
                "WIREPROOF_BOOTSTRAP_ENROLLMENT_TOKEN",
                RunningServer.ENROLLMENT));
        for (int i = 0; i < more.length; i += 2) {
            settings.put(more[i], more[i + 1]);
        }
        return ServerProcess.start(settings);
    }

    private static int stop(ServerProcess server) {
        try {
            return server.stop();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return -1;
        }
    }

    private static int stopWithinTheLimit(ServerProcess server) throws Exception {
        CompletableFuture<Integer> exit = CompletableFuture.supplyAsync(() -> stop(server));
        return exit.get(LIMIT.toSeconds(), TimeUnit.SECONDS);
    }

    private static String body(String agent) {
        return "{\"agent_id\":\"%s\",\"script\":\"hostname\"}".formatted(agent);
    }

    private static String post(Http api, String agent) {
        Http.Answer answer = api.post("/api/v1/commands", body(agent));
        assertThat(answer.status()).as(answer.text()).isEqualTo(202);
        return answer.json().get("id").asString();
    }

    private static List<String> agents(String database) throws SQLException {
        List<String> ids = new ArrayList<>();
        try (Connection connection = open(database);
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("SELECT id FROM agent ORDER BY id")) {
            while (rows.next()) {
                ids.add(rows.getString(1));
            }
        }
        return ids;
    }

    private static Map<String, Integer> statesOf(String database, Set<String> commands) throws SQLException {
        Map<String, Integer> states = new TreeMap<>();
        try (Connection connection = open(database);
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("SELECT id, state FROM command")) {
            while (rows.next()) {
                if (commands.contains(rows.getString(1))) {
                    states.merge(rows.getString(2), 1, Integer::sum);
                }
            }
        }
        return states;
    }

    private static int closedRows(String database) throws SQLException {
        try (Connection connection = open(database);
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(
                        "SELECT count(*) FROM connection WHERE closed_at IS NOT NULL AND close_code = 1001")) {
            rows.next();
            return rows.getInt(1);
        }
    }

    private static Connection open(String database) throws SQLException {
        return DriverManager.getConnection(database, "postgres", "");
    }
}
