package dev.wireproof.telemetry;

import dev.wireproof.id.CommandId;
import dev.wireproof.id.ConnectionId;
import dev.wireproof.telemetry.FrameRecorder.FrameRow;
import java.nio.ByteBuffer;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.LongSummaryStatistics;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyIn;

/**
 * Writes evidence, many rows at once. It does not wait for the disk (synchronous_commit off, for these transactions only): a crash of
 * the database may cost the last half second of evidence, and nothing that anyone was promised.
 */
final class TelemetrySinks {
    private static final int MOST_IN_CHUNK = 256;
    private static final String COPY_FRAMES = """
        COPY frame_chunk (connection_id, first_seq, last_seq, at, until, origin, command_ids, seqs, kinds, commands, bytes,
                          fence_seqs, pongs_of, enqueued_ns, write_started_ns, written_ns, received_ns, errors, sha256s)
        FROM STDIN WITH (FORMAT binary)
        """;
    private static final String COPY_HEARTBEATS = """
        COPY heartbeat (agent_id, connection_id, at, received_ns, seq, live, uptime_s, rx_text, rx_ping, rx_bytes,
                        rx_parse_errors, rx_last_ping_seq, tx_text, tx_bytes, running_commands, queued_commands,
                        last_error_sha256, last_error_message, last_error_at, metrics) FROM STDIN WITH (FORMAT binary)
        """;
    private static final String COPY_SUMMARIES = """
        COPY frame_summary (connection_id, at, pings, pongs, echoes, heartbeats, shed) FROM STDIN WITH (FORMAT binary)
        """;

    private final DataSource database;

    TelemetrySinks(DataSource database) {
        this.database = database;
    }

    void writeFrames(List<FrameRow> rows) throws SQLException {
        Map<ConnectionId, List<FrameRow>> byConnection = new LinkedHashMap<>();
        rows.forEach(row -> byConnection
                .computeIfAbsent(row.connection(), _ -> new ArrayList<>())
                .add(row));
        BinaryCopy copy = new BinaryCopy(rows.size() * 250);
        byConnection.forEach((connection, frames) -> {
            for (int from = 0; from < frames.size(); from += MOST_IN_CHUNK) {
                chunk(copy, connection, frames.subList(from, Math.min(from + MOST_IN_CHUNK, frames.size())));
            }
        });
        copyIn(COPY_FRAMES, copy.finish());
    }

    private static void chunk(BinaryCopy copy, ConnectionId connection, List<FrameRow> frames) {
        LongSummaryStatistics seqs = new LongSummaryStatistics();
        LongSummaryStatistics ats = new LongSummaryStatistics();
        Set<CommandId> commands = new LinkedHashSet<>();
        for (FrameRow row : frames) {
            seqs.accept(row.frame().seq());
            ats.accept(row.atMicros());
            CommandId command = row.frame().commandId();
            if (command != null) {
                commands.add(command);
            }
        }
        copy.row(19)
                .uuid(connection)
                .bigint(seqs.getMin())
                .bigint(seqs.getMax())
                .instant(ats.getMin())
                .instant(ats.getMax())
                .instant(origin(frames.getFirst()))
                .arrayOfSome(BinaryCopy.UUID, List.copyOf(commands), (id, to) -> to.uuid(id.value()));
        numbers(copy, frames, FrameRecord::seq);
        texts(copy, frames, TelemetrySinks::kind);
        copy.arrayOfSome(BinaryCopy.UUID, frames, (row, to) -> {
            CommandId command = row.frame().commandId();
            to.uuid(command == null ? null : command.value());
        });
        numbers(copy, frames, FrameRecord::bytes);
        numbers(copy, frames, FrameRecord::fenceSeq);
        numbers(copy, frames, FrameRecord::pongOf);
        numbers(copy, frames, FrameRecord::enqueuedNs);
        numbers(copy, frames, FrameRecord::writeStartedNs);
        numbers(copy, frames, FrameRecord::writtenNs);
        numbers(copy, frames, FrameRecord::receivedNs);
        texts(copy, frames, FrameRecord::error);
        copy.arrayOfSome(
                BinaryCopy.BYTEA, frames, (row, to) -> to.hex(row.frame().sha256()));
    }

