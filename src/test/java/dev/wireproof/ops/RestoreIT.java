package dev.wireproof.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.wireproof.simulator.TestFleet;
import dev.wireproof.testkit.Http;
import dev.wireproof.testkit.Ports;
import dev.wireproof.testkit.RunningServer;
import dev.wireproof.testkit.Shows;
import dev.wireproof.testkit.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** A backup of an hour ago is restored: agents know more than the server. */
class RestoreIT {
    /** Agents that found no server wait for up to a minute before they try again, and a busy machine's server starts slowly. */
    private static final Duration BACK_WITHIN = Duration.ofMinutes(3);

    private static final int AGENTS = 5;

    @Test
    @Shows("S48")
    void an_older_backup_reuses_no_epoch_and_no_id_and_nothing_runs_twice() throws Exception {
        String before = TestDatabase.freshUrl();
        int port = Ports.free();
        Set<String> everyId = new HashSet<>();
        String backup;
        TestFleet fleet;
        String offeredAgain;
        try (RunningServer server = RunningServer.startOn(before, "server.port=" + port)) {
            fleet = TestFleet.start(port, RunningServer.ENROLLMENT, AGENTS);
            String agent = fleet.healthy().getFirst();
            everyId.add(done(server, agent));
            offeredAgain = done(server, agent);
            everyId.add(offeredAgain);
        }
        backup = copyOf(before);
        // In the backup this one was offered and not answered yet; since then the agent ran it.
        rewind(backup, offeredAgain);
        try (RunningServer server = RunningServer.startOn(before, "server.port=" + port)) {
            await().atMost(BACK_WITHIN).until(() -> fleet.live() == AGENTS);
            for (String agent : fleet.healthy()) {
                everyId.add(done(server, agent));
            }
        }
        Map<String, Long> laterEpochs = epochs(before);
        assertThat(laterEpochs).hasSize(AGENTS);

        try (fleet;
                RunningServer restored = RunningServer.startOn(backup, "server.port=" + port)) {
            await().atMost(BACK_WITHIN).until(() -> fleet.live() == AGENTS);
            awaitState(backup, offeredAgain, "acked", "succeeded");
            // Its result was confirmed by the server that is gone, so the agent does not tell it again: on the agent's
            // next
            // connection its record is asked.
            restored.admin().post("/api/v1/agents/" + agentOf(backup, offeredAgain) + "/evict", "{}");
            awaitState(backup, offeredAgain, "succeeded");
            assertThat(fleet.executions().get(offeredAgain))
                    .as("offered again, run once")
                    .isEqualTo(1);
            Map<String, Long> epochsNow = epochs(backup);
            assertThat(laterEpochs)
                    .allSatisfy(
                            (agent, epoch) -> assertThat(epochsNow.get(agent)).isGreaterThan(epoch));
            for (String agent : fleet.healthy()) {
                assertThat(everyId.add(done(restored, agent))).as("a new id").isTrue();
            }
            assertThat(fleet.executions().values()).allMatch(times -> times == 1);
        }
    }

    private static String done(RunningServer server, String agent) {
        Http.Answer ended = server.admin()
                .post("/api/v1/commands?wait_s=20", "{\"agent_id\":\"%s\",\"script\":\"hostname\"}".formatted(agent));
        assertThat(ended.json().get("state").asString()).as(ended.text()).isEqualTo("succeeded");
        return ended.json().get("id").asString();
    }

    private static void awaitState(String url, String command, String... states) {
        await().atMost(Duration.ofSeconds(90))
                .untilAsserted(() -> assertThat(states)
                        .containsAll(Rows.of(url, "SELECT state FROM command WHERE id = '" + command + "'")));
    }

    private static String agentOf(String url, String command) throws SQLException {
        return Rows.of(url, "SELECT agent_id FROM command WHERE id = '" + command + "'")
                .getFirst();
    }

    private static Map<String, Long> epochs(String url) throws SQLException {
        return Rows.of(url, "SELECT agent_id || ' ' || epoch FROM agent_line").stream()
                .map(row -> row.split(" "))
                .collect(Collectors.toMap(row -> row[0], row -> Long.parseLong(row[1])));
    }

    /** What a dump and its restore come to: the database as it was, under another name. */
    private static String copyOf(String url) throws SQLException {
        String name = url.replaceAll(".*/([a-z0-9_]+)\\?.*", "$1");
        String admin = url.replace("/" + name, "/postgres");
        try (Connection connection = Rows.open(admin);
                Statement statement = connection.createStatement()) {
            statement.execute("CREATE DATABASE %1$s_backup TEMPLATE %1$s".formatted(name));
        }
        return url.replace("/" + name, "/" + name + "_backup");
    }

    private static void rewind(String url, String command) throws SQLException {
        try (Connection connection = Rows.open(url);
                Statement statement = connection.createStatement()) {
            statement.execute("""
                UPDATE command
                   SET state = 'offered', certainty = 'unknown', due_at = now(), next_offer_at = now(), acked_at = NULL,
                       started_at = NULL, ended_at = NULL, outcome = NULL, exit_code = NULL, result_at = NULL,
                       result_digest = NULL, stdout_bytes = NULL, stderr_bytes = NULL, agent_started_at = NULL,
                       duration_ms = NULL, result_message = NULL, stdout_end = 0, revision = 2
                 WHERE id = '%1$s'
                """.formatted(command));
            statement.execute("DELETE FROM command_output WHERE command_id = '%s'".formatted(command));
            statement.execute(
                    "UPDATE command_attempt SET acked_at = NULL, answered_ns = NULL, answered_on = NULL WHERE command_id = '%s'"
                            .formatted(command));
        }
    }
}
