package dev.wireproof.command;

import dev.wireproof.access.SiteArrays;
import dev.wireproof.command.Reaper.PausedAgent;
import dev.wireproof.command.Reaper.Upcoming;
import dev.wireproof.id.AgentId;
import dev.wireproof.id.CommandId;
import dev.wireproof.id.SiteId;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;

/** The reaper as an operator sees it: its pauses (table {@code reaper_pause}) and what comes next. */
final class ReaperTable {
    private static final String ALL = "all";

    /** @param scope all, or one agent's id */
    record Pause(String scope, Instant since, String by) {
        boolean whole() {
            return scope.equals(ALL);
        }

        Optional<PausedAgent> agent() {
            return whole() ? Optional.empty() : Optional.of(new PausedAgent(AgentId.parse(scope), since, by));
        }
    }

    private static final String PAUSES = "SELECT scope, paused_at, paused_by FROM reaper_pause ORDER BY paused_at";
    private static final String PAUSE = """
        INSERT INTO reaper_pause (scope, paused_at, paused_by) VALUES (:scope, :at, :by) ON CONFLICT (scope) DO NOTHING
        """;
    private static final String RESUME = "DELETE FROM reaper_pause WHERE scope = :scope";
    private static final String OVERDUE = """
        SELECT count(*) FROM command WHERE due_at <= :now AND (:anySite OR site_id = ANY (:sites))
        """;
    private static final String UPCOMING = """
        SELECT id, agent_id, state, due_at, expires_at, next_offer_at, cancel_requested_at
          FROM command
         WHERE due_at IS NOT NULL AND (:anySite OR site_id = ANY (:sites))
         ORDER BY due_at
         LIMIT :limit
        """;

    private final JdbcClient db;

    ReaperTable(JdbcClient db) {
        this.db = db;
    }

    List<Pause> pauses() {
        return db.sql(PAUSES)
                .query((rs, _) ->
                        new Pause(rs.getString("scope"), RowReader.instant(rs, "paused_at"), rs.getString("paused_by")))
                .list();
    }

    static List<AgentId> agentsOf(List<Pause> pauses) {
        return pauses.stream()
                .flatMap(pause -> pause.agent().stream())
                .map(PausedAgent::agentId)
                .toList();
    }

    int pause(@Nullable AgentId agent, String by, Instant at) {
        return db.sql(PAUSE)
                .param("scope", scope(agent))
                .param("at", at.atOffset(ZoneOffset.UTC))
                .param("by", by)
                .update();
    }

    int resume(@Nullable AgentId agent) {
        return db.sql(RESUME).param("scope", scope(agent)).update();
    }

    long overdue(Instant now, @Nullable Set<SiteId> sites) {
        return db.sql(OVERDUE)
                .param("now", now.atOffset(ZoneOffset.UTC))
                .param("anySite", sites == null)
                .param("sites", SiteArrays.of(sites))
                .query(Long.class)
                .single();
    }

    List<Upcoming> upcoming(@Nullable Set<SiteId> sites, int limit) {
        return db.sql(UPCOMING)
                .param("anySite", sites == null)
                .param("sites", SiteArrays.of(sites))
                .param("limit", limit)
                .query((rs, _) -> upcoming(rs))
                .list();
    }

    private static Upcoming upcoming(ResultSet rs) throws SQLException {
        CommandState state = RowReader.state(rs.getString("state"));
        Instant dueAt = RowReader.instant(rs, "due_at");
        boolean expires = !dueAt.isBefore(RowReader.instant(rs, "expires_at"));
        boolean cancelling = RowReader.instantOrNull(rs, "cancel_requested_at") != null;
        return new Upcoming(
                new CommandId(RowReader.uuid(rs, "id")),
                new AgentId(RowReader.uuid(rs, "agent_id")),
                state,
                dueAt,
                what(state, expires, cancelling));
    }

    private static String what(CommandState state, boolean expires, boolean cancelling) {
        if (state == CommandState.ACKED || state == CommandState.RUNNING) {
            return "end it timed_out if no result came and the agent is connected";
        }
        if (cancelling) {
            return expires
                    ? "end it cancelled: its time to live is over"
                    : "send CommandCancel again, or end it cancelled";
        }
        return expires
                ? "end it expired: nobody acknowledged it in its time to live"
                : "offer it again: its ack is overdue; or end it undeliverable after the last attempt";
    }

    private static String scope(@Nullable AgentId agent) {
        return agent == null ? ALL : agent.toString();
    }
}
