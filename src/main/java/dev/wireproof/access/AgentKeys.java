package dev.wireproof.access;

import dev.wireproof.id.AgentId;
import dev.wireproof.id.Uuids;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.Collection;
import java.util.List;
import java.util.UUID;
import java.util.stream.Collectors;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;

/**
 * The secrets that agents show. An agent has one confirmed key and at most one that was handed out and is not confirmed: the old one
 * stays valid until an Auth with the new one arrives, so an AuthAck that is lost on its way locks nobody out.
 */
@Component
public class AgentKeys {
    private static final String KEYS_OF_AGENT = """
        SELECT id, secret_hash, confirmed_at IS NOT NULL AS confirmed, rotation_requested_at IS NOT NULL AS rotate
          FROM agent_key
         WHERE agent_id = :agent
        """;
    private static final String DROP_UNCONFIRMED =
            "DELETE FROM agent_key WHERE agent_id = :agent AND confirmed_at IS NULL";
    private static final String INSERT_UNCONFIRMED =
            "INSERT INTO agent_key (id, agent_id, secret_hash, created_at) VALUES (:id, :agent, :hash, :now)";
    private static final String DROP_OTHERS_OF_UNCONFIRMED = """
        DELETE FROM agent_key k
         WHERE k.agent_id = :agent
           AND k.id <> :id
           AND EXISTS (SELECT 1 FROM agent_key n WHERE n.id = :id AND n.confirmed_at IS NULL)
        """;
    private static final String CONFIRM =
            "UPDATE agent_key SET confirmed_at = :now WHERE id = :id AND confirmed_at IS NULL";
    private static final String CONFIRM_FIRST = """
        UPDATE agent_key k SET confirmed_at = :now
         WHERE k.agent_id = ANY (:agents::uuid[])
           AND k.confirmed_at IS NULL
           AND NOT EXISTS (SELECT 1 FROM agent_key o WHERE o.agent_id = k.agent_id AND o.confirmed_at IS NOT NULL)
        """;
    private static final String REQUEST_ROTATION =
            "UPDATE agent_key SET rotation_requested_at = :now WHERE agent_id = :agent";

    private final JdbcClient db;
    private final InstantSource clock;

    AgentKeys(JdbcClient db, InstantSource clock) {
        this.db = db;
        this.clock = clock;
    }

    /** What the shown key is worth. */
    public sealed interface Check {
        /** Unknown agent or wrong key: nobody learns which. */
        record Wrong() implements Check {}

        /**
         * @param confirmed false: the first Auth with this key; {@link AgentKeys#confirm} retires the one before it
         * @param rotationDue an operator asked for a new key
         */
        record Right(UUID keyId, boolean confirmed, boolean rotationDue) implements Check {}
    }

    private record Row(UUID id, byte[] hash, boolean confirmed, boolean rotate) {}

    /** One indexed read. */
    public Check check(AgentId agent, String key) {
        byte[] shown = Secrets.hash(key);
        List<Row> rows = db.sql(KEYS_OF_AGENT)
                .param("agent", agent.value())
                .query(AgentKeys::row)
                .list();
        Row found = null;
        for (Row row : rows) {
            if (Secrets.same(row.hash(), shown)) {
                found = row;
            }
        }
        return found == null ? new Check.Wrong() : new Check.Right(found.id(), found.confirmed(), found.rotate());
    }

    /** A new key, beside the confirmed one if there is one; an earlier unconfirmed one is void. @return the secret, shown once */
    @Transactional
    public String issue(AgentId agent) {
        String secret = Secrets.random(Secrets.AGENT_KEY);
        db.sql(DROP_UNCONFIRMED).param("agent", agent.value()).update();
        insert(agent, secret);
        return secret;
    }

    /** The first key of an agent that was just made. @return the secret, shown once */
    public String issueFirst(AgentId agent) {
        String secret = Secrets.random(Secrets.AGENT_KEY);
        insert(agent, secret);
        return secret;
    }

    private void insert(AgentId agent, String secret) {
        db.sql(INSERT_UNCONFIRMED)
                .param("id", Uuids.version7(clock.instant()))
                .param("agent", agent.value())
                .param("hash", Secrets.hash(secret))
                .param("now", clock.instant().atOffset(ZoneOffset.UTC))
                .update();
    }

    /** An Auth with this key arrived: it is the agent's key from now on, and any other is void. */
    @Transactional
    public void confirm(AgentId agent, UUID keyId) {
        db.sql(DROP_OTHERS_OF_UNCONFIRMED)
                .param("agent", agent.value())
                .param("id", keyId)
                .update();
        db.sql(CONFIRM)
                .param("id", keyId)
                .param("now", clock.instant().atOffset(ZoneOffset.UTC))
                .update();
    }

    /** These used their enrolling connections, so they have the keys that were handed out there. Leaves a rotation alone. */
    public void confirmFirst(Collection<AgentId> agents) {
        db.sql(CONFIRM_FIRST)
                .param("agents", agents.stream().map(AgentId::toString).collect(Collectors.joining(",", "{", "}")))
                .param("now", clock.instant().atOffset(ZoneOffset.UTC))
                .update();
    }

    /** The agent gets a new key at its next Auth. @return false when it has no key */
    public boolean requestRotation(AgentId agent) {
        return db.sql(REQUEST_ROTATION)
                        .param("agent", agent.value())
                        .param("now", clock.instant().atOffset(ZoneOffset.UTC))
                        .update()
                > 0;
    }

    private static Row row(ResultSet row, int index) throws SQLException {
        return new Row(
                row.getObject("id", UUID.class),
                row.getBytes("secret_hash"),
                row.getBoolean("confirmed"),
                row.getBoolean("rotate"));
    }
}
