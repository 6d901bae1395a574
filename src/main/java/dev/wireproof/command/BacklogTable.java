package dev.wireproof.command;

import dev.wireproof.id.AgentId;
import dev.wireproof.id.CommandId;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.UUID;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Claim queries: what is to be offered to an agent, what its record is asked about, and what is due. Each has its partial index. */
class BacklogTable {
    static final String UNACKED = """
        SELECT id FROM command WHERE agent_id = :agent AND state IN ('queued', 'offered') ORDER BY seq LIMIT :limit
        """;

    /** Newest first, in pages. Of those past what the record keeps only the open ones matter. */
    static final String UNSETTLED = """
        SELECT id, seq, state, offers
          FROM command
         WHERE agent_id = :agent
           AND result_at IS NULL AND outcome IS NULL AND (certainty IN ('unknown', 'received') OR state IN ('acked', 'running'))
           AND state NOT IN ('queued', 'offered')
           AND (provable_until > :now OR state IN ('acked', 'running'))
           AND seq < :before
         ORDER BY seq DESC
         LIMIT :limit
        """;

    /** Open commands only have a due_at: the cost depends on what is due. */
    static final String DUE = """
        SELECT id, agent_id FROM command WHERE due_at <= :now AND agent_id <> ALL (:paused) ORDER BY due_at LIMIT :limit
        """;

    static final String OPEN_OF = """
        SELECT id FROM command WHERE agent_id = :agent AND due_at IS NOT NULL ORDER BY seq LIMIT :limit
        """;

    /** Agents are few, and of those deleted lately only the commands are looked at. */
    private static final String GONE_WITH_OPEN = """
        SELECT a.id
          FROM agent a
         WHERE a.deleted_at >= :since
           AND EXISTS (SELECT 1 FROM command c WHERE c.agent_id = a.id AND c.due_at IS NOT NULL)
         LIMIT :limit
        """;

    /** @param held whether the agent has it and it is open */
    record Unsettled(CommandId id, long seq, boolean held, int offers) {}

    record Due(CommandId id, AgentId agentId) {}

    private final JdbcClient db;

    BacklogTable(JdbcClient db) {
        this.db = db;
    }

    List<CommandId> unacked(AgentId agent, int limit) {
        return db.sql(UNACKED)
                .param("agent", agent.value())
                .param("limit", limit)
                .query((rs, _) -> id(rs))
                .list();
    }

    /** @param before the {@code seq} of the page before; {@code Long.MAX_VALUE}: from the newest */
    List<Unsettled> unsettled(AgentId agent, Instant now, long before, int limit) {
        return db.sql(UNSETTLED)
                .param("agent", agent.value())
                .param("now", utc(now))
                .param("before", before)
                .param("limit", limit)
                .query((rs, _) -> new Unsettled(
                        id(rs),
                        rs.getLong("seq"),
                        !RowReader.state(rs.getString("state")).ended(),
                        rs.getInt("offers")))
                .list();
    }

    List<Due> due(Instant now, List<AgentId> paused, int limit) {
        return db.sql(DUE)
                .param("now", utc(now))
                .param("paused", paused.stream().map(AgentId::value).toArray(UUID[]::new))
                .param("limit", limit)
                .query((rs, _) -> new Due(id(rs), new AgentId(RowReader.uuid(rs, "agent_id"))))
                .list();
    }

    List<CommandId> openOf(AgentId agent, int limit) {
        return db.sql(OPEN_OF)
                .param("agent", agent.value())
                .param("limit", limit)
                .query((rs, _) -> id(rs))
                .list();
    }

    /** Agents that were deleted since then, whose commands are open all the same. */
    List<AgentId> goneWithOpen(Instant since, int limit) {
        return db.sql(GONE_WITH_OPEN)
                .param("since", utc(since))
                .param("limit", limit)
                .query((rs, _) -> new AgentId(RowReader.uuid(rs, "id")))
                .list();
    }

    private static CommandId id(ResultSet rs) throws SQLException {
        return new CommandId(RowReader.uuid(rs, "id"));
    }

    private static OffsetDateTime utc(Instant at) {
        return at.atOffset(ZoneOffset.UTC);
    }
}