    /** When its connection's time scale was 0, µs: each frame's wall time is found again from it. */
    private static long origin(FrameRow row) {
        return row.atMicros() - row.frame().atNs() / 1_000;
    }

    /** Three columns in one, because each element costs. */
    private static String kind(FrameRecord frame) {
        String kind = (frame.direction() == Direction.IN ? "i" : "o")
                + switch (frame.opcode()) {
                    case TEXT -> "t";
                    case BINARY -> "b";
                    case PING -> "p";
                    case PONG -> "q";
                    case CLOSE -> "c";
                };
        return frame.type() == null ? kind : kind + ":" + frame.type();
    }

    private static void numbers(BinaryCopy copy, List<FrameRow> frames, ToLongFunction<FrameRecord> number) {
        copy.arrayOfSome(BinaryCopy.INT8, frames, (row, to) -> to.bigintOrNone(number.applyAsLong(row.frame())));
    }

    private static void texts(BinaryCopy copy, List<FrameRow> frames, Function<FrameRecord, @Nullable String> text) {
        copy.arrayOfSome(BinaryCopy.TEXT, frames, (row, to) -> to.text(text.apply(row.frame())));
    }

    void writeHeartbeats(List<HeartbeatRow> rows) throws SQLException {
        BinaryCopy copy = new BinaryCopy(rows.size() * 300);
        for (HeartbeatRow row : rows) {
            HeartbeatRow.LastError error = row.lastError();
            copy.row(20)
                    .uuid(row.agentId().value())
                    .uuid(row.connectionId())
                    .instant(row.at())
                    .bigint(row.receivedNs())
                    .bigint(row.seq())
                    .bool(row.live())
                    .bigint(row.uptimeS())
                    .bigint(row.rxText())
                    .bigint(row.rxPing())
                    .bigint(row.rxBytes())
                    .bigint(row.rxParseErrors())
                    .bigint(row.rxLastPingSeq())
                    .bigint(row.txText())
                    .bigint(row.txBytes())
                    .integer(row.runningCommands())
                    .integer(row.queuedCommands())
                    .text(error == null ? null : error.sha256())
                    .text(error == null ? null : error.message())
                    .instant(error == null ? null : error.at())
                    .doubles(row.metrics());
        }
        copyIn(COPY_HEARTBEATS, copy.finish());
    }

    void writeSummaries(List<FrameSummary> rows) throws SQLException {
        BinaryCopy copy = new BinaryCopy(rows.size() * 80);
        for (FrameSummary row : rows) {
            copy.row(7)
                    .uuid(row.connectionId())
                    .instant(row.atMicros())
                    .integer(row.pings())
                    .integer(row.pongs())
                    .integer(row.echoes())
                    .integer(row.heartbeats())
                    .integer(row.shed());
        }
        copyIn(COPY_SUMMARIES, copy.finish());
    }

    private void copyIn(String sql, ByteBuffer rows) throws SQLException {
        try (Connection connection = database.getConnection()) {
            connection.setAutoCommit(false);
            try {
                try (Statement statement = connection.createStatement()) {
                    statement.execute("SET LOCAL synchronous_commit = off");
                }
                CopyIn copy = connection.unwrap(PGConnection.class).getCopyAPI().copyIn(sql);
                try {
                    copy.writeToCopy(rows.array(), 0, rows.limit());
                    copy.endCopy();
                } finally {
                    if (copy.isActive()) {
                        copy.cancelCopy();
                    }
                }
                connection.commit();
            } catch (SQLException | RuntimeException e) {
                connection.rollback();
                throw e;
            } finally {
                connection.setAutoCommit(true);
            }
        }
    }
}
