package dev.wireproof.telemetry;

import dev.wireproof.id.AgentId;
import dev.wireproof.id.ConnectionId;
import java.sql.Array;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Reads what agents said of themselves. Blocks on the database. */
public final class HeartbeatLog {
    private static final Duration PATIENCE = Duration.ofMillis(750);
    private static final String OF_AGENT = """
        SELECT agent_id, connection_id, at, received_ns, seq, live, uptime_s, rx_text, rx_ping, rx_bytes, rx_parse_errors,
               rx_last_ping_seq, tx_text, tx_bytes, running_commands, queued_commands, last_error_sha256,
               last_error_message, last_error_at, metrics
          FROM heartbeat
         WHERE agent_id = :agent
           AND at BETWEEN :from AND :to
         ORDER BY at
         LIMIT :limit
        """;

    private final JdbcClient db;
    private final FrameRecorder recorder;

    HeartbeatLog(JdbcClient db, FrameRecorder recorder) {
        this.db = db;
        this.recorder = recorder;
    }

    /** Heartbeats of one agent in a span of time, oldest first, from all of its connections. */
    public List<HeartbeatRow> ofAgent(AgentId agent, Instant from, Instant to, int limit) {
        recorder.flushHeartbeats(PATIENCE);
        return db.sql(OF_AGENT)
                .param("agent", agent.value())
                .param("from", from.atOffset(ZoneOffset.UTC))
                .param("to", to.atOffset(ZoneOffset.UTC))
                .param("limit", limit)
                .query(HeartbeatLog::read)
                .list();
    }

    private static HeartbeatRow read(ResultSet row, int number) throws SQLException {
        OffsetDateTime errorAt = row.getObject("last_error_at", OffsetDateTime.class);
        return new HeartbeatRow(
                new AgentId(row.getObject("agent_id", UUID.class)),
                new ConnectionId(row.getObject("connection_id", UUID.class)),
                row.getObject("at", OffsetDateTime.class).toInstant(),
                row.getLong("received_ns"),
                row.getLong("seq"),
                row.getBoolean("live"),
                row.getLong("uptime_s"),
                row.getLong("rx_text"),
                row.getLong("rx_ping"),
                row.getLong("rx_bytes"),
                row.getLong("rx_parse_errors"),
                row.getLong("rx_last_ping_seq"),
                row.getLong("tx_text"),
                row.getLong("tx_bytes"),
                row.getInt("running_commands"),
                row.getInt("queued_commands"),
                errorAt == null
                        ? null
                        : new HeartbeatRow.LastError(
                                row.getString("last_error_sha256"),
                                row.getString("last_error_message"),
                                errorAt.toInstant()),
                metrics(row.getArray("metrics")));
    }

    private static List<Optional<Double>> metrics(Array stored) throws SQLException {
        if (stored == null) {
            return List.of();
        }
        return Arrays.stream((Double[]) stored.getArray())
                .map(Optional::ofNullable)
                .toList();
    }
}
