package dev.wireproof;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import dev.wireproof.testkit.RunningServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.SingleConnectionDataSource;

/** Two servers on one database would each offer what the other has offered. */
class OneServerIT {
    private static final String HOLDER = """
        SELECT a.pid FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
        WHERE l.locktype = 'advisory' AND l.granted AND a.application_name LIKE 'wireproof-lock %'
          AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
        """;

    private RunningServer server;
    private Connection beside;
    private JdbcClient db;

    @BeforeEach
    void start() throws SQLException {
        server = RunningServer.start();
        beside = DriverManager.getConnection(server.databaseUrl(), "postgres", "");
        db = JdbcClient.create(new SingleConnectionDataSource(beside, true));
    }

    @AfterEach
    void stop() throws SQLException {
        beside.close();
        server.close();
    }

    private Optional<Integer> holder() {
        return db.sql(HOLDER).query(Integer.class).optional();
    }

    private void end(int session) {
        db.sql("SELECT pg_terminate_backend(?)").param(session).query().singleRow();
    }

    @Test
    void a_second_server_on_one_database_is_refused_in_one_line_and_the_first_goes_on() {
        Throwable refusal =
                catchThrowable(() -> RunningServer.startOn(server.databaseUrl()).close());

        assertThat(StartupProblem.describe(refusal))
                .hasValueSatisfying(line -> assertThat(line)
                        .contains("another server works on this database (from 127.0.0.1, PostgreSQL session "
                                + holder().orElseThrow())
                        .contains("SPRING_DATASOURCE_URL"));
        assertThat(server.admin().get("/api/v1/agents").status()).isEqualTo(200);
    }

    @Test
    void a_server_whose_session_the_database_ended_takes_the_lock_again_and_goes_on() {
        int before = holder().orElseThrow();

        end(before);

        await().until(() -> holder().filter(now -> now != before).isPresent());
        assertThat(server.admin().get("/api/v1/agents").status()).isEqualTo(200);
    }

    @Test
    void a_server_whose_database_another_one_took_meanwhile_ends() throws Exception {
        int port = server.port();
        try (Connection other = DriverManager.getConnection(server.databaseUrl(), "postgres", "")) {
            Thread taker = Thread.ofVirtual().start(() -> lock(other)); // the next in PostgreSQL's queue
            await().until(() -> db.sql("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
                            .query(Integer.class)
                            .single()
                    == 1);
            end(holder().orElseThrow());
            taker.join();

            await().until(() -> !listens(port));
        }
    }

    private static void lock(Connection on) {
        try (var statement = on.createStatement()) {
            statement.execute("SELECT pg_advisory_lock(1464421968, 1)");
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    private static boolean listens(int port) {
        try (Socket _ = new Socket(InetAddress.getLoopbackAddress(), port)) {
            return true;
        } catch (IOException e) {
            return false;
        }
    }
}
