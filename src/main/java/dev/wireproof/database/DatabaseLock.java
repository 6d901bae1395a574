package dev.wireproof.database;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Properties;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One server for each database. Two of them would each believe its own registry of connections, and each offer what the other has already
 * offered. What holds it is an advisory lock of a session of its own, so PostgreSQL frees it when the process ends, however it ends.
 *
 * <p>Guarded by itself: {@link #keep} and {@link #close} come from different threads. The lock belongs to a session: behind a pooler that
 * hands out sessions for one transaction at a time it proves nothing.
 */
public final class DatabaseLock implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(DatabaseLock.class);

    /** Long enough for PostgreSQL to notice that a killed server is gone, short enough for whoever waits for the refusal. */
    private static final int WAIT_S = 10;

    /** A running server's end may wait for a look. */
    private static final int LOOK_S = 2;

    private static final String KEY = "1464421968, 1";
    private static final String HOLDER = """
        SELECT a.pid, a.application_name, coalesce(host(a.client_addr), 'a local socket'), a.backend_start
        FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
        WHERE l.locktype = 'advisory' AND l.granted AND l.classid = 1464421968 AND l.objid = 1 AND l.objsubid = 2
          AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
        """;

    /** How the lock stands after a look. */
    public enum Standing {
        HELD,
        /** The database could not be asked; without it nothing can be offered either. */
        UNKNOWN,
        /** Another server has it: this one must end. */
        TAKEN
    }

    private final String url;
    private final Properties login = new Properties();
    /** By this we know an older session of our own again, of which PostgreSQL has not yet noticed that its network is gone. */
    private final String name = "wireproof-lock " + UUID.randomUUID();

    private @Nullable Connection session;

    private DatabaseLock(String url, String user, String password) {
        this.url = url;
        login.setProperty("user", user);
        login.setProperty("password", password);
        login.setProperty("ApplicationName", name);
        answersWithin(3 * WAIT_S);
        login.setProperty("tcpKeepAlive", "true");
    }

    private void answersWithin(int seconds) {
        login.setProperty("connectTimeout", Integer.toString(Math.min(seconds, 5)));
        login.setProperty("socketTimeout", Integer.toString(seconds));
    }

    /**
     * Waits ten seconds at most for a server that is just ending.
     *
     * @throws CannotStart when another one works on this database
     * @throws SQLException when the database cannot be asked
     */
    public static DatabaseLock take(String url, String user, String password) throws SQLException {
        DatabaseLock lock = new DatabaseLock(url, user, password);
        try {
            lock.lock();
            lock.answersWithin(LOOK_S);
        } catch (SQLException e) {
            lock.close();
            throw e;
        } catch (CannotStart e) {
            lock.close();
            throw e;
        }
        return lock;
    }

    private synchronized void lock() throws SQLException {
        Connection opened = open();
        try (Statement statement = opened.createStatement()) {
            statement.execute("SET lock_timeout = '" + WAIT_S + "s'");
            try {
                statement.execute("SELECT pg_advisory_lock(" + KEY + ")");
            } catch (SQLException e) {
                if ("55P03".equals(e.getSQLState())) { // lock_not_available
                    throw new CannotStart(
                            "another server works on this database (%s); stop it, or set SPRING_DATASOURCE_URL to another database"
                                    .formatted(holder(statement)),
                            e);
                }
                throw e;
            }
        }
    }

    private Connection open() throws SQLException {
        Connection opened = DriverManager.getConnection(url, login);
        session = opened;
        try (Statement statement = opened.createStatement()) {
            // A machine that vanished without a word frees its database within half a minute.
            statement.execute(
                    "SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3");
        }
        return opened;
    }

    private static String holder(Statement statement) throws SQLException {
        try (ResultSet row = statement.executeQuery(HOLDER)) {
            return row.next()
                    ? "from %s, PostgreSQL session %d since %s"
                            .formatted(row.getString(3), row.getInt(1), row.getString(4))
                    : "which ended just now: start again";
        }
    }

    /** Looks whether the lock is still held, and takes it again after the database was away. Blocks for some seconds at most. */
    public synchronized Standing keep() {
        try {
            Connection held = session;
            if (held != null && held.isValid(LOOK_S)) {
                return Standing.HELD;
            }
            drop();
            return takeAgain();
        } catch (SQLException e) {
            drop();
            return Standing.UNKNOWN;
        }
    }

    private Standing takeAgain() throws SQLException {
        Connection opened = open();
        try (Statement statement = opened.createStatement()) {
            try (ResultSet row = statement.executeQuery("SELECT pg_try_advisory_lock(" + KEY + ")")) {
                row.next();
                if (row.getBoolean(1)) {
                    log.atInfo().log("database.lock_retaken");
                    return Standing.HELD;
                }
            }
            int ours = 0;
            try (ResultSet row = statement.executeQuery(HOLDER)) {
                if (row.next()) {
                    if (!name.equals(row.getString(2))) {
                        log.atError()
                                .addKeyValue("holder", row.getString(3))
                                .addKeyValue("session", row.getInt(1))
                                .log("database.taken_by_another_server");
                        drop();
                        return Standing.TAKEN;
                    }
                    ours = row.getInt(1);
                }
            }
            if (ours != 0) {
                statement.execute("SELECT pg_terminate_backend(" + ours + ")");
            }
        }
        drop(); // the next look takes it
        return Standing.UNKNOWN;
    }

    private void drop() {
        Connection old = session;
        session = null;
        if (old != null) {
            try {
                old.close();
            } catch (SQLException e) {
                log.atDebug().setCause(e).log("database.lock_session_close_failed");
            }
        }
    }

    /** Frees it. */
    @Override
    public synchronized void close() {
        drop();
    }
}
