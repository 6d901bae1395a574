package dev.wireproof.diagnosis;

import dev.wireproof.access.SiteArrays;
import dev.wireproof.id.AgentId;
import dev.wireproof.id.CommandId;
import dev.wireproof.id.SiteId;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import tools.jackson.databind.json.JsonMapper;

/** The rows of diagnoses. */
final class DiagnosisTable {
    private static final JsonMapper JSON = JsonMapper.shared();

    private static final String BEGIN = """
        INSERT INTO diagnosis (id, agent_id, site_id, kind, status, asked_by, started_at, duration_s, evict_and_repeat)
        VALUES (:id, :agent, :site, 'probe', 'running', :by, :at, :duration, :repeat)
        ON CONFLICT DO NOTHING
        """;
    private static final String RUNNING_OF =
            "SELECT id FROM diagnosis WHERE agent_id = :agent AND status = 'running' AND kind = 'probe'";
    private static final String RUNNING = "SELECT * FROM diagnosis WHERE status = 'running' ORDER BY id";
    private static final String ITS_COMMAND =
            "UPDATE diagnosis SET command_id = :command WHERE id = :id AND status = 'running'";
    private static final String FINISH = """
        UPDATE diagnosis
           SET status = 'done', finished_at = :at, connection_id = :connection, verdict = :verdict,
               confidence = :confidence, rule = :rule, underlying_verdict = :underlying, repeat_of = :repeatOf,
               rung = :rung, limit_reached = :limit, began_with = :began, report = :report::jsonb
         WHERE id = :id
           AND status = 'running'
        """;
    private static final String DONE = """
        INSERT INTO diagnosis (id, agent_id, site_id, kind, status, asked_by, started_at, finished_at, duration_s,
                               evict_and_repeat, command_id, command_ended_at, connection_id, verdict, confidence, rule,
                               underlying_verdict, repeat_of, rung, limit_reached, began_with, report)
        VALUES (:id, :agent, :site, :kind, 'done', :by, :started, :at, :duration, false, :command, :ended, :connection,
                :verdict, :confidence, :rule, :underlying, :repeatOf, :rung, :limit, :began, :report::jsonb)
        ON CONFLICT DO NOTHING
        """;
    private static final String BY_ID = "SELECT * FROM diagnosis WHERE id = :id";
    private static final String OF_COMMAND =
            "SELECT * FROM diagnosis WHERE command_id = :command ORDER BY id DESC LIMIT 1";
    private static final String OF_COMMANDS =
            "SELECT DISTINCT ON (command_id) command_id, id FROM diagnosis WHERE command_id = ANY (:commands)"
                    + " ORDER BY command_id, id DESC";
    private static final String OF_AGENT = """
        SELECT * FROM diagnosis
         WHERE agent_id = :agent
           AND (:anySite OR site_id = ANY (:sites))
           AND (:before::uuid IS NULL OR id < :before)
         ORDER BY id DESC
         LIMIT :limit
        """;
    private static final String FORGET = "DELETE FROM diagnosis WHERE started_at < :before AND status = 'done'";

    /** What the fleet's view groups by. */
    record Signature(
            @Nullable String rung,
            @Nullable Boolean limitReached,
            @Nullable String beganWith) {
        static final Signature NONE = new Signature(null, null, null);
    }

    private final JdbcClient db;
    private final DiagnosisObserver observer;

    DiagnosisTable(JdbcClient db, DiagnosisObserver observer) {
        this.db = db;
        this.observer = observer;
    }

    /** @return false when one runs already for this agent */
    boolean begin(Diagnosis d) {
        return db.sql(BEGIN)
                        .param("id", d.id())
                        .param("agent", d.agentId().value())
                        .param("site", d.siteId().value())
                        .param("by", d.askedBy())
                        .param("at", utc(d.startedAt()))
                        .param("duration", d.durationS())
                        .param("repeat", d.evictAndRepeat())
                        .update()
                == 1;
    }

    Optional<UUID> runningOf(AgentId agent) {
        return db.sql(RUNNING_OF)
                .param("agent", agent.value())
                .query(UUID.class)
                .optional();
    }

    List<Diagnosis> running() {
        return db.sql(RUNNING).query(DiagnosisTable::read).list();
    }

    void itsCommand(UUID id, CommandId command) {
        db.sql(ITS_COMMAND).param("id", id).param("command", command.value()).update();
    }

