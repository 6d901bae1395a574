package dev.wireproof.database;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HexFormat;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A PostgreSQL from the class path, run as a real server on a kept data directory ({@code WIREPROOF_HOME/postgres}). It listens on the loopback
 * address only and asks for a password that only this account can read.
 *
 * <p>The library behind it is meant for tests and turns durability off; here it is turned on again, and the server checks at each
 * start that it is ({@link DurabilityCheck}).
 */
public final class EmbeddedDatabase implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(EmbeddedDatabase.class);
    private static final String MAJOR_VERSION = "18";
    private static final String USER = "postgres";
    private static final String NAME = "wireproof";
    /** Of postmaster.pid, from 0. */
    private static final int PORT_LINE = 3;

    private static final String ACCESS_RULES = """
        # Written by Wireproof: the password is in the file postgres.password beside this directory.
        host all all 127.0.0.1/32 scram-sha-256
        host all all ::1/128 scram-sha-256
        local all all scram-sha-256
        """;

    private final EmbeddedPostgres server;
    private final String password;

    private EmbeddedDatabase(EmbeddedPostgres server, String password) {
        this.server = server;
        this.password = password;
    }

    /**
     * Starts it, after ending one that a killed server left behind. Blocks until it takes connections.
     *
     * @throws CannotStart with what to do, when the data is of another version, the disk is full, or it does not start
     */
    public static EmbeddedDatabase start(Path home) {
        Path data = home.toAbsolutePath().normalize().resolve("postgres");
        try {
            Files.createDirectories(data);
            refuseOtherVersion(data);
            LeftoverPostmaster.clear(data);
            Path secret = home.toAbsolutePath().normalize().resolve("postgres.password");
            String password = keptPassword(secret);
            EmbeddedDatabase database = new EmbeddedDatabase(startServer(data, password, secret), password);
            try {
                database.requirePassword(data);
                database.createIfMissing();
            } catch (SQLException | IOException e) {
                database.close();
                throw e;
            }
            return database;
        } catch (IOException | SQLException | IllegalStateException e) {
            throw new CannotStart(
                    "the embedded PostgreSQL in %s did not start: %s; its log is in %s"
                            .formatted(data, reason(e, data), data.resolve("log")),
                    e);
        }
    }

    /** How to reach a database that another process runs. */
    public record Access(String jdbcUrl, String user, String password) {
        /** Secrets do not belong in logs. */
        @Override
        public String toString() {
            return "Access[jdbcUrl=" + jdbcUrl + ", user=" + user + "]";
        }
    }

    /**
     * The one that a running server keeps in this home.
     *
     * @throws IOException when none runs there, or this account may not read its files
     */
    public static Access running(Path home) throws IOException {
        Path data = home.toAbsolutePath().normalize().resolve("postgres");
        Path pid = data.resolve("postmaster.pid");
        if (!Files.exists(pid)) {
            throw new IOException("no PostgreSQL runs in " + data + "; start the server, or set SPRING_DATASOURCE_URL");
        }
        String port = Files.readAllLines(pid).get(PORT_LINE).strip();
        return new Access(
                "jdbc:postgresql://127.0.0.1:" + port + "/" + NAME,
                USER,
                Files.readString(data.resolveSibling("postgres.password")).strip());
    }

    public String jdbcUrl() {
        return server.getJdbcUrl(USER, NAME).replaceAll("\\?.*$", "");
    }

    public String user() {
        return USER;
    }

    public String password() {
        return password;
    }

    private static EmbeddedPostgres startServer(Path data, String password, Path secret) throws IOException {
        return EmbeddedPostgres.builder()
                .setDataDirectory(data)
                .setCleanDataDirectory(false)
                .setRegisterShutdownHook(false)
                .setConnectConfig("password", password)
                .setLocaleConfig("locale-provider", "builtin")
                .setLocaleConfig("builtin-locale", "C.UTF-8")
                .setLocaleConfig("locale", "C")
                // Options of initdb as well, behind the library's own `-A trust`: not even in its first second does it
                // let in who
                // does not know the password.
                .setLocaleConfig("auth", "scram-sha-256")
                .setLocaleConfig("pwfile", secret.toString())
                .setServerConfig("fsync", "on")
                .setServerConfig("full_page_writes", "on")
                .setServerConfig("synchronous_commit", "on")
                .setServerConfig("listen_addresses", "127.0.0.1")
                .setServerConfig("unix_socket_directories", "")
                .setServerConfig("max_connections", "100")
                // A checkpoint each 1 GB of the log, as is the default, writes most pages whole once more.
                .setServerConfig("max_wal_size", "3GB")
                // To a file of its own: a pipe to this process would break when the process is killed.
                .setServerConfig("logging_collector", "on")
                .setServerConfig("log_directory", "log")
                .setServerConfig("log_filename", "postgresql-%a.log")
                .setServerConfig("log_truncate_on_rotation", "on")
                .setServerConfig("log_rotation_age", "1d")
                .start();
    }

    private static void refuseOtherVersion(Path data) throws IOException {
        Path version = data.resolve("PG_VERSION");
        if (Files.exists(version)) {
            String found = Files.readString(version).strip();
            if (!found.equals(MAJOR_VERSION)) {
                throw new CannotStart(
                        "%s holds data of PostgreSQL %s, this server carries %s; dump and restore it, or set another WIREPROOF_HOME"
                                .formatted(data, found, MAJOR_VERSION));
            }
        }
    }

    private static String keptPassword(Path file) throws IOException {
        if (!Files.exists(file)) {
            byte[] secret = new byte[32];
            new SecureRandom().nextBytes(secret);
            PrivateFile.create(file, HexFormat.of().formatHex(secret));
        }
        return Files.readString(file).strip();
    }

    /** For data that an earlier version made without; done again when a crash came between the two steps. */
    private void requirePassword(Path data) throws IOException, SQLException {
        Path rules = data.resolve("pg_hba.conf");
        if (Files.readString(rules).equals(ACCESS_RULES)) {
            return;
        }
        // Hexadecimal, so quoting it is safe.
        execute("ALTER USER " + USER + " PASSWORD '" + password + "'");
        Files.writeString(rules, ACCESS_RULES);
        execute("SELECT pg_reload_conf()");
    }

    private void createIfMissing() throws SQLException {
        try (Connection connection = server.getPostgresDatabase().getConnection();
                Statement statement = connection.createStatement();
                ResultSet found = statement.executeQuery("SELECT 1 FROM pg_database WHERE datname = '" + NAME + "'")) {
            if (found.next()) {
                return;
            }
        }
        execute("CREATE DATABASE " + NAME);
    }

    private void execute(String sql) throws SQLException {
        try (Connection connection = server.getPostgresDatabase().getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private static String reason(Exception e, Path data) throws CannotStart {
        try {
            if (Files.getFileStore(data).getUsableSpace() < 64L * 1024 * 1024) {
                return "the disk is full (%d MiB left)"
                        .formatted(Files.getFileStore(data).getUsableSpace() / (1024 * 1024));
            }
        } catch (IOException ignored) {
            // the first error tells more
        }
        return String.valueOf(e.getMessage());
    }

    @Override
    public void close() {
        try {
            server.close();
            log.atInfo().log("database.stopped");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
