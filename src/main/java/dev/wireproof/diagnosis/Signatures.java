package dev.wireproof.diagnosis;

import dev.wireproof.command.AttemptView;
import dev.wireproof.command.CommandView;
import dev.wireproof.command.Rung;
import dev.wireproof.diagnosis.DiagnosisTable.Signature;
import dev.wireproof.id.AgentId;
import dev.wireproof.id.ConnectionId;
import java.time.OffsetDateTime;
import java.util.Comparator;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;

/** How a fault shows, beside its verdict: the rung where the command stopped, whether all attempts are used, and what it began with. */
final class Signatures {
    /** The agent's newest ack before this connection's failure, and what happened since. */
    private static final String BEGAN_WITH = """
        SELECT line.last_ack_at,
               c.opened_at,
               (SELECT max(f.at) FROM frame f
                 WHERE f.connection_id = c.id AND f.direction = 'out' AND f.type = 'ConfigUpdate'
                   AND f.at > c.authenticated_at + interval '1 second') AS configured_at
          FROM connection c
          LEFT JOIN (SELECT max(acked_at) AS last_ack_at FROM command_attempt
                      WHERE agent_id = :agent AND command_id <> :command) line ON true
         WHERE c.id = :connection
        """;

    private final JdbcClient db;

    Signatures(JdbcClient db) {
        this.db = db;
    }

    Signature of(AgentId agent, @Nullable UUID connection, @Nullable CommandView command) {
        if (command == null) {
            return Signature.NONE;
        }
        String rung = command.attempts().stream()
                .filter(a -> connection == null || a.connectionId().equals(new ConnectionId(connection)))
                .map(AttemptView::rung)
                .max(Comparator.naturalOrder())
                .orElse(Rung.NONE)
                .name();
        boolean limit = command.attemptsUsed() >= command.maxAttempts();
        return new Signature(rung, limit, connection == null ? null : beganWith(agent, connection, command));
    }

    private @Nullable String beganWith(AgentId agent, UUID connection, CommandView command) {
        return db.sql(BEGAN_WITH)
                .param("agent", agent.value())
                .param("connection", connection)
                .param("command", command.id().value())
                .query((row, _) -> {
                    OffsetDateTime acked = row.getObject("last_ack_at", OffsetDateTime.class);
                    OffsetDateTime opened = row.getObject("opened_at", OffsetDateTime.class);
                    OffsetDateTime configured = row.getObject("configured_at", OffsetDateTime.class);
                    if (acked == null) {
                        return "first_connection";
                    }
                    if (opened.isAfter(acked)) {
                        return "reconnect";
                    }
                    return configured != null && configured.isAfter(acked) ? "config_update" : "nothing_seen";
                })
                .optional()
                .orElse(null);
    }
}
