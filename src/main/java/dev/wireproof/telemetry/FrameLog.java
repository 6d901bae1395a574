package dev.wireproof.telemetry;

import dev.wireproof.id.CommandId;
import dev.wireproof.id.ConnectionId;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;

/**
 * Reads frames: rows, what is still on its way to becoming a row, the last 64 in memory of an open connection, and the frames that
 * it has enqueued and not finished. So a frame is seen as soon as it happened. Blocks on the database.
 */
public final class FrameLog {
    private static final Duration PATIENCE = Duration.ofMillis(750);
    private static final String COLUMNS = """
        SELECT connection_id, seq, at, direction, opcode, type, command_id, bytes, fence_seq, pong_of, enqueued_ns,
               write_started_ns, written_ns, received_ns, error, sha256
          FROM frame
        """;
    /**
     * Each chunk has a frame at least, so without a filter so many chunks are enough as frames are wanted, those aside that hold frames on
     * both sides of where to begin.
     */
    private static final String OF_CONNECTION = """
        WITH chunk AS (
            (SELECT first_seq, last_seq FROM frame_chunk
              WHERE connection_id = :connection AND first_seq <= :after AND last_seq > :after)
            UNION ALL
            (SELECT first_seq, last_seq FROM frame_chunk
              WHERE connection_id = :connection AND first_seq > :after
              ORDER BY first_seq
              LIMIT CASE WHEN :filtered::boolean THEN NULL ELSE :limit::bigint END))
        """ + COLUMNS + """
         WHERE connection_id = :connection
           AND (chunk_first_seq, chunk_last_seq) IN (SELECT first_seq, last_seq FROM chunk)
           AND chunk_until >= :since
           AND seq > :after
           AND (:direction::text IS NULL OR direction = :direction)
           AND (:opcode::text IS NULL OR opcode = :opcode)
           AND (:type::text IS NULL OR type = :type)
           AND (:command::uuid IS NULL OR command_id = :command)
           AND at >= :since
         ORDER BY seq
         LIMIT :limit
        """;

    private static final String OF_COMMAND = COLUMNS + """
         WHERE chunk_command_ids @> ARRAY[:command::uuid]
           AND command_id = :command
         ORDER BY at, connection_id, seq
         LIMIT :limit
        """;
    private static final String AROUND = COLUMNS + """
         WHERE connection_id = :connection
           AND chunk_at <= :to
           AND chunk_until >= :from
           AND at BETWEEN :from AND :to
         ORDER BY seq
         LIMIT :limit
        """;
    private static final String SHED_OF_CONNECTION =
            "SELECT coalesce(sum(shed), 0) FROM frame_summary WHERE connection_id = :connection";
    private static final OffsetDateTime BEGINNING = OffsetDateTime.of(2000, 1, 1, 0, 0, 0, 0, ZoneOffset.UTC);

    private final JdbcClient db;
    private final FrameRecorder recorder;

    FrameLog(JdbcClient db, FrameRecorder recorder) {
        this.db = db;
        this.recorder = recorder;
    }

    /**
     * Frames of one connection, in order.
     *
     * @param after the seq of the last frame already seen; 0 for the beginning
     */
    public List<SeenFrame> find(ConnectionId connection, FrameFilter filter, long after, int limit) {
        recorder.flushFrames(PATIENCE);
        List<SeenFrame> rows = db.sql(OF_CONNECTION)
                .param("connection", connection.value())
                .param("after", after)
                .param("filtered", !filter.equals(FrameFilter.ALL))
                .param(
                        "direction",
                        filter.direction() == null ? null : filter.direction().wireName())
                .param(
                        "opcode",
                        filter.opcode() == null ? null : filter.opcode().wireName())
                .param("type", filter.type())
                .param(
                        "command",
                        filter.commandId() == null ? null : filter.commandId().value())
                .param(
                        "since",
                        filter.since() == null ? BEGINNING : filter.since().atOffset(ZoneOffset.UTC))
                .param("limit", limit)
                .query(FrameLog::read)
                .list();
        return merged(connection, rows, seen -> seen.frame().seq() > after && filter.wants(seen), limit);
    }

