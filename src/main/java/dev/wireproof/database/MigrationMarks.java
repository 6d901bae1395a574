package dev.wireproof.database;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashSet;
import java.util.Set;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.MigrationInfo;
import org.flywaydb.core.api.callback.Callback;
import org.flywaydb.core.api.callback.Context;
import org.flywaydb.core.api.callback.Event;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes sure that a migration counts as done exactly when it is. Flyway commits a migration and then, by another transaction, that it is done:
 * a server that is killed in between finds its tables made and tries to make them again, for ever. So each migration leaves a mark in its own
 * transaction, and what is marked and not in Flyway's history is put there before anything is migrated. Only the server that holds the
 * {@link DatabaseLock} may do this.
 */
public final class MigrationMarks implements Callback {
    private static final Logger log = LoggerFactory.getLogger(MigrationMarks.class);
    private static final String TABLE = "migration_mark";
    /** The columns are documented by Flyway and the same since its version 5. */
    private static final String INTO_HISTORY = """
        INSERT INTO flyway_schema_history (installed_rank, version, description, type, script, checksum, installed_by, execution_time,
                                           success)
        SELECT coalesce(max(installed_rank), 0) + 1, ?, ?, ?, ?, ?, current_user, 0, true FROM flyway_schema_history
        """;

    @Override
    public boolean supports(Event event, Context context) {
        return event == Event.AFTER_EACH_MIGRATE;
    }

    @Override
    public boolean canHandleInTransaction(Event event, Context context) {
        return true;
    }

    /** Called within the migration's own transaction. */
    @Override
    public void handle(Event event, Context context) {
        MigrationInfo done = context.getMigrationInfo();
        if (done == null || done.getVersion() == null) {
            return;
        }
        Connection on = context.getConnection();
        try (Statement table = on.createStatement();
                PreparedStatement mark =
                        on.prepareStatement("INSERT INTO " + TABLE + " (version) VALUES (?) ON CONFLICT DO NOTHING")) {
            table.execute("CREATE TABLE IF NOT EXISTS " + TABLE + " (version text PRIMARY KEY)");
            mark.setString(1, done.getVersion().getVersion());
            mark.executeUpdate();
        } catch (SQLException e) {
            throw new IllegalStateException("migration " + done.getVersion() + " could not be marked as done", e);
        }
    }

    @Override
    public String getCallbackName() {
        return "migration marks";
    }

    /**
     * Puts into Flyway's history what is done and not there. Before any migration; blocks.
     *
     * @param pending what Flyway takes for not done
     */
    public static void settle(Flyway flyway, MigrationInfo[] pending) {
        if (pending.length == 0) {
            return;
        }
        try (Connection on = flyway.getConfiguration().getDataSource().getConnection()) {
            Set<String> marked = marked(on);
            for (MigrationInfo one : pending) {
                if (one.getVersion() != null && marked.contains(one.getVersion().getVersion())) {
                    intoHistory(on, one);
                    log.atWarn().addKeyValue("version", one.getVersion()).log("database.migration_was_done");
                }
            }
        } catch (SQLException e) {
            throw new IllegalStateException("which migrations were done could not be read", e);
        }
    }

    private static Set<String> marked(Connection on) throws SQLException {
        Set<String> marked = new HashSet<>();
        try (Statement statement = on.createStatement()) {
            try (ResultSet there = statement.executeQuery("SELECT to_regclass('" + TABLE + "') IS NOT NULL")) {
                if (!there.next() || !there.getBoolean(1)) {
                    return marked;
                }
            }
            try (ResultSet rows = statement.executeQuery("SELECT version FROM " + TABLE)) {
                while (rows.next()) {
                    marked.add(rows.getString(1));
                }
            }
        }
        return marked;
    }

    private static void intoHistory(Connection on, MigrationInfo done) throws SQLException {
        try (PreparedStatement insert = on.prepareStatement(INTO_HISTORY)) {
            insert.setString(1, done.getVersion().getVersion());
            insert.setString(2, done.getDescription());
            insert.setString(3, done.getType().name());
            insert.setString(4, done.getScript());
            insert.setObject(5, done.getChecksum());
            insert.executeUpdate();
        }
    }
}
