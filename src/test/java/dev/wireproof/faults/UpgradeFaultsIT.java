package dev.wireproof.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wireproof.testkit.TcpProxy;
import dev.wireproof.testkit.TestDatabase;
import dev.wireproof.testkit.Trap;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.jdbc.core.simple.JdbcClient;

/** The real server in a process of its own on a schema that an upgrade left half done, and on one that it does not know yet. */
class UpgradeFaultsIT {
    @TempDir
    Path home;

    /** Without any table: the server makes them all. */
    private final String direct = TestDatabase.emptyUrl();

    private JdbcClient sql() {
        return JdbcClient.create(TestDatabase.at(direct));
    }

    private List<String> applied() {
        return sql().sql(
                        "SELECT version || ' ' || success FROM flyway_schema_history WHERE version IS NOT NULL ORDER BY installed_rank")
                .query((row, _) -> row.getString(1))
                .list();
    }

    private boolean thereIs(String table) {
        return sql().sql("SELECT to_regclass(:table) IS NOT NULL")
                .param("table", table)
                .query(Boolean.class)
                .single();
    }

    private void killedAt(Function<TcpProxy, Trap> where, boolean done) throws InterruptedException {
        try (TcpProxy database = TcpProxy.toDatabase(direct);
                LabServer server = LabServer.start(home, database.jdbcUrl(direct), "postgres", "", Map.of())) {
            Trap point = where.apply(database);
            point.await();
            server.kill();
            database.cutAll();
            point.release();
            assertThat(applied()).as("what came before stands").isNotEmpty().doesNotHaveDuplicates();
            assertThat(thereIs("rollout")).isEqualTo(done);
            server.startAgain();
            assertThat(thereIs("rollout_target")).isTrue();
            assertThat(applied()).doesNotHaveDuplicates().allMatch(row -> row.endsWith(" true"));
        }
    }

    @Test
    void a_migration_that_is_killed_half_way_has_changed_nothing_and_the_next_start_does_it()
            throws InterruptedException {
        killedAt(database -> database.up().holdBefore("CREATE TABLE rollout_target"), false);
    }

    @Test
    void a_migration_whose_commit_nobody_heard_of_is_done_and_not_done_again() throws InterruptedException {
        killedAt(database -> database.holdCommitOf("CREATE TABLE rollout_target"), true);
    }

    @Test
    void a_server_on_the_schema_of_a_newer_one_refuses_to_start_and_names_both_versions() throws InterruptedException {
        String used = TestDatabase.freshUrl();
        JdbcClient history = JdbcClient.create(TestDatabase.at(used));
        String newest = history.sql("SELECT max(version) FROM flyway_schema_history")
                .query(String.class)
                .single();
        history.sql("""
                INSERT INTO flyway_schema_history (installed_rank, version, description, type, script, checksum, installed_by,
                                                   execution_time, success)
                VALUES (9999, '9999', 'from the future', 'SQL', 'V9999__from_the_future.sql', 1, 'postgres', 1, true)
                """).update();
        try (LabServer older = LabServer.start(home, used, "postgres", "", Map.of())) {
            assertThat(older.process().awaitExit()).isEqualTo(1);
            assertThat(older.process().output())
                    .filteredOn(line -> line.contains("cannot start"))
                    .singleElement()
                    .asString()
                    .contains("9999")
                    .contains(newest)
                    .contains("newer Wireproof");
        }
    }
}
