package dev.wireproof.command;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wireproof.id.CommandId;
import dev.wireproof.testkit.Http;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.springframework.jdbc.core.simple.JdbcClient;
import tools.jackson.databind.JsonNode;

/** What it costs to look for work: what is found, not what exists. 100,000 commands have ended, 5,000 agents have one open. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ClaimCostIT {
    private static final String AGENT = "('00000000-0000-4000-8000-' || lpad(to_hex(g %% 5000), 12, '0'))::uuid";
    private static final UUID ONE = UUID.fromString("00000000-0000-4000-8000-0000000000ff");

    private final TestServer server = new TestServer();

    @BeforeAll
    void fill() {
        TestAgent agent = server.agent();
        CommandId open = server.submit(TestServer.command(agent.id)).id();
        CommandId ended = server.submit(TestServer.command(agent.id)).id();
        server.room.commands.cancel(ended, null, "tester").join();
        copy(ended, 100_000);
        copy(open, 5_000);
        server.db
                .sql(
                        "UPDATE command SET due_at = :now WHERE id IN (SELECT id FROM command WHERE due_at IS NOT NULL LIMIT 40)")
                .param("now", server.clock.instant().atOffset(ZoneOffset.UTC))
                .update();
        server.db.sql("""
                        UPDATE command SET certainty = 'unknown', state = 'expired'
                         WHERE id IN (SELECT id FROM command WHERE agent_id = :one AND ended_at IS NOT NULL LIMIT 3)
                        """).param("one", ONE).update();
        server.db.sql("ANALYZE command").update();
    }

    private void copy(CommandId template, int times) {
        List<String> columns = server.db
                .sql("""
                        SELECT column_name FROM information_schema.columns
                         WHERE table_schema = 'public' AND table_name = 'command' AND column_name NOT IN ('id', 'seq', 'agent_id')
                        """)
                .query((row, _) -> row.getString("column_name"))
                .list();
        String names = String.join(", ", columns);
        server.db
                .sql("""
                        INSERT INTO command (id, agent_id, %s)
                        SELECT gen_random_uuid(), %s, %s FROM command c CROSS JOIN generate_series(1, :times) AS g WHERE c.id = :id
                        """.formatted(names, AGENT.formatted(), names))
                .param("times", times)
                .param("id", template.value())
                .update();
    }

    @AfterAll
    void stop() {
        server.close();
    }

    @Test
    void what_is_due_is_found_by_its_index_and_touches_no_more_than_is_due() {
        Plan plan = plan(server.db
                .sql(explain(BacklogTable.DUE))
                .param("now", server.clock.instant().atOffset(ZoneOffset.UTC))
                .param("paused", new UUID[] {UUID.randomUUID()})
                .param("limit", 500));
        assertThat(plan.indexes()).containsExactly("command_due");
        assertThat(plan.touched()).isEqualTo(40);
    }

    @Test
    void what_one_agent_has_not_acknowledged_touches_only_that() {
        Plan plan = plan(
                server.db.sql(explain(BacklogTable.UNACKED)).param("agent", ONE).param("limit", 80));
        assertThat(plan.indexes()).containsExactly("command_unacked");
        assertThat(plan.touched()).isEqualTo(1);
    }

    @Test
    void what_its_record_is_asked_about_touches_only_that() {
        Plan plan = plan(server.db
                .sql(explain(BacklogTable.UNSETTLED))
                .param("agent", ONE)
                .param("now", server.clock.instant().atOffset(ZoneOffset.UTC))
                .param("before", Long.MAX_VALUE)
                .param("limit", 500));
        assertThat(plan.indexes()).containsExactly("command_unsettled");
        assertThat(plan.touched())
                .as("three that ended unknown, and perhaps its open one")
                .isBetween(3L, 4L);
    }

    @Test
    void what_ends_with_an_agent_touches_only_that_agents() {
        Plan plan = plan(
                server.db.sql(explain(BacklogTable.OPEN_OF)).param("agent", ONE).param("limit", 500));
        assertThat(plan.indexes()).isNotEmpty().allMatch(index -> index.startsWith("command_"));
        assertThat(plan.touched()).isBetween(1L, 21L);
    }

    @Test
    void the_reaper_settles_what_is_due_and_leaves_the_rest_alone() {
        try (TestServer other = new TestServer()) {
            other.submit(TestServer.command(other.agent().id));
            assertThat(other.room.reaper.reapOnce()).isZero();
            other.clock.step(NewCommand.DEFAULT_TIME_TO_LIVE.plus(Duration.ofSeconds(1)));
            assertThat(other.room.reaper.reapOnce()).isEqualTo(1);
            assertThat(other.room.reaper.reapOnce()).isZero();
        }
    }

    private static String explain(String sql) {
        return "EXPLAIN (ANALYZE, FORMAT JSON) " + sql;
    }

    private static Plan plan(JdbcClient.StatementSpec statement) {
        String json = statement.query(String.class).single();
        Plan plan = new Plan(new ArrayList<>(), 0);
        return plan.with(Http.JSON.readTree(json).get(0).get("Plan"));
    }

    /** @param touched rows read from the table or an index, kept or not */
    private record Plan(List<String> indexes, long touched) {
        Plan with(JsonNode node) {
            Plan plan = this;
            if (node.has("Index Name")) {
                indexes.add(node.get("Index Name").asString());
            }
            assertThat(node.get("Node Type").asString()).isNotEqualTo("Seq Scan");
            if (node.has("Relation Name")) {
                long removed = node.path("Rows Removed by Filter").asLong(0)
                        + node.path("Rows Removed by Index Recheck").asLong(0);
                plan = new Plan(indexes, touched + node.get("Actual Rows").asLong() + removed);
            }
            for (JsonNode below : node.path("Plans")) {
                plan = plan.with(below);
            }
            return plan;
        }
    }
}
