package dev.wireproof.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.DriverManagerDataSource;

class EmbeddedDatabaseIT {
    @TempDir
    Path home;

    @Test
    void what_was_stored_is_there_at_the_next_start_and_asks_for_its_password() throws SQLException {
        try (EmbeddedDatabase database = EmbeddedDatabase.start(home)) {
            execute(database, "CREATE TABLE kept (id int)");
            assertThatThrownBy(() -> DriverManager.getConnection(database.jdbcUrl(), database.user(), "guess"))
                    .isInstanceOf(SQLException.class)
                    .hasMessageContaining("password");
        }
        try (EmbeddedDatabase database = EmbeddedDatabase.start(home)) {
            execute(database, "SELECT * FROM kept");
        }
    }

    @Test
    void nobody_gets_in_without_the_password_during_the_first_start_either() throws Exception {
        AtomicBoolean started = new AtomicBoolean();
        AtomicInteger refused = new AtomicInteger();
        CompletableFuture<Boolean> gotIn = CompletableFuture.supplyAsync(() -> {
            while (!started.get()) {
                if (letsIn(home.resolve("postgres/postmaster.pid"), refused)) {
                    return true;
                }
                Thread.onSpinWait();
            }
            return false;
        });
        try (EmbeddedDatabase database = EmbeddedDatabase.start(home)) {
            await().until(() -> refused.get() > 0 || gotIn.isDone());
            started.set(true);
            assertThat(gotIn.get()).isFalse();
            execute(database, "SELECT 1");
        }
        assertThat(Files.getPosixFilePermissions(home.resolve("postgres.password")))
                .containsExactlyInAnyOrder(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE);
    }

    private static boolean letsIn(Path lock, AtomicInteger refused) {
        try {
            String url =
                    "jdbc:postgresql://127.0.0.1:" + Files.readAllLines(lock).get(3) + "/postgres";
            DriverManager.getConnection(url, "postgres", "").close();
            return true;
        } catch (SQLException e) {
            refused.addAndGet(
                    "28P01".equals(e.getSQLState())
                                    || String.valueOf(e.getMessage()).contains("password")
                            ? 1
                            : 0);
            return false;
        } catch (IOException | RuntimeException e) {
            return false; // it does not listen yet
        }
    }

    @Test
    void commits_reach_the_disk() {
        try (EmbeddedDatabase database = EmbeddedDatabase.start(home)) {
            JdbcClient db = JdbcClient.create(
                    new DriverManagerDataSource(database.jdbcUrl(), database.user(), database.password()));
            assertThat(DurabilityCheck.weaknesses(db)).isEmpty();
            db.sql("ALTER ROLE postgres SET synchronous_commit = off").update();
            assertThat(DurabilityCheck.weaknesses(db))
                    .singleElement()
                    .asString()
                    .contains("synchronous_commit=off");
        }
    }

    @Test
    void a_lock_file_of_a_process_that_is_gone_or_is_another_program_does_not_stop_a_start() throws IOException {
        EmbeddedDatabase.start(home).close();
        Path lock = home.resolve("postgres/postmaster.pid");
        long someOtherProgram = ProcessHandle.current().pid();
        Files.writeString(lock, someOtherProgram + "\n" + home.resolve("postgres") + "\n1\n5432\n\n127.0.0.1\n");
        EmbeddedDatabase.start(home).close();
        assertThat(lock).doesNotExist();
    }

    @Test
    void a_home_is_locked_by_one_server_only() throws IOException {
        try (HomeLock held = HomeLock.take(home)) {
            assertThatThrownBy(() -> HomeLock.take(home))
                    .isInstanceOf(CannotStart.class)
                    .hasMessageContaining("in use by another running server");
        }
        HomeLock.take(home).close();
    }

    private static void execute(EmbeddedDatabase database, String sql) throws SQLException {
        try (Connection connection =
                        DriverManager.getConnection(database.jdbcUrl(), database.user(), database.password());
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}
