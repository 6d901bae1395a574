package dev.wireproof.telemetry;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import javax.sql.DataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes the partitions of evidence ahead of time, and drops those whose last row is past retention. */
final class Partitions {
    private static final Logger log = LoggerFactory.getLogger(Partitions.class);
    private static final DateTimeFormatter NAME =
            DateTimeFormatter.ofPattern("yyyyMMddHH").withZone(ZoneOffset.UTC);
    private static final String PARTITIONS_OF = """
        SELECT child.relname
          FROM pg_inherits
          JOIN pg_class child ON child.oid = inhrelid
         WHERE inhparent = '%s'::regclass
        """;

    private static final String CHECK_VIOLATION = "23514";

    /** The default partition has rows of that span, from a time when none was made ahead: they move. */
    private static final String TAKE_FROM_DEFAULT = """
        CREATE TABLE %1$s (LIKE %2$s INCLUDING DEFAULTS INCLUDING CONSTRAINTS)%5$s;
        WITH moved AS (DELETE FROM %2$s_default WHERE at >= '%3$s' AND at < '%4$s' RETURNING *)
        INSERT INTO %1$s SELECT * FROM moved;
        ALTER TABLE %2$s ATTACH PARTITION %1$s FOR VALUES FROM ('%3$s') TO ('%4$s')
        """;

    /**
     * Chunks stay in their row, up to a page: to compress them or to put their parts elsewhere costs more than to write them. Rows are never
     * changed and go with their partition, and each is found by an index, so there is nothing to vacuum, and statistics of a dozen arrays,
     * which cost much to gather, would be of no use.
     */
    private static final String STORED_AS_CHUNKS = " WITH (toast_tuple_target = 8160, autovacuum_enabled = off)";

    /** @param stored how its partitions are stored, as the end of a statement that makes one */
    private record Table(String name, Duration step, Duration retention, String stored) {}

    private final DataSource database;
    private final InstantSource clock;
    private final List<Table> tables;

    Partitions(DataSource database, InstantSource clock, TelemetryProperties settings) {
        this.database = database;
        this.clock = clock;
        this.tables = List.of(
                new Table("frame_chunk", Duration.ofHours(6), settings.retention(), STORED_AS_CHUNKS),
                new Table("heartbeat", Duration.ofHours(6), settings.retention(), ""),
                new Table("frame_summary", Duration.ofDays(1), settings.summaryRetention(), ""));
    }

    /**
     * Each table by itself and one statement at a time, so that no lock is held longer than one takes; none is waited for over two
     * seconds, because whoever waits for a table's lock stops all others that want the table.
     *
     * @throws SQLException the first fault, after all that could be done was done
     */
    void maintainOnce() throws SQLException {
        Instant now = clock.instant();
        SQLException fault = null;
        try (Connection connection = database.getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute("SET lock_timeout = '2s'");
            for (Table table : tables) {
                try {
                    maintain(statement, table, now);
                } catch (SQLException e) {
                    if (fault == null) {
                        fault = e;
                    } else {
                        fault.addSuppressed(e);
                    }
                }
            }
            statement.execute("RESET lock_timeout");
        }
        if (fault != null) {
            throw fault;
        }
    }

    private static void maintain(Statement statement, Table table, Instant now) throws SQLException {
        List<String> existing = partitions(statement, table);
        for (int ahead = -1; ahead <= 2; ahead++) {
            Instant from = floor(now, table.step()).plus(table.step().multipliedBy(ahead));
            make(statement, table, from, existing);
        }
        drop(statement, table, existing, now.minus(table.retention()));
    }

    private static List<String> partitions(Statement statement, Table table) throws SQLException {
        List<String> names = new ArrayList<>();
        try (ResultSet rows = statement.executeQuery(PARTITIONS_OF.formatted(table.name()))) {
            while (rows.next()) {
                names.add(rows.getString(1));
            }
        }
        return names;
    }

    private static Instant floor(Instant at, Duration step) {
        return Instant.ofEpochSecond(at.getEpochSecond() - Math.floorMod(at.getEpochSecond(), step.toSeconds()));
    }

    private static void make(Statement statement, Table table, Instant from, List<String> existing)
            throws SQLException {
        String name = table.name() + "_" + NAME.format(from);
        if (existing.contains(name)) {
            return;
        }
        Instant to = from.plus(table.step());
        try {
            statement.execute("CREATE TABLE IF NOT EXISTS %s PARTITION OF %s FOR VALUES FROM ('%s') TO ('%s')%s"
                    .formatted(name, table.name(), from, to, table.stored()));
        } catch (SQLException e) {
            if (!CHECK_VIOLATION.equals(e.getSQLState())) {
                throw e;
            }
            takeFromDefault(statement, TAKE_FROM_DEFAULT.formatted(name, table.name(), from, to, table.stored()));
            log.atInfo().addKeyValue("partition", name).log("telemetry.partition_made_of_default_rows");
        }
    }

    private static void takeFromDefault(Statement statement, String sql) throws SQLException {
        Connection connection = statement.getConnection();
        connection.setAutoCommit(false);
        try {
            statement.execute(sql);
            connection.commit();
        } catch (SQLException e) {
            connection.rollback();
            throw e;
        } finally {
            connection.setAutoCommit(true);
        }
    }

    private static void drop(Statement statement, Table table, List<String> existing, Instant before)
            throws SQLException {
        String prefix = table.name() + "_";
        String newestToGo = prefix + NAME.format(before.minus(table.step()));
        for (String name : existing) {
            boolean dated = name.length() == newestToGo.length() && Character.isDigit(name.charAt(prefix.length()));
            if (dated && name.compareTo(newestToGo) <= 0) {
                statement.execute("DROP TABLE " + name);
                log.atInfo().addKeyValue("partition", name).log("telemetry.partition_dropped");
            }
        }
        statement.execute("DELETE FROM %s_default WHERE at < '%s'".formatted(table.name(), before));
    }
}
