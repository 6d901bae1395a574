package dev.wireproof.connection;

import dev.wireproof.background.Batcher;
import dev.wireproof.connection.Course.Ending;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * The rows of connections, written behind their back and in batches: nobody on the line ever waits for the database. A change is
 * written within a fraction of a second; {@link ConnectionQueries} asks memory first for what is still open.
 */
final class ConnectionRows implements AutoCloseable {
    private static final int QUEUED = 65_536;
    private static final int LARGEST_BATCH = 1_000;
    private static final Duration GATHER = Duration.ofMillis(100);

    private static final String OPENED = """
        INSERT INTO connection (id, agent_id, epoch, remote_address, proxied_for, opened_at, authenticated_at)
        VALUES (?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT DO NOTHING
        """;
    private static final String CLOSED = """
        UPDATE connection
           SET closed_at = ?, close_code = ?, close_reason = ?, last_pong_at = ?, last_text_written_at = ?,
               last_text_read_at = ?, counters = ?, ping_rtt_us = ?, frames_missing = ?
         WHERE id = ?
        """;
    private static final String LAST_SEEN = """
        UPDATE agent_line
           SET last_connection_id = ?,
               last_seen_at = greatest(last_seen_at, ?),
               last_ack_at = greatest(last_ack_at, ?),
               last_pong_at = greatest(last_pong_at, ?),
               last_echo_at = greatest(last_echo_at, ?)
         WHERE agent_id = ? AND epoch >= ?
        """;
    private static final String LEFT_OPEN = """
        UPDATE connection
           SET closed_at = greatest(?, opened_at), close_reason = 'server ended'
         WHERE closed_at IS NULL
        """;

    private sealed interface Change {
        record Opened(UUID id, Identity identity, Connection.Peer peer, Instant openedAt) implements Change {}

        record Closed(UUID id, Identity identity, Ending how, Snapshot last) implements Change {}
    }

    /** What is kept of a connection that ended; null where it never happened. */
    private record Snapshot(
            @Nullable Instant seenAt,
            @Nullable Instant ackAt,
            @Nullable Instant pongAt,
            @Nullable Instant echoAt,
            @Nullable Instant textWrittenAt,
            @Nullable Instant textReadAt,
            List<Long> counters,
            List<Long> rtts,
            long framesMissing) {}

    private final DataSource database;
    private final InstantSource clock;
    private final Batcher<Change> changes;

    ConnectionRows(DataSource database, InstantSource clock) {
        this.database = database;
        this.clock = clock;
        this.changes = Batcher.start("connection-rows", QUEUED, LARGEST_BATCH, GATHER, this::write);
    }

    void opened(Connection connection) {
        changes.offer(new Change.Opened(
                connection.connectionId().value(),
                connection.authenticated(),
                connection.peer(),
                connection.openedAt()));
    }

    /** May be called again when more is known. */
    void closed(Connection connection, Ending how) {
        Vitals vitals = connection.vitals();
        List<Long> counters =
                java.util.Arrays.stream(Count.values()).map(connection::count).toList();
        List<Long> rtts = java.util.Arrays.stream(connection.outbound().pingRtts())
                .boxed()
                .toList();
        changes.offer(new Change.Closed(
                connection.connectionId().value(),
                connection.authenticated(),
                how,
                new Snapshot(
                        connection.wallTime(vitals.lastInNs),
                        connection.wallTime(vitals.lastAckNs),
                        connection.wallTime(vitals.lastPongNs),
                        connection.wallTime(vitals.lastEchoNs),
                        connection.wallTime(vitals.lastTextWrittenNs),
                        connection.wallTime(vitals.lastTextReadNs),
                        counters,
                        rtts,
                        connection.trace().missing())));
    }

    /** Connections that a server left open when it was killed: they have ended, and when is not known any better than "by now". */
    int closeLeftOpen() {
        try (java.sql.Connection db = database.getConnection();
                PreparedStatement statement = db.prepareStatement(LEFT_OPEN)) {
            statement.setObject(1, clock.instant().atOffset(ZoneOffset.UTC));
            return statement.executeUpdate();
        } catch (SQLException e) {
            throw new IllegalStateException("the connections that were left open cannot be marked", e);
        }
    }

    boolean flush(Duration patience) {
        return changes.flush(patience);
    }

    @Override
    public void close() {
        changes.close();
    }

    private void write(List<Change> batch) throws SQLException {
        try (java.sql.Connection db = database.getConnection()) {
            db.setAutoCommit(false);
            try (PreparedStatement opened = db.prepareStatement(OPENED);
                    PreparedStatement closed = db.prepareStatement(CLOSED);
                    PreparedStatement seen = db.prepareStatement(LAST_SEEN)) {
                for (Change change : batch) {
                    switch (change) {
                        case Change.Opened fact -> add(opened, fact);
                        case Change.Closed fact -> add(db, closed, seen, fact);
                    }
                }
                opened.executeBatch(); // what was closed was opened before, in this batch or an earlier one
                closed.executeBatch();
                seen.executeBatch();
                db.commit();
            } catch (SQLException | RuntimeException e) {
                db.rollback();
                throw e;
            } finally {
                db.setAutoCommit(true);
            }
        }
    }

    private static void add(PreparedStatement opened, Change.Opened fact) throws SQLException {
        opened.setObject(1, fact.id());
        opened.setObject(2, fact.identity().agentId().value());
        opened.setLong(3, fact.identity().epoch());
        opened.setString(4, fact.peer().address());
        opened.setString(5, fact.peer().proxiedFor());
        time(opened, 6, fact.openedAt());
        time(opened, 7, fact.identity().authenticatedAt());
        opened.addBatch();
    }

    private static void add(
            java.sql.Connection db, PreparedStatement closed, PreparedStatement seen, Change.Closed fact)
            throws SQLException {
        Snapshot last = fact.last();
        time(closed, 1, fact.how().at());
        closed.setObject(2, fact.how().code(), Types.INTEGER);
        closed.setString(3, fact.how().reason());
        time(closed, 4, last.pongAt());
        time(closed, 5, last.textWrittenAt());
        time(closed, 6, last.textReadAt());
        closed.setArray(7, db.createArrayOf("bigint", last.counters().toArray()));
        closed.setArray(8, db.createArrayOf("bigint", last.rtts().toArray()));
        closed.setLong(9, last.framesMissing());
        closed.setObject(10, fact.id());
        closed.addBatch();

        seen.setObject(1, fact.id());
        time(seen, 2, last.seenAt());
        time(seen, 3, last.ackAt());
        time(seen, 4, last.pongAt());
        time(seen, 5, last.echoAt());
        seen.setObject(6, fact.identity().agentId().value());
        seen.setLong(7, fact.identity().epoch());
        seen.addBatch();
    }

    private static void time(PreparedStatement statement, int index, @Nullable Instant at) throws SQLException {
        if (at == null) {
            statement.setNull(index, Types.TIMESTAMP_WITH_TIMEZONE);
        } else {
            statement.setObject(index, Objects.requireNonNull(at).atOffset(ZoneOffset.UTC));
        }
    }
}
