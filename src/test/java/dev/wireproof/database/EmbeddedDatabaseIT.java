package dev.wireproof.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
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
