package dev.wireproof.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.wireproof.id.CommandId;
import dev.wireproof.testkit.Trap;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/**
 * A database that is away, silent, full, read-only or of two minds: callers are told so and nothing is kept in memory only, agents stay
 * connected, no result is confirmed that is not stored, and everything due goes on within 10 s once it is back.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class DatabaseFaultsIT {
    /** "All due work resumes within 10 s". */
    private static final Duration RESUMES = Duration.ofSeconds(10);

    private Scene scene;
    private LabAgent agent;

    @BeforeAll
    void start() {
        scene = Scene.start();
        agent = scene.agent("database");
    }

    @AfterEach
    void everythingHolds() {
        scene.invariantsHold();
    }

    @AfterAll
    void stop() {
        scene.close();
    }

    private static void unavailable(Requests.Answer answer) {
        assertThat(answer.status()).as(answer.body().toString()).isEqualTo(503);
        assertThat(answer.header("retry-after")).isNotEmpty();
    }

    private long stored() {
        return scene.sql().sql("SELECT count(*) FROM command").query(Long.class).single();
    }

    private void execute(String sql) {
        try (Connection on = scene.truth().getConnection();
                Statement statement = on.createStatement()) {
            statement.execute(sql);
        } catch (SQLException e) {
            throw new AssertionError(sql, e);
        }
    }

    /** A result that the agent has, and that the server has not. */
    private CommandId resultHeldBack() {
        agent.holdResults();
        CommandId id = scene.post(agent);
        await().untilAsserted(() -> assertThat(scene.stateOf(id)).isEqualTo("running"));
        return id;
    }

    private void confirmedWithinTen(CommandId id) {
        await().atMost(RESUMES)
                .untilAsserted(() -> assertThat(scene.tap.resultsConfirmed()).contains(id));
    }

    @Test
    void a_commit_whose_answer_is_lost_is_answered_503_and_found_by_its_key() {
        Trap cut = scene.database.cutCommitOf("stored, asked for by");
        unavailable(scene.requests.post(agent.id(), ""));
        cut.await();
        String key = scene.requests.unanswered().getFirst();
        await().untilAsserted(() -> {
            Requests.Answer again = scene.requests.again(key);
            assertThat(again.status()).isBetween(200, 202);
            assertThat(again.header("idempotency-replayed")).isEqualTo("true");
        });
    }

    @Test
    void a_result_whose_commit_is_not_answered_is_not_confirmed_before_it_is_proven() {
        CommandId id = resultHeldBack();
        Trap held = scene.database.holdCommitOf("a result came");
        agent.tellResults();
        held.await();
        assertThat(scene.tap.resultsConfirmed()).doesNotContain(id);
        held.release();
        confirmedWithinTen(id);
    }

    @Test
    void while_it_hangs_posts_are_told_so_agents_stay_and_results_wait() {
        CommandId id = resultHeldBack();
        long connections = scene.tap.connections();
        scene.database.hold();
        agent.tellResults();

        unavailable(scene.requests.post(agent.id(), ""));

        assertThat(scene.tap.resultsConfirmed()).doesNotContain(id);
        assertThat(scene.tap.connections()).as("no agent had to come again").isEqualTo(connections);
        assertThat(agent.online()).isTrue();
        scene.database.release();
        confirmedWithinTen(id);
    }

    @Test
    void connections_to_it_that_are_dead_and_say_nothing_are_replaced_once_it_can_be_reached_again() {
        CommandId id = resultHeldBack();
        scene.database.up().discard(); // what was sent on them never arrives, and nobody ever says so
        agent.tellResults();
        unavailable(scene.requests.post(agent.id(), ""));
        scene.database.up().deliver();
        await().atMost(Duration.ofSeconds(20))
                .untilAsserted(() -> assertThat(scene.tap.resultsConfirmed()).contains(id));
    }

    @Test
    void while_it_is_gone_posts_are_told_so_and_nothing_is_kept_in_memory_only() {
        CommandId id = resultHeldBack();
        long before = stored();
        long connections = scene.tap.connections();
        scene.database.refuse();
        scene.database.cutAll();
        agent.tellResults();

        unavailable(scene.requests.post(agent.id(), ""));
        unavailable(scene.requests.post(agent.id(), ""));

        assertThat(scene.tap.resultsConfirmed()).doesNotContain(id);
        assertThat(stored()).isEqualTo(before);
        scene.database.admit();
        confirmedWithinTen(id);
        assertThat(stored()).as("what was refused stays refused").isEqualTo(before);
        assertThat(scene.tap.connections()).isEqualTo(connections);
    }

    @Test
    void read_only_it_takes_no_commands_and_goes_on_when_it_may_write() {
        CommandId id = resultHeldBack();
        long before = stored();
        execute("ALTER DATABASE %s SET default_transaction_read_only = on".formatted(scene.databaseName()));
        scene.terminateBackends();
        agent.tellResults();

        await().untilAsserted(() -> unavailable(scene.requests.post(agent.id(), "")));

        assertThat(scene.tap.resultsConfirmed()).doesNotContain(id);
        assertThat(stored()).isEqualTo(before);
        executeWritable("ALTER DATABASE %s RESET default_transaction_read_only".formatted(scene.databaseName()));
        scene.terminateBackends();
        confirmedWithinTen(id);
    }

    private void executeWritable(String sql) {
        try (Connection on = scene.truth().getConnection();
                Statement statement = on.createStatement()) {
            statement.execute("SET default_transaction_read_only = off");
            statement.execute(sql);
        } catch (SQLException e) {
            throw new AssertionError(sql, e);
        }
    }

    /** A trigger answers what a full disk answers: SQLSTATE 53100. Deletes and reads go on, as they would. */
    @Test
    void with_a_full_disk_writes_fail_loudly_reads_work_and_all_goes_on_when_there_is_room() {
        CommandId id = resultHeldBack();
        refuse("command_history", "true", "53100");
        agent.tellResults();

        unavailable(scene.requests.post(agent.id(), ""));
        assertThat(scene.requests.get(id).status()).isEqualTo(200);
        assertThat(scene.tap.resultsConfirmed()).doesNotContain(id);

        accept("command_history");
        confirmedWithinTen(id);
    }

    @Test
    void one_row_that_it_refuses_costs_only_itself() {
        refuse("command", "NEW.script = 'poison'", "22021");
        Trap together = scene.database.holdCommitOf("stored, asked for by"); // so that the others gather behind it
        List<CompletableFuture<Requests.Answer>> answers = IntStream.range(0, 24)
                .mapToObj(n -> CompletableFuture.supplyAsync(
                        () -> n == 12
                                ? scene.requests.call(
                                        "POST",
                                        "/api/v1/commands",
                                        "{\"agent_id\":\"%s\",\"script\":\"poison\"}".formatted(agent.id()))
                                : scene.requests.post(agent.id(), ""),
                        task -> Thread.ofVirtual().start(task)))
                .toList();
        together.await();
        together.release();
        List<Integer> statuses =
                answers.stream().map(answer -> answer.join().status()).toList();
        assertThat(statuses.get(12)).isGreaterThanOrEqualTo(500);
        List<Integer> others = new ArrayList<>(statuses);
        others.remove(12);
        assertThat(others).containsOnly(202);
        accept("command");
    }

    private void refuse(String table, String when, String sqlState) {
        execute("""
                CREATE FUNCTION refuse_%1$s() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                    IF %2$s THEN RAISE EXCEPTION 'refused' USING ERRCODE = '%3$s'; END IF;
                    RETURN NEW;
                END $$""".formatted(table, when, sqlState));
        execute("CREATE TRIGGER refuse BEFORE INSERT ON %1$s FOR EACH ROW EXECUTE FUNCTION refuse_%1$s()"
                .formatted(table));
    }

    private void accept(String table) {
        execute("DROP TRIGGER refuse ON " + table);
        execute("DROP FUNCTION refuse_%s()".formatted(table));
    }

    @Test
    void a_row_that_someone_else_holds_makes_only_its_own_command_wait() throws SQLException {
        CommandId locked = resultHeldBack();
        try (Connection someone = scene.truth().getConnection()) {
            someone.setAutoCommit(false);
            someone.createStatement().execute("SELECT 1 FROM command WHERE id = '%s' FOR UPDATE".formatted(locked));
            agent.tellResults();
            List<CommandId> others =
                    Stream.generate(() -> scene.post(agent)).limit(8).toList();
            await().untilAsserted(() ->
                    assertThat(others).allMatch(id -> scene.stateOf(id).equals("succeeded")));
            assertThat(scene.tap.resultsConfirmed()).doesNotContain(locked);
            someone.rollback();
        }
        confirmedWithinTen(locked);
    }

    /** A real one: each side holds what the other wants. The server's side waits first, and PostgreSQL ends who finds out first. */
    @Test
    void a_deadlock_costs_nothing_but_another_try() throws Exception {
        CommandId id = resultHeldBack();
        long before = deadlocks();
        try (Connection someone = scene.truth().getConnection()) {
            someone.setAutoCommit(false);
            Statement statement = someone.createStatement();
            statement.execute("SET LOCAL deadlock_timeout = '60s'");
            statement.execute("LOCK TABLE command_history IN EXCLUSIVE MODE");
            agent.tellResults();
            await().until(() -> scene.sql()
                            .sql(
                                    "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'command_history'::regclass")
                            .query(Long.class)
                            .single()
                    > 0);
            statement.execute("SELECT 1 FROM command WHERE id = '%s' FOR UPDATE".formatted(id));
            someone.rollback();
        }
        confirmedWithinTen(id);
        await().untilAsserted(() -> assertThat(deadlocks()).isGreaterThan(before));
    }

    private long deadlocks() {
        return scene.sql()
                .sql("SELECT deadlocks FROM pg_stat_database WHERE datname = :name")
                .param("name", scene.databaseName())
                .query(Long.class)
                .single();
    }

    @Test
    void what_could_not_be_serialized_is_tried_again_and_nobody_hears_of_it() {
        execute("CREATE SEQUENCE tries"); // a sequence remembers what was rolled back
        refuse("command_history", "nextval('tries') <= 3", "40001");
        CommandId id = scene.post(agent);
        await().untilAsserted(() -> assertThat(scene.stateOf(id)).isEqualTo("succeeded"));
        assertThat(scene.sql()
                        .sql("SELECT last_value FROM tries")
                        .query(Long.class)
                        .single())
                .isGreaterThan(3);
        accept("command_history");
        execute("DROP SEQUENCE tries");
    }

    @Test
    void cancels_and_results_in_opposite_order_leave_each_command_in_one_lawful_end() {
        agent.holdResults();
        List<CommandId> ids = Stream.generate(() -> scene.post(agent)).limit(16).toList();
        await().untilAsserted(
                        () -> assertThat(ids).allMatch(id -> scene.stateOf(id).equals("running")));
        List<CompletableFuture<Integer>> cancels = ids.reversed().stream()
                .map(id -> CompletableFuture.supplyAsync(
                        () -> scene.requests
                                .call("POST", "/api/v1/commands/" + id + "/cancel", "{}")
                                .status(),
                        task -> Thread.ofVirtual().start(task)))
                .toList();
        agent.tellResults();
        cancels.forEach(cancel -> assertThat(cancel.join()).isIn(200, 202, 409));
        await().untilAsserted(() ->
                assertThat(ids).allMatch(id -> List.of("succeeded", "cancelled").contains(scene.stateOf(id))));
    }

    @Test
    void connections_that_it_ends_all_the_time_double_no_insert() {
        List<CompletableFuture<Requests.Answer>> posts = new ArrayList<>();
        for (int round = 0; round < 12; round++) {
            for (int n = 0; n < 4; n++) {
                posts.add(CompletableFuture.supplyAsync(
                        () -> scene.requests.post(agent.id(), ""),
                        task -> Thread.ofVirtual().start(task)));
            }
            scene.terminateBackends();
        }
        posts.forEach(CompletableFuture::join);
        // which of them came through is for the keys to tell, after the test
    }

    @Test
    void a_slow_report_that_takes_all_connections_of_the_api_does_not_stop_what_agents_say() throws SQLException {
        CommandId id = resultHeldBack();
        DataSource pool = scene.server.bean(DataSource.class);
        List<Connection> taken = new ArrayList<>();
        try {
            for (int n = 0; n < 16; n++) {
                taken.add(pool.getConnection());
            }
            agent.tellResults();
            confirmedWithinTen(id);
        } finally {
            for (Connection one : taken) {
                one.close();
            }
        }
    }
}
