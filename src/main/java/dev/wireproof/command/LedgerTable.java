package dev.wireproof.command;

import dev.wireproof.id.AgentId;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;

/** What is known of agents' records of commands: table {@code agent_ledger}. */
class LedgerTable {
    /** A record that holds less than before was set back: what it does not know proves nothing of the time before. */
    private static final String SEEN = """
        INSERT INTO agent_ledger AS l (agent_id, ledger_id, highest_seq, went_back_at, updated_at)
        VALUES (:agent, :ledger, :seq, NULL, :at)
        ON CONFLICT (agent_id, ledger_id) DO UPDATE
           SET went_back_at = CASE WHEN excluded.highest_seq < l.highest_seq THEN excluded.updated_at ELSE l.went_back_at END,
               highest_seq = greatest(l.highest_seq, excluded.highest_seq),
               updated_at = excluded.updated_at
        RETURNING went_back_at
        """;

    private final JdbcClient db;

    LedgerTable(JdbcClient db) {
        this.db = db;
    }

    /** @return when this record was last seen to hold less than before; null: never */
    @Nullable
    Instant seen(AgentId agent, UUID ledger, long seq, Instant at) {
        OffsetDateTime wentBack = db.sql(SEEN)
                .param("agent", agent.value())
                .param("ledger", ledger)
                .param("seq", seq)
                .param("at", at.atOffset(ZoneOffset.UTC))
                .query((rs, _) -> rs.getObject(1, OffsetDateTime.class))
                .list()
                .getFirst();
        return wentBack == null ? null : wentBack.toInstant();
    }
}