    void finish(
            UUID id, Instant at, Report report, @Nullable Verdict underlying, @Nullable UUID repeatOf, Signature s) {
        int stored = db.sql(FINISH)
                .param("id", id)
                .param("at", utc(at))
                .param("connection", report.connectionId())
                .param("verdict", report.verdict().wireName())
                .param("confidence", report.confidence().wireName())
                .param("rule", report.rule())
                .param("underlying", underlying == null ? null : underlying.wireName())
                .param("repeatOf", repeatOf)
                .param("rung", s.rung())
                .param("limit", s.limitReached())
                .param("began", s.beganWith())
                .param("report", JSON.writeValueAsString(report))
                .update();
        tell(stored, report);
    }

    /** Stores one that is done from the beginning. @param commandEndedAt of kind {@code command}; else null */
    void done(Diagnosis d, @Nullable Instant commandEndedAt, Signature s) {
        Report report = d.report();
        Instant at = d.finishedAt();
        if (report == null || at == null) {
            throw new IllegalArgumentException("not done");
        }
        int stored = db.sql(DONE)
                .param("id", d.id())
                .param("agent", d.agentId().value())
                .param("site", d.siteId().value())
                .param("kind", d.kind())
                .param("by", d.askedBy())
                .param("started", utc(d.startedAt()))
                .param("at", utc(at))
                .param("duration", d.durationS())
                .param("command", d.commandId() == null ? null : d.commandId().value())
                .param("ended", commandEndedAt == null ? null : utc(commandEndedAt))
                .param("connection", report.connectionId())
                .param("verdict", report.verdict().wireName())
                .param("confidence", report.confidence().wireName())
                .param("rule", report.rule())
                .param(
                        "underlying",
                        d.underlying() == null ? null : d.underlying().wireName())
                .param("repeatOf", d.repeatOf())
                .param("rung", s.rung())
                .param("limit", s.limitReached())
                .param("began", s.beganWith())
                .param("report", JSON.writeValueAsString(report))
                .update();
        tell(stored, report);
    }

    /** Only of what this very statement stored: another one may have been first. */
    private void tell(int stored, Report report) {
        if (stored == 1) {
            observer.diagnosed(report.verdict());
        }
    }

    Optional<Diagnosis> find(UUID id) {
        return db.sql(BY_ID).param("id", id).query(DiagnosisTable::read).optional();
    }

    Optional<Diagnosis> ofCommand(CommandId command) {
        return db.sql(OF_COMMAND)
                .param("command", command.value())
                .query(DiagnosisTable::read)
                .optional();
    }

    Map<CommandId, UUID> ofCommands(Collection<CommandId> commands) {
        Map<CommandId, UUID> newest = new HashMap<>();
        if (!commands.isEmpty()) {
            db.sql(OF_COMMANDS)
                    .param("commands", commands.stream().map(CommandId::value).toArray(UUID[]::new))
                    .query((ResultSet row) -> {
                        newest.put(
                                new CommandId(row.getObject("command_id", UUID.class)),
                                row.getObject("id", UUID.class));
                    });
        }
        return newest;
    }

    List<Diagnosis> ofAgent(AgentId agent, @Nullable Set<SiteId> sites, @Nullable UUID before, int limit) {
        return db.sql(OF_AGENT)
                .param("agent", agent.value())
                .param("anySite", sites == null)
                .param("sites", SiteArrays.of(sites))
                .param("before", before)
                .param("limit", limit)
                .query(DiagnosisTable::read)
                .list();
    }

    void forget(Instant before) {
        db.sql(FORGET).param("before", utc(before)).update();
    }

    static OffsetDateTime utc(Instant at) {
        return at.atOffset(ZoneOffset.UTC);
    }

    private static Diagnosis read(ResultSet row, int number) throws SQLException {
        UUID command = row.getObject("command_id", UUID.class);
        OffsetDateTime finished = row.getObject("finished_at", OffsetDateTime.class);
        String underlying = row.getString("underlying_verdict");
        String report = row.getString("report");
        return new Diagnosis(
                row.getObject("id", UUID.class),
                new AgentId(row.getObject("agent_id", UUID.class)),
                new SiteId(row.getObject("site_id", UUID.class)),
                row.getString("kind"),
                row.getString("asked_by"),
                row.getObject("started_at", OffsetDateTime.class).toInstant(),
                finished == null ? null : finished.toInstant(),
                row.getObject("duration_s", Integer.class),
                row.getBoolean("evict_and_repeat"),
                command == null ? null : new CommandId(command),
                underlying == null ? null : Verdict.ofWireName(underlying).orElse(null),
                row.getObject("repeat_of", UUID.class),
                report == null ? null : JSON.readValue(report, Report.class));
    }
}
