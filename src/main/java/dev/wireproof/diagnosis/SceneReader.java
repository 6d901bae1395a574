package dev.wireproof.diagnosis;

import dev.wireproof.command.AttemptView;
import dev.wireproof.command.CommandView;
import dev.wireproof.connection.AgentLink;
import dev.wireproof.connection.ConnectionQueries;
import dev.wireproof.connection.ConnectionRegistry;
import dev.wireproof.diagnosis.Observations.Elsewhere;
import dev.wireproof.diagnosis.Observations.Ended;
import dev.wireproof.diagnosis.Observations.Line;
import dev.wireproof.diagnosis.Observations.Waits;
import dev.wireproof.id.AgentId;
import dev.wireproof.id.CommandId;
import dev.wireproof.id.ConnectionId;
import dev.wireproof.telemetry.Direction;
import dev.wireproof.telemetry.FrameFilter;
import dev.wireproof.telemetry.FrameLog;
import dev.wireproof.telemetry.FrameRecord;
import dev.wireproof.telemetry.FrameRecorder;
import dev.wireproof.telemetry.HeartbeatLog;
import dev.wireproof.telemetry.HeartbeatRow;
import dev.wireproof.telemetry.Opcode;
import dev.wireproof.telemetry.SeenFrame;
import java.sql.Array;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Finds what is recorded about a connection, for the judge. Blocks on the database; changes nothing. */
final class SceneReader {
    /** How far back one looks for what an agent did on other connections. */
    private static final Duration LOOK_BACK = Duration.ofMinutes(5);
    /** Frames before the window, to compare with. */
    private static final Duration BEFORE = Duration.ofMinutes(3);

    private static final Duration AFTER_ITS_END = Duration.ofSeconds(6);
    private static final int MOST_FRAMES = 50_000;
    private static final int MOST_HEARTBEATS = 2_000;
    private static final int SOME = 200;

    private static final String CONNECTION = """
        SELECT id, agent_id, remote_address, proxied_for, opened_at, closed_at, close_code, close_reason
          FROM connection WHERE id = :id
        """;
    private static final String LAST_OF_AGENT = """
        SELECT id, agent_id, remote_address, proxied_for, opened_at, closed_at, close_code, close_reason
          FROM connection WHERE agent_id = :agent ORDER BY epoch DESC LIMIT 1
        """;
    private static final String CONNECTIONS_SINCE =
            "SELECT count(*) FROM connection WHERE agent_id = :agent AND opened_at >= :since";
    private static final String SHED =
            "SELECT coalesce(sum(shed), 0) FROM frame_summary WHERE connection_id = :id AND at >= :since";
    private static final String CONFLICT =
            "SELECT conflicted_since, conflict_addresses FROM agent_line WHERE agent_id = :agent";
    /** A process that came back: its own earlier connection, with another process's in between. */
    private static final String RETURNS = """
        SELECT DISTINCT s.connection_id, c.remote_address, c.proxied_for
          FROM session_instance s
          LEFT JOIN connection c ON c.id = s.connection_id
         WHERE s.agent_id = :agent
           AND s.at >= :since
           AND EXISTS (SELECT 1
                         FROM session_instance other
                         JOIN session_instance own
                           ON own.agent_id = s.agent_id AND own.epoch < other.epoch AND own.instance_id = s.instance_id
                        WHERE other.agent_id = s.agent_id
                          AND other.epoch < s.epoch
                          AND other.instance_id <> s.instance_id)
        """;
    /** Superseded connections of an agent, with the moment when a newer one had taken over for a second. */
    private static final String SUPERSEDED = """
        SELECT c.id, min(n.authenticated_at) + interval '1 second' AS after
          FROM connection c
          JOIN connection n ON n.agent_id = c.agent_id AND n.epoch > c.epoch
         WHERE c.agent_id = :agent
           AND (c.closed_at IS NULL OR c.closed_at >= :since)
         GROUP BY c.id
        """;

    private static final String OFFERED =
            "SELECT DISTINCT command_id FROM command_attempt WHERE agent_id = :agent AND command_id = ANY (:ids)";
    private static final String CONFIG_REFUSED =
            "SELECT error FROM config_refusal WHERE connection_id = :id ORDER BY version DESC LIMIT 1";

    private final JdbcClient db;
    private final FrameLog frames;
    private final FrameRecorder recorder;
    private final HeartbeatLog heartbeats;
    private final ConnectionRegistry registry;
    private final ConnectionQueries connections;
    private final AgentFaults faults;
    private final KernelEye kernel;
    private final Waits waits;
    private final InstantSource clock;

