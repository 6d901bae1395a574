package dev.wireproof.ops;

import dev.wireproof.background.LoopingPart;
import dev.wireproof.background.RepeatingTask;
import dev.wireproof.command.Certainty;
import dev.wireproof.command.CommandState;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What waits in the database, read every few seconds and not when someone scrapes: a scrape never waits for the database, and two scrapers
 * cost no more than one. A figure that could not be read again keeps its last value; how old it is can be seen and alerted on.
 */
final class BacklogGauges extends LoopingPart {
    private static final Logger log = LoggerFactory.getLogger(BacklogGauges.class);
    private static final Duration PAUSE = Duration.ofSeconds(5);
    private static final int GIVE_UP_AFTER_S = 4;

    /** Only open commands have a due_at, so this reads its partial index's rows and no others. */
    private static final String OPEN = """
        SELECT state, certainty, count(*) AS n,
               coalesce(extract(epoch FROM now() - min(created_at)), 0) AS oldest_s,
               coalesce(extract(epoch FROM now() - min(first_offered_at) FILTER (WHERE next_offer_at IS NOT NULL)), 0) AS oldest_offered_s,
               count(*) FILTER (WHERE due_at < now() - interval '1 second') AS overdue
          FROM command
         WHERE due_at IS NOT NULL
         GROUP BY state, certainty
        """;
    /** The predicate is that of the index command_unsettled. */
    private static final String UNSETTLED = """
        SELECT count(*)
          FROM command
         WHERE result_at IS NULL AND outcome IS NULL AND (certainty IN ('unknown', 'received') OR state IN ('acked', 'running'))
           AND certainty = 'unknown' AND due_at IS NULL
        """;

    /**
     * @param oldestUnackedS since the first offer of the oldest command that waits for its ack on a live connection
     * @param endedUnknown ended, and nothing tells what became of them
     */
    record Backlog(
            Map<String, Long> byStateAndCertainty,
            double oldestQueuedS,
            double oldestUnackedS,
            long overdue,
            long endedUnknown) {
        static final Backlog NOTHING = new Backlog(Map.of(), 0, 0, 0, 0);

        Backlog {
            byStateAndCertainty = Map.copyOf(byStateAndCertainty);
        }

        static String key(String state, String certainty) {
            return state + '/' + certainty;
        }
    }

    private final DataSource database;
    private final InstantSource clock;
    private volatile Backlog backlog = Backlog.NOTHING;
    private volatile double refreshedAtS;

    BacklogGauges(DataSource database, InstantSource clock, MeterRegistry meters) {
        this.database = database;
        this.clock = clock;
        for (CommandState state : CommandState.values()) {
            if (!state.ended()) {
                for (Certainty certainty : Certainty.values()) {
                    String key = Backlog.key(state.wireName(), certainty.wireName());
                    Gauge.builder(
                                    "wireproof.commands.open",
                                    this,
                                    b -> b.backlog.byStateAndCertainty().getOrDefault(key, 0L))
                            .tag("state", state.wireName())
                            .tag("certainty", certainty.wireName())
                            .register(meters);
                }
            }
        }
        gauge(meters, "wireproof.queue.oldest.age", "seconds", Backlog::oldestQueuedS);
        gauge(meters, "wireproof.oldest.unacked.age", "seconds", Backlog::oldestUnackedS);
        gauge(meters, "wireproof.reaper.backlog", null, Backlog::overdue);
        gauge(meters, "wireproof.commands.unknown", null, Backlog::endedUnknown);
        Gauge.builder("wireproof.backlog.refreshed.timestamp", () -> refreshedAtS)
                .baseUnit("seconds")
                .register(meters);
    }

    private void gauge(MeterRegistry meters, String name, @Nullable String unit, ToDoubleFunction<Backlog> value) {
        Gauge.builder(name, this, gauges -> value.applyAsDouble(gauges.backlog))
                .baseUnit(unit)
                .register(meters);
    }

    /** What the loop does. */
    void refreshOnce() {
        try (Connection connection = database.getConnection();
                Statement statement = connection.createStatement()) {
            statement.setQueryTimeout(GIVE_UP_AFTER_S);
            backlog = read(statement);
            refreshedAtS = clock.millis() / 1e3;
        } catch (SQLException e) {
            log.atDebug().setCause(e).log("ops.backlog_not_read"); // the database's own watch tells of it
        }
    }

    private static Backlog read(Statement statement) throws SQLException {
        Map<String, Long> counts = new HashMap<>();
        double oldestQueuedS = 0;
        double oldestUnackedS = 0;
        long overdue = 0;
        try (ResultSet rows = statement.executeQuery(OPEN)) {
            while (rows.next()) {
                String state = rows.getString("state");
                counts.put(Backlog.key(state, rows.getString("certainty")), rows.getLong("n"));
                overdue += rows.getLong("overdue");
                if (state.equals(CommandState.QUEUED.wireName())) {
                    oldestQueuedS = Math.max(oldestQueuedS, rows.getDouble("oldest_s"));
                } else if (state.equals(CommandState.OFFERED.wireName())) {
                    oldestUnackedS = Math.max(oldestUnackedS, rows.getDouble("oldest_offered_s"));
                }
            }
        }
        try (ResultSet rows = statement.executeQuery(UNSETTLED)) {
            rows.next();
            return new Backlog(counts, oldestQueuedS, oldestUnackedS, overdue, rows.getLong(1));
        }
    }

    @Override
    protected void begin() {
        refreshOnce();
    }

    @Override
    protected List<RepeatingTask> loops() {
        return List.of(RepeatingTask.start("backlog-gauges", PAUSE, Duration.ofSeconds(1), this::refreshOnce));
    }
}
