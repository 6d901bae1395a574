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
final class BacklogTable {
    private static final String UNACKED = """
        SELECT id FROM command WHERE agent_id = :agent AND state IN ('queued', 'offered') ORDER BY seq LIMIT :limit
        """;

    /** Newest first: when there are too many, the old ones are left aside. Those past what the record keeps are not asked about. */
    private static final String UNSETTLED = """
        SELECT id, state
          FROM command
         WHERE agent_id = :agent
           AND result_at IS NULL AND outcome IS NULL AND (certainty IN ('unknown', 'received') OR state IN ('acked', 'running'))
           AND state NOT IN ('queued', 'offered')
           AND provable_until > :now
         ORDER BY seq DESC
         LIMIT :limit
        """;

    /** Open commands only have a due_at: the cost depends on what is due. */
    private static final String DUE = """
        SELECT id, agent_id FROM command WHERE due_at <= :now AND agent_id <> ALL (:paused) ORDER BY due_at LIMIT :limit
        """;

    private static final String OPEN_OF = """
        SELECT id FROM command WHERE agent_id = :agent AND due_at IS NOT NULL ORDER BY seq LIMIT :limit
        """;

    /** @param held whether the agent has it and it is open */
    record Unsettled(CommandId id, boolean held) {}

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

    List<Unsettled> unsettled(AgentId agent, Instant now, int limit) {
        return db.sql(UNSETTLED)
                .param("agent", agent.value())
                .param("now", utc(now))
                .param("limit", limit)
                .query((rs, _) -> new Unsettled(
                        id(rs), !RowReader.state(rs.getString("state")).ended()))
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

    private static CommandId id(ResultSet rs) throws SQLException {
        return new CommandId(RowReader.uuid(rs, "id"));
    }

    private static OffsetDateTime utc(Instant at) {
        return at.atOffset(ZoneOffset.UTC);
    }
}
