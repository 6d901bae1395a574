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

    private record Table(String name, Duration step, Duration retention) {}

    private final DataSource database;
    private final InstantSource clock;
    private final List<Table> tables;

    Partitions(DataSource database, InstantSource clock, TelemetryProperties settings) {
        this.database = database;
        this.clock = clock;
        this.tables = List.of(
                new Table("frame", Duration.ofHours(6), settings.retention()),
                new Table("heartbeat", Duration.ofHours(6), settings.retention()),
                new Table("frame_summary", Duration.ofDays(1), settings.summaryRetention()));
    }

    /** One statement at a time, so that no lock is held longer than one takes. */
    void maintainOnce() throws SQLException {
        Instant now = clock.instant();
        try (Connection connection = database.getConnection();
                Statement statement = connection.createStatement()) {
            for (Table table : tables) {
                List<String> existing = partitions(statement, table);
                for (int ahead = -1; ahead <= 2; ahead++) {
                    make(
                            statement,
                            table,
                            floor(now, table.step()).plus(table.step().multipliedBy(ahead)),
                            existing);
                }
                drop(statement, table, existing, now.minus(table.retention()));
            }
        }
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
        if (!existing.contains(name)) {
            statement.execute("CREATE TABLE IF NOT EXISTS %s PARTITION OF %s FOR VALUES FROM ('%s') TO ('%s')"
                    .formatted(name, table.name(), from, from.plus(table.step())));
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
