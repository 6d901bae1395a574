package dev.wireproof.testkit;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.atomic.AtomicInteger;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.postgresql.ds.PGSimpleDataSource;
import org.springframework.jdbc.core.simple.JdbcClient;

/**
 * A real PostgreSQL for tests: one server for each JVM, migrated once, and a copy of that database for each caller. It commits to
 * disk like the product's (fsync and synchronous_commit on), so that a test meets the same waits.
 */
public final class TestDatabase {
    private static final String TEMPLATE = "wireproof_template";
    private static final AtomicInteger COPIES = new AtomicInteger();
    private static final EmbeddedPostgres SERVER = start();

    private TestDatabase() {}

    private static EmbeddedPostgres start() {
        try {
            EmbeddedPostgres server = EmbeddedPostgres.builder()
                    .setServerConfig("fsync", "on")
                    .setServerConfig("synchronous_commit", "on")
                    .setLocaleConfig("locale-provider", "builtin")
                    .setLocaleConfig("builtin-locale", "C.UTF-8")
                    .setLocaleConfig("locale", "C")
                    .start();
            execute(server.getPostgresDatabase(), "CREATE DATABASE " + TEMPLATE);
            Flyway.configure()
                    .dataSource(server.getDatabase("postgres", TEMPLATE))
                    .load()
                    .migrate();
            return server;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A new, migrated database; connections are not pooled. */
    public static DataSource fresh() {
        return SERVER.getDatabase("postgres", freshName());
    }

    /**
     * Its connections, kept as the product keeps them: a new one for each statement costs PostgreSQL a process each. To be closed before
     * the next test, for the server has only so many.
     */
    public static HikariDataSource kept(DataSource database) {
        HikariConfig few = new HikariConfig();
        few.setDataSource(database);
        few.setMinimumIdle(0);
        return new HikariDataSource(few);
    }

    /** The JDBC URL of a new, migrated database, user {@code postgres}, no password. */
    public static String freshUrl() {
        return SERVER.getJdbcUrl("postgres", freshName());
    }

    /** The database of such a URL; connections are not pooled. */
    public static DataSource at(String url) {
        PGSimpleDataSource database = new PGSimpleDataSource();
        database.setUrl(url);
        database.setUser("postgres");
        return database;
    }

    /** The JDBC URL of a new database without any table, to be migrated by the caller. */
    public static String emptyUrl() {
        String name = "wireproof_empty_" + COPIES.incrementAndGet();
        execute(SERVER.getPostgresDatabase(), "CREATE DATABASE " + name);
        return SERVER.getJdbcUrl("postgres", name);
    }

    /** The JDBC URL of a copy of a database that nobody is connected to: a backup, restored. */
    public static synchronized String copyOf(String url) {
        String name = "wireproof_copy_" + COPIES.incrementAndGet();
        String of = url.replaceAll("\\?.*", "").replaceAll(".*/", "");
        execute(SERVER.getPostgresDatabase(), "CREATE DATABASE " + name + " TEMPLATE " + of);
        return SERVER.getJdbcUrl("postgres", name);
    }

    /** How many sessions of that database wait for a lock of another. */
    public static int waitingForLocks(DataSource database) {
        return JdbcClient.create(database).sql("""
                        SELECT count(DISTINCT l.pid) FROM pg_locks l JOIN pg_stat_activity a USING (pid)
                         WHERE NOT l.granted AND a.datname = current_database()
                        """).query(Integer.class).single();
    }

    private static synchronized String freshName() {
        String name = "wireproof_" + COPIES.incrementAndGet();
        execute(SERVER.getPostgresDatabase(), "CREATE DATABASE " + name + " TEMPLATE " + TEMPLATE);
        return name;
    }

    private static void execute(DataSource on, String sql) {
        try (Connection connection = on.getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        } catch (SQLException e) {
            throw new IllegalStateException(sql, e);
        }
    }
}
