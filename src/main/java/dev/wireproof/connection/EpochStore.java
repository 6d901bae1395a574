package dev.wireproof.connection;

import dev.wireproof.id.AgentId;
import java.sql.Array;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Epochs, and which agents are held in an identity conflict. Blocks on the database. */
class EpochStore {
    /** Beyond it a claimed epoch is nonsense, and would leave no room above. */
    private static final long HIGHEST_BELIEVED = 1L << 52;

    private static final String NEXT = """
        INSERT INTO agent_line AS line (agent_id, epoch)
        VALUES (:agent, :last + 1)
        ON CONFLICT (agent_id) DO UPDATE SET epoch = greatest(line.epoch, :last) + 1
        RETURNING epoch, conflicted_since IS NOT NULL AS held
        """;
    private static final String HOLD = """
        UPDATE agent_line
           SET conflicted_since = coalesce(conflicted_since, :at), conflict_addresses = :addresses
         WHERE agent_id = :agent
        """;
    private static final String RELEASE = """
        UPDATE agent_line
           SET conflicted_since = NULL, conflict_addresses = '{}'
         WHERE agent_id = :agent AND conflicted_since IS NOT NULL
        """;
    private static final String CONFLICT =
            "SELECT conflicted_since, conflict_addresses FROM agent_line WHERE agent_id = :agent AND conflicted_since"
                    + " IS NOT NULL";

    /** @param held the agent is in an identity conflict, and stays away until someone releases it */
    record Grant(long epoch, boolean held) {}

    /** @param addresses that the two processes came from */
    record Conflict(Instant since, List<String> addresses) {
        Conflict {
            addresses = List.copyOf(addresses);
        }
    }

    private final JdbcClient db;

    EpochStore(JdbcClient db) {
        this.db = db;
    }

    /** @param lastEpoch the highest that the agent remembers; null when it has none. A restored database never reuses one. */
    Grant next(AgentId agent, @Nullable Long lastEpoch) {
        long last = lastEpoch == null ? 0 : Math.clamp(lastEpoch, 0, HIGHEST_BELIEVED);
        return db.sql(NEXT)
                .param("agent", agent.value())
                .param("last", last)
                .query((row, _) -> new Grant(row.getLong("epoch"), row.getBoolean("held")))
                .single();
    }

    void hold(AgentId agent, Instant at, List<String> addresses) {
        db.sql(HOLD)
                .param("agent", agent.value())
                .param("at", at.atOffset(ZoneOffset.UTC))
                .param("addresses", addresses.toArray(String[]::new))
                .update();
    }

    /** @return false when it was not held */
    boolean release(AgentId agent) {
        return db.sql(RELEASE).param("agent", agent.value()).update() > 0;
    }

    Optional<Conflict> conflict(AgentId agent) {
        return db.sql(CONFLICT)
                .param("agent", agent.value())
                .query((row, _) -> {
                    Array addresses = row.getArray("conflict_addresses");
                    return new Conflict(
                            row.getObject("conflicted_since", OffsetDateTime.class)
                                    .toInstant(),
                            List.of((String[]) addresses.getArray()));
                })
                .optional();
    }
}
