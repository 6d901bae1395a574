package dev.wireproof.connection;

import dev.wireproof.id.AgentId;
import java.sql.Array;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;

/**
 * How agents are on the line, for those who look and those who decide: memory for what is open, rows for what was. Blocks on the
 * database, but for {@link #statuses} and {@link #trace}.
 */
public final class AgentLines {
    /** The newest connection of each agent tells when it went; a server that was killed could not write more of it. */
    private static final String OF_AGENTS = """
        SELECT l.agent_id, l.conflicted_since, l.conflict_addresses,
               greatest(l.last_seen_at, c.authenticated_at, c.last_pong_at, c.last_text_read_at) AS last_seen_at,
               l.last_ack_at, greatest(l.last_pong_at, c.last_pong_at) AS last_pong_at, l.last_echo_at,
               c.closed_at, c.close_code, c.close_reason
          FROM agent_line l
          LEFT JOIN LATERAL (
               SELECT authenticated_at, last_pong_at, last_text_read_at, closed_at, close_code, close_reason
                 FROM connection
                WHERE agent_id = l.agent_id
                ORDER BY epoch DESC
                LIMIT 1) c ON true
         WHERE l.agent_id = ANY (:agents::uuid[])
        """;

    private static final String CONFLICTED = "SELECT agent_id FROM agent_line WHERE conflicted_since IS NOT NULL";

    private final JdbcClient db;
    private final EpochStore epochs;
    private final Switchboard board;

    AgentLines(JdbcClient db, EpochStore epochs, Switchboard board) {
        this.db = db;
        this.epochs = epochs;
        this.board = board;
    }

    /** What rows tell of an agent. */
    private record Stored(
            AgentLine.@Nullable Conflict conflict,
            @Nullable Instant seenAt,
            @Nullable Instant ackAt,
            @Nullable Instant pongAt,
            @Nullable Instant echoAt,
            @Nullable Instant closedAt,
            @Nullable Integer closeCode,
            @Nullable String closeReason) {
        static final Stored NOTHING = new Stored(null, null, null, null, null, null, null, null);
    }

    /** One for each that was asked for, in that order. */
    public Map<AgentId, AgentLine> of(Collection<AgentId> agents) {
        Map<AgentId, Stored> stored = new HashMap<>();
        db.sql(OF_AGENTS)
                .param("agents", agents.stream().map(AgentId::toString).collect(Collectors.joining(",", "{", "}")))
                .query((ResultSet row) -> read(stored, row));
        Map<AgentId, AgentLine> lines = new LinkedHashMap<>();
        for (AgentId agent : agents) {
            lines.put(agent, line(agent, stored.getOrDefault(agent, Stored.NOTHING)));
        }
        return lines;
    }

    public AgentLine of(AgentId agent) {
        return of(List.of(agent)).values().iterator().next();
    }

    private AgentLine line(AgentId agent, Stored stored) {
        boolean spent = board.history().evictionsSpent(agent, board.nowMs());
        Connection live = board.registry().connectionOf(agent).orElse(null);
        if (live == null) {
            return new AgentLine(
                    null,
                    stored.seenAt(),
                    stored.ackAt(),
                    stored.pongAt(),
                    stored.echoAt(),
                    spent,
                    stored.conflict(),
                    CommandPath.offline(stored.closedAt(), stored.closeCode(), stored.closeReason()),
                    null);
        }
        Vitals vitals = live.vitals();
        return new AgentLine(
                live.connectionId(),
                newer(stored.seenAt(), live.wallTime(vitals.lastInNs)),
                newer(stored.ackAt(), live.wallTime(vitals.lastAckNs)),
                newer(stored.pongAt(), live.wallTime(vitals.lastPongNs)),
                newer(stored.echoAt(), live.wallTime(vitals.lastEchoNs)),
                spent,
                stored.conflict(),
                PathEvidence.path(live),
                live.configAnswer());
    }

    private static @Nullable Instant newer(@Nullable Instant one, @Nullable Instant other) {
        if (one == null || other == null) {
            return one == null ? other : one;
        }
        return one.isAfter(other) ? one : other;
    }

    private static void read(Map<AgentId, Stored> into, ResultSet row) throws SQLException {
        Instant conflicted = time(row, "conflicted_since");
        Array addresses = row.getArray("conflict_addresses");
        into.put(
                new AgentId(row.getObject("agent_id", UUID.class)),
                new Stored(
                        conflicted == null
                                ? null
                                : new AgentLine.Conflict(conflicted, List.of((String[]) addresses.getArray())),
                        time(row, "last_seen_at"),
                        time(row, "last_ack_at"),
                        time(row, "last_pong_at"),
                        time(row, "last_echo_at"),
                        time(row, "closed_at"),
                        row.getObject("close_code", Integer.class),
                        row.getString("close_reason")));
    }

    private static @Nullable Instant time(ResultSet row, String column) throws SQLException {
        OffsetDateTime at = row.getObject(column, OffsetDateTime.class);
        return at == null ? null : at.toInstant();
    }

    /** Of every agent on the line; those that are held in a conflict are not told apart here. Never blocks. */
    public Map<AgentId, AgentLine.Status> statuses() {
        Map<AgentId, AgentLine.Status> statuses = new HashMap<>();
        for (Connection connection : board.registry().all()) {
            if (board.registry().isLive(connection)) {
                AgentId agent = connection.agentId();
                boolean suspect = PathEvidence.status(connection) == CommandPath.Status.FAILING
                        || board.history().evictionsSpent(agent, board.nowMs());
                statuses.put(agent, suspect ? AgentLine.Status.SUSPECT : AgentLine.Status.ONLINE);
            }
        }
        return statuses;
    }

    /** Agents that are held because two processes use their identity. */
    public Set<AgentId> conflicted() {
        return new HashSet<>(db.sql(CONFLICTED)
                .query((row, _) -> new AgentId(row.getObject("agent_id", UUID.class)))
                .list());
    }

    /** Ends the hold of an identity conflict; what led to it is forgotten. @return false when there was none */
    public boolean release(AgentId agent) {
        boolean released = epochs.release(agent);
        if (released) {
            board.history().forget(agent);
        }
        return released;
    }

    /**
     * Every frame of the agent's live connection becomes a row, and a Ping goes out each 5 s, for so long, on the connections that come
     * after it as well; then it ends by itself.
     *
     * @return false when the agent has no live connection
     */
    public boolean trace(AgentId agent, Duration duration) {
        Connection live = board.registry().connectionOf(agent).orElse(null);
        if (live != null) {
            board.history().traced(agent, board.nowMs() + duration.toMillis());
            live.trace(duration);
        }
        return live != null;
    }
}
