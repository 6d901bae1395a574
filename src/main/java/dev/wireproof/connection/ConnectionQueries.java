package dev.wireproof.connection;

import dev.wireproof.id.AgentId;
import dev.wireproof.id.ConnectionId;
import dev.wireproof.id.SiteId;
import java.sql.Array;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Connections for those who look: what is open comes from memory, what has ended from its row. Blocks on the database. */
public final class ConnectionQueries {
    /** A row is written within a fraction of a second: that long a list waits for the newest ones. */
    private static final Duration PATIENCE = Duration.ofMillis(750);

    private static final String COLUMNS = """
        SELECT id, agent_id, epoch, remote_address, proxied_for, opened_at, authenticated_at, closed_at, close_code,
               close_reason, last_pong_at, last_text_written_at, last_text_read_at, counters, ping_rtt_us, frames_missing
          FROM connection
        """;
    private static final String BY_ID = COLUMNS + " WHERE id = :id";
    private static final String OF_AGENT = COLUMNS + """
         WHERE agent_id = :agent
           AND epoch < :before
         ORDER BY epoch DESC
         LIMIT :limit
        """;
    private static final String PAGE = COLUMNS + " WHERE (:before::uuid IS NULL OR id < :before::uuid)";
    private static final String OPEN_ONLY = " AND closed_at IS NULL";
    private static final String AT_SITES =
            " AND agent_id IN (SELECT a.id FROM agent a WHERE a.site_id = ANY (:sites::uuid[]))";
    private static final String NEWEST_FIRST = " ORDER BY id DESC LIMIT :limit";

    private final JdbcClient db;
    private final LiveConnections registry;
    private final ConnectionRows rows;
    private final SocketProbe sockets;

    ConnectionQueries(JdbcClient db, LiveConnections registry, ConnectionRows rows, SocketProbe sockets) {
        this.db = db;
        this.registry = registry;
        this.rows = rows;
        this.sockets = sockets;
    }

    /** Waits, for a fraction of a second at most, until what happened to connections so far is in their rows. */
    public void settle() {
        rows.flush(PATIENCE);
    }

    /** @return empty also for a socket that never authenticated */
    public Optional<ConnectionView> find(ConnectionId id) {
        Optional<ConnectionView> open =
                registry.find(id).filter(found -> found.identity() != null).map(this::ofMemory);
        if (open.isPresent()) {
            return open;
        }
        settle();
        return db.sql(BY_ID).param("id", id.value()).query(this::read).optional();
    }

    /** Newest first. @param beforeEpoch where the page before ended; null: from the newest */
    public List<ConnectionView> ofAgent(AgentId agent, @Nullable Long beforeEpoch, int limit) {
        settle();
        return db.sql(OF_AGENT)
                .param("agent", agent.value())
                .param("before", beforeEpoch == null ? Long.MAX_VALUE : beforeEpoch)
                .param("limit", limit)
                .query(this::read)
                .list();
    }

    /**
     * Newest first.
     *
     * @param live only those that are, or are not, their agent's live connection; null: all
     * @param sites only of agents that stand there, or stood there when they were deleted; null: all
     * @param before where the page before ended; null: from the newest
     */
    public List<ConnectionView> page(
            @Nullable Boolean live, @Nullable Collection<SiteId> sites, @Nullable UUID before, int limit) {
        settle();
        String sql =
                PAGE + (Boolean.TRUE.equals(live) ? OPEN_ONLY : "") + (sites == null ? "" : AT_SITES) + NEWEST_FIRST;
        List<ConnectionView> found = new ArrayList<>();
        UUID from = before;
        while (found.size() < limit) {
            JdbcClient.StatementSpec query = db.sql(sql).param("before", from).param("limit", limit);
            if (sites != null) {
                query = query.param(
                        "sites", sites.stream().map(SiteId::toString).collect(Collectors.joining(",", "{", "}")));
            }
            List<ConnectionView> part = query.query(this::read).list();
            part.stream().filter(one -> live == null || one.live() == live).forEach(found::add);
            if (part.size() < limit) {
                break;
            }
            from = part.getLast().id().value(); // some were live when their rows were written and are not now
        }
        return found.size() > limit ? List.copyOf(found.subList(0, limit)) : found;
    }

    private ConnectionView ofMemory(Connection connection) {
        Identity identity = connection.authenticated();
        Vitals vitals = connection.vitals();
        Course.Ending ending = connection.course().ending();
        Map<Count, Long> counters = new EnumMap<>(Count.class);
        for (Count count : Count.values()) {
            counters.put(count, connection.count(count));
        }
        return new ConnectionView(
                connection.connectionId(),
                identity.agentId(),
                identity.epoch(),
                connection.live(),
                connection.peer().address(),
                connection.peer().proxiedFor(),
                connection.openedAt(),
                identity.authenticatedAt(),
                ending == null ? null : ending.at(),
                ending == null ? null : ending.code(),
                ending == null ? null : ending.reason(),
                counters,
                Arrays.stream(connection.outbound().pingRtts()).boxed().toList(),
                connection.wallTime(vitals.lastPongNs),
                connection.wallTime(vitals.lastTextWrittenNs),
                connection.wallTime(vitals.lastTextReadNs),
                connection.outbox().frames(),
                connection.outbox().bytes(),
                connection.trace().missing(),
                sockets.look(connection.connectionId()).orElse(null));
    }

    private ConnectionView read(ResultSet row, int index) throws SQLException {
        ConnectionId id = new ConnectionId(row.getObject("id", UUID.class));
        Connection open = registry.find(id).orElse(null);
        if (open != null && open.identity() != null) {
            return ofMemory(open);
        }
        Map<Count, Long> counters = new EnumMap<>(Count.class);
        List<Long> stored = longs(row.getArray("counters"));
        for (Count count : Count.values()) {
            counters.put(count, count.ordinal() < stored.size() ? stored.get(count.ordinal()) : 0L);
        }
        return new ConnectionView(
                id,
                new AgentId(row.getObject("agent_id", UUID.class)),
                row.getLong("epoch"),
                false,
                row.getString("remote_address"),
                row.getString("proxied_for"),
                row.getObject("opened_at", OffsetDateTime.class).toInstant(),
                row.getObject("authenticated_at", OffsetDateTime.class).toInstant(),
                time(row, "closed_at"),
                row.getObject("close_code", Integer.class),
                row.getString("close_reason"),
                counters,
                longs(row.getArray("ping_rtt_us")),
                time(row, "last_pong_at"),
                time(row, "last_text_written_at"),
                time(row, "last_text_read_at"),
                0,
                0,
                row.getLong("frames_missing"),
                null);
    }

    private static List<Long> longs(Array stored) throws SQLException {
        return List.of((Long[]) stored.getArray());
    }

    private static @Nullable Instant time(ResultSet row, String column) throws SQLException {
        OffsetDateTime at = row.getObject(column, OffsetDateTime.class);
        return at == null ? null : at.toInstant();
    }
}