    /** Frames that are about one command, on any connection, in the order of their wall time; those that still wait come last. */
    public List<SeenFrame> ofCommand(CommandId command, int limit) {
        List<SeenFrame> waiting = recorder.unfinishedOf(command);
        recorder.flushFrames(PATIENCE);
        List<SeenFrame> rows = db.sql(OF_COMMAND)
                .param("command", command.value())
                .param("limit", limit)
                .query(FrameLog::read)
                .list();
        Predicate<SeenFrame> finishedMeanwhile = frame -> rows.stream()
                .anyMatch(row -> row.connectionId().equals(frame.connectionId())
                        && row.frame().seq() == frame.frame().seq());
        return Stream.concat(rows.stream(), waiting.stream().filter(finishedMeanwhile.negate()))
                .limit(limit)
                .toList();
    }

    /** Frames of one connection in a span of time, in order. */
    public List<SeenFrame> between(ConnectionId connection, Instant from, Instant to, int limit) {
        recorder.flushFrames(PATIENCE);
        List<SeenFrame> rows = db.sql(AROUND)
                .param("connection", connection.value())
                .param("from", from.atOffset(ZoneOffset.UTC))
                .param("to", to.atOffset(ZoneOffset.UTC))
                .param("limit", limit)
                .query(FrameLog::read)
                .list();
        return merged(
                connection,
                rows,
                seen -> !seen.at().isBefore(from) && !seen.at().isAfter(to),
                limit);
    }

    /**
     * Frames of this connection that were to be rows and are not, because they came faster than the database took them: where it is
     * above zero, a frame that is not found proves nothing.
     */
    public long shed(ConnectionId connection) {
        return db.sql(SHED_OF_CONNECTION)
                .param("connection", connection.value())
                .query(Long.class)
                .single();
    }

    private List<SeenFrame> merged(
            ConnectionId connection, List<SeenFrame> rows, Predicate<SeenFrame> wanted, int limit) {
        @Nullable FrameTrace open = recorder.find(connection).orElse(null);
        if (open == null) {
            return rows;
        }
        Map<Long, SeenFrame> bySeq = new TreeMap<>();
        for (FrameRecord frame : open.unfinished()) {
            add(bySeq, new SeenFrame(connection, frame, open.at(frame)), wanted);
        }
        for (FrameRecord frame : open.recent()) {
            add(bySeq, new SeenFrame(connection, frame, open.at(frame)), wanted);
        }
        rows.forEach(row -> bySeq.put(row.frame().seq(), row));
        return bySeq.values().stream().limit(limit).toList();
    }

    private static void add(Map<Long, SeenFrame> bySeq, SeenFrame seen, Predicate<SeenFrame> wanted) {
        if (wanted.test(seen)) {
            bySeq.put(seen.frame().seq(), seen);
        }
    }

    private static SeenFrame read(ResultSet row, int number) throws SQLException {
        UUID command = row.getObject("command_id", UUID.class);
        byte[] sha256 = row.getBytes("sha256");
        FrameRecord frame = new FrameRecord(
                row.getLong("seq"),
                Direction.ofWireName(row.getString("direction")),
                Opcode.ofWireName(row.getString("opcode")),
                row.getString("type"),
                command == null ? null : new CommandId(command),
                row.getLong("bytes"),
                orNone(row, "fence_seq"),
                orNone(row, "pong_of"),
                orNone(row, "enqueued_ns"),
                orNone(row, "write_started_ns"),
                orNone(row, "written_ns"),
                orNone(row, "received_ns"),
                row.getString("error"),
                sha256 == null ? null : HexFormat.of().formatHex(sha256));
        return new SeenFrame(
                new ConnectionId(row.getObject("connection_id", UUID.class)),
                frame,
                row.getObject("at", OffsetDateTime.class).toInstant());
    }

    private static long orNone(ResultSet row, String column) throws SQLException {
        long value = row.getLong(column);
        return row.wasNull() ? FrameRecord.NONE : value;
    }
}