    SceneReader(
            JdbcClient db,
            FrameLog frames,
            FrameRecorder recorder,
            HeartbeatLog heartbeats,
            ConnectionRegistry registry,
            ConnectionQueries connections,
            AgentFaults faults,
            KernelEye kernel,
            Waits waits,
            InstantSource clock) {
        this.db = db;
        this.frames = frames;
        this.recorder = recorder;
        this.heartbeats = heartbeats;
        this.registry = registry;
        this.connections = connections;
        this.faults = faults;
        this.kernel = kernel;
        this.waits = waits;
        this.clock = clock;
    }

    /**
     * What to look at.
     *
     * @param fromNs on the connection's time scale
     * @param traced whether it is a probe: every frame is kept, and a Ping is due each 5 s
     * @param shedBefore {@link #shedSoFar} when the window began; null: only the summaries tell
     * @param command the judged one; null: none
     */
    record Wanted(
            AgentId agent,
            ConnectionId connection,
            long fromNs,
            boolean traced,
            @Nullable Long shedBefore,
            @Nullable CommandView command) {}

    /** Frames of the whole server that were to be rows and are not. */
    long shedSoFar() {
        long lost = 0;
        for (FrameRecorder.Worth worth : FrameRecorder.Worth.values()) {
            lost += recorder.shed(worth);
        }
        return lost;
    }

    /** When the agent was last connected, in words; null when no connection of it is on record. */
    @Nullable
    String lastSeen(AgentId agent) {
        connections.settle(); // it may have ended a moment ago
        return db.sql(LAST_OF_AGENT)
                .param("agent", agent.value())
                .query(SceneReader::line)
                .optional()
                .map(line -> "its last connection was %s, opened at %s%s"
                        .formatted(line.id(), line.openedAt(), Clues.ending(line)))
                .orElse(null);
    }

    /** @return empty when the connection is on no record (yet) */
    Optional<Scene> look(Wanted wanted) {
        Optional<Line> found = db.sql(CONNECTION)
                .param("id", wanted.connection().value())
                .query(SceneReader::line)
                .optional();
        if (found.isEmpty()) {
            return Optional.empty();
        }
        AgentLink link = registry.live(wanted.agent())
                .filter(live -> live.connectionId().equals(wanted.connection()))
                .orElse(null);
        Line line = found.get();
        Line judged = link == null ? line : new Line(line.id(), line.openedAt(), line.proxy(), null);
        long endNs = end(judged, link, wanted.fromNs());
        Instant from = judged.openedAt().plusNanos(wanted.fromNs());
        Instant to = judged.openedAt().plusNanos(endNs).plus(link == null ? AFTER_ITS_END : Duration.ofSeconds(1));
        ConnectionId id = judged.id();
        List<SeenFrame> seen = frames.between(id, from.minus(BEFORE), to, MOST_FRAMES);
        List<HeartbeatRow> beats = heartbeats.ofAgent(wanted.agent(), from.minus(BEFORE), to, MOST_HEARTBEATS);
        long shed = shed(id, from, wanted.shedBefore()) + (seen.size() == MOST_FRAMES ? 1 : 0);
        CommandView command = wanted.command();
        List<SeenFrame> stale = stale(wanted.agent(), clock.instant().minus(LOOK_BACK));
        return Optional.of(new Scene(
                judged,
                wanted.fromNs(),
                endNs,
                wanted.traced(),
                command == null ? null : command.id(),
                command == null ? 0 : command.timeoutS(),
                command != null && command.result() != null,
                command == null ? List.of() : command.attempts(),
                seen,
                offered(wanted.agent(), seen),
                beats,
                texts(id, Direction.OUT, "ConfigUpdate"),
                texts(id, Direction.IN, "ConfigAck"),
                texts(id, Direction.IN, "CommandAck"),
                db.sql(CONFIG_REFUSED)
                        .param("id", id.value())
                        .query(String.class)
                        .optional()
                        .orElse(null),
                faults.of(id),
                shed,
                kernel.look(id, link),
                elsewhere(wanted.agent(), stale),
                stale,
                waits));
    }

    /** Of the commands that the agent says it has, those that were ever offered to it. */
    private Set<CommandId> offered(AgentId agent, List<SeenFrame> frames) {
        UUID[] named = frames.stream()
                .filter(seen -> "CommandAck".equals(seen.frame().type()))
                .flatMap(seen -> Stream.ofNullable(seen.frame().commandId()))
                .map(CommandId::value)
                .distinct()
                .toArray(UUID[]::new);
        return named.length == 0
                ? Set.of()
                : new HashSet<>(db.sql(OFFERED)
                        .param("agent", agent.value())
                        .param("ids", named)
                        .query((row, _) -> new CommandId(row.getObject("command_id", UUID.class)))
                        .list());
    }

