package dev.wireproof.telemetry;

import dev.wireproof.telemetry.FrameRecorder.FrameRow;
import java.nio.ByteBuffer;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import javax.sql.DataSource;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyIn;

/**
 * Writes evidence, many rows at once. It does not wait for the disk (synchronous_commit off, for these transactions only): a crash of
 * the database may cost the last half second of evidence, and nothing that anyone was promised.
 */
final class TelemetrySinks {
    private static final String COPY_FRAMES = """
        COPY frame (connection_id, seq, at, direction, opcode, type, command_id, bytes, fence_seq, pong_of, enqueued_ns,
                    write_started_ns, written_ns, received_ns, error, sha256) FROM STDIN WITH (FORMAT binary)
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
        BinaryCopy copy = new BinaryCopy(rows.size() * 200);
        for (FrameRow row : rows) {
            FrameRecord frame = row.frame();
            copy.row(16)
                    .uuid(row.connection())
                    .bigint(frame.seq())
                    .instant(row.atMicros())
                    .text(frame.direction().wireName())
                    .text(frame.opcode().wireName())
                    .text(frame.type())
                    .uuid(frame.commandId() == null ? null : frame.commandId().value())
                    .bigint(frame.bytes())
                    .bigintOrNone(frame.fenceSeq())
                    .bigintOrNone(frame.pongOf())
                    .bigintOrNone(frame.enqueuedNs())
                    .bigintOrNone(frame.writeStartedNs())
                    .bigintOrNone(frame.writtenNs())
                    .bigintOrNone(frame.receivedNs())
                    .text(frame.error())
                    .hex(frame.sha256());
        }
        copyIn(COPY_FRAMES, copy.finish());
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
