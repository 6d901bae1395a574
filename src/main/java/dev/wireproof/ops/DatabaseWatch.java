package dev.wireproof.ops;

import dev.wireproof.background.LoopingPart;
import dev.wireproof.background.RepeatingTask;
import dev.wireproof.background.SqlFaults;
import dev.wireproof.database.DurabilityCheck;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.function.LongSupplier;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.SingleConnectionDataSource;

/**
 * Looks once a second whether the database answers, so that nobody who asks for the server's health waits for the database. What was seen
 * counts for a few seconds: a look that hangs is an answer too.
 */
final class DatabaseWatch extends LoopingPart {
    private static final Logger log = LoggerFactory.getLogger(DatabaseWatch.class);
    static final Duration PAUSE = Duration.ofSeconds(1);
    /** A look waits at most 3 s for a free connection and 2 s for its answer; what is older than both says that the look hangs. */
    static final Duration STALE = Duration.ofSeconds(7);

    private static final int ANSWER_WITHIN_S = 2;

    /**
     * @param fault why it cannot be used; null when it can
     * @param tookNs how long it took to get a connection and an answer
     * @param weaknesses settings by which a commit may be lost; null until they were read once
     */
    record Seen(
            @Nullable String fault,
            long atNs,
            long tookNs,
            @Nullable List<String> weaknesses) {}

    private final DataSource database;
    private final LongSupplier nanos;
    private volatile @Nullable Seen seen;

    /** Before anyone can ask, and until nobody can any more. */
    DatabaseWatch(DataSource database, LongSupplier nanos) {
        super(DEFAULT_PHASE - 5_000);
        this.database = database;
        this.nanos = nanos;
    }

    /** What the loop does. */
    void lookOnce() {
        long start = nanos.getAsLong();
        Seen before = seen;
        @Nullable List<String> weaknesses = before == null ? null : before.weaknesses();
        @Nullable String fault = null;
        try (Connection connection = database.getConnection()) {
            if (!connection.isValid(ANSWER_WITHIN_S)) {
                fault = "the database did not answer within " + ANSWER_WITHIN_S + " s";
            } else { // each time: an operator may turn them off while the server runs
                weaknesses = readWeaknesses(connection);
            }
        } catch (SQLException e) {
            fault = told(e);
        }
        boolean cameBack = before != null && before.fault() != null;
        long end = nanos.getAsLong();
        seen = new Seen(fault, end, end - start, weaknesses);
        if (fault != null && (before == null || before.fault() == null)) {
            log.atWarn().addKeyValue("reason", fault).log("database.away");
        } else if (fault == null && cameBack) {
            log.atInfo().log("database.back");
        }
    }

    /** On the connection that was just looked at: a second one would be taken from those who work. */
    private static @Nullable List<String> readWeaknesses(Connection on) {
        try {
            return DurabilityCheck.weaknesses(JdbcClient.create(new SingleConnectionDataSource(on, true)));
        } catch (RuntimeException e) {
            log.atDebug().setCause(e).log("database.durability_unknown");
            return null;
        }
    }

    /** No host, user or statement: health is shown to whoever asks. */
    private static String told(SQLException fault) {
        String state = SqlFaults.sqlState(fault);
        return "no connection to the database within 3 s" + (state == null ? "" : " (SQLState " + state + ")");
    }

    /** @return why the database cannot be used now; null when it can */
    @Nullable
    String fault() {
        Seen last = seen;
        if (last == null) {
            return "the database was not looked at yet";
        }
        long ageNs = nanos.getAsLong() - last.atNs();
        return ageNs > STALE.toNanos()
                ? "the database has given no answer for "
                        + Duration.ofNanos(ageNs).toSeconds() + " s"
                : last.fault();
    }

    /** @return settings by which a commit may be lost; null when they could not be read yet */
    @Nullable
    List<String> weaknesses() {
        Seen last = seen;
        return last == null ? null : last.weaknesses();
    }

    /** Of the last look; 0 before the first. */
    double tookSeconds() {
        Seen last = seen;
        return last == null ? 0 : last.tookNs() / 1e9;
    }

    @Override
    protected void begin() {
        lookOnce();
    }

    @Override
    protected List<RepeatingTask> loops() {
        return List.of(RepeatingTask.start("database-watch", PAUSE, Duration.ofSeconds(1), this::lookOnce));
    }
}