    private static long end(Line line, @Nullable AgentLink link, long fromNs) {
        if (link != null) {
            return link.nowNs();
        }
        Ended ended = line.ended();
        return ended == null
                ? fromNs
                : Math.max(fromNs, Duration.between(line.openedAt(), ended.at()).toNanos());
    }

    private List<SeenFrame> texts(ConnectionId id, Direction direction, String type) {
        return frames.find(id, new FrameFilter(direction, Opcode.TEXT, type, null, null), 0, SOME);
    }

    private long shed(ConnectionId id, Instant from, @Nullable Long before) {
        long rows = db.sql(SHED)
                .param("id", id.value())
                .param("since", DiagnosisTable.utc(from.minusSeconds(60)))
                .query(Long.class)
                .single();
        return rows + (before == null ? 0 : Math.max(0, shedSoFar() - before));
    }

    private Elsewhere elsewhere(AgentId agent, List<SeenFrame> stale) {
        Instant since = clock.instant().minus(LOOK_BACK);
        List<String> addresses = new ArrayList<>();
        int returns = db.sql(RETURNS)
                .param("agent", agent.value())
                .param("since", DiagnosisTable.utc(since))
                .query((row, _) -> addresses.add(addressOf(row)))
                .list()
                .size();
        record Conflict(@Nullable Instant since, List<String> addresses) {}
        Conflict conflict = db.sql(CONFLICT)
                .param("agent", agent.value())
                .query((row, _) -> {
                    OffsetDateTime at = row.getObject("conflicted_since", OffsetDateTime.class);
                    return new Conflict(
                            at == null ? null : at.toInstant(), strings(row.getArray("conflict_addresses")));
                })
                .optional()
                .orElse(new Conflict(null, List.of()));
        List<String> shown = conflict.since() == null ? addresses : conflict.addresses();
        return new Elsewhere(
                returns,
                conflict.since(),
                shown.stream().distinct().limit(8).toList(),
                stale.size(),
                stale.isEmpty() ? null : stale.getLast().connectionId(),
                db.sql(CONNECTIONS_SINCE)
                        .param("agent", agent.value())
                        .param("since", DiagnosisTable.utc(since))
                        .query(Integer.class)
                        .single());
    }

    private static String addressOf(ResultSet row) throws SQLException {
        String proxied = row.getString("proxied_for");
        String address = proxied == null ? row.getString("remote_address") : proxied;
        return address == null ? "an unknown address" : Quoted.plain(address, 64);
    }

    /** Texts that came on an older connection while a newer one was registered. */
    private List<SeenFrame> stale(AgentId agent, Instant since) {
        record Older(ConnectionId id, Instant after) {}
        List<Older> superseded = db.sql(SUPERSEDED)
                .param("agent", agent.value())
                .param("since", DiagnosisTable.utc(since))
                .query((row, _) -> new Older(
                        new ConnectionId(row.getObject("id", UUID.class)),
                        row.getObject("after", OffsetDateTime.class).toInstant()))
                .list();
        List<SeenFrame> stale = new ArrayList<>();
        for (Older older : superseded) {
            Instant after = older.after().isAfter(since) ? older.after() : since;
            frames.find(older.id(), new FrameFilter(Direction.IN, Opcode.TEXT, null, null, after), 0, SOME).stream()
                    .filter(seen -> seen.frame().receivedNs() != FrameRecord.NONE)
                    .forEach(stale::add);
        }
        return stale;
    }

    private static List<String> strings(@Nullable Array array) throws SQLException {
        return array == null ? List.of() : Arrays.asList((String[]) array.getArray());
    }

    private static Line line(ResultSet row, int number) throws SQLException {
        OffsetDateTime closed = row.getObject("closed_at", OffsetDateTime.class);
        String reason = row.getString("close_reason");
        return new Line(
                new ConnectionId(row.getObject("id", UUID.class)),
                row.getObject("opened_at", OffsetDateTime.class).toInstant(),
                row.getString("proxied_for") == null ? null : Quoted.plain(row.getString("remote_address"), 64),
                closed == null
                        ? null
                        : new Ended(
                                closed.toInstant(),
                                row.getObject("close_code", Integer.class),
                                reason == null ? "" : reason));
    }

    /** The newest instant at which something of these offers is known, on the time scale of their connection. */
    static long beginning(List<AttemptView> attempts) {
        return attempts.stream()
                .map(AttemptView::enqueuedNs)
                .filter(java.util.Objects::nonNull)
                .mapToLong(Long::longValue)
                .min()
                .orElse(0);
    }
}
