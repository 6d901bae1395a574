package dev.wireproof.diagnosis;

import dev.wireproof.background.Batcher;
import dev.wireproof.connection.AgentLink;
import dev.wireproof.connection.AgentMessageHandler;
import dev.wireproof.connection.ConnectionListener;
import dev.wireproof.connection.Received;
import dev.wireproof.protocol.AgentMessage;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import javax.sql.DataSource;

/**
 * Remembers of each connection what no other room keeps: which process opened it, and that its agent did not apply a configuration. Written
 * in batches behind everyone's back; what does not fit the queue is missing later, which claims less.
 */
final class SessionNotes implements ConnectionListener, AgentMessageHandler<AgentMessage.ConfigAck>, AutoCloseable {
    private static final int QUEUED = 32_768;
    private static final int LARGEST_BATCH = 1_000;
    private static final Duration GATHER = Duration.ofMillis(100);
    private static final int WORDS = 300;

    private static final String INSTANCE = """
        INSERT INTO session_instance (connection_id, agent_id, epoch, at, instance_id)
        VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
        """;
    private static final String REFUSAL = """
        INSERT INTO config_refusal (connection_id, version, at, error)
        VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING
        """;

    private sealed interface Note {
        record Instance(UUID connection, UUID agent, long epoch, Instant at, UUID instance) implements Note {}

        record Refusal(UUID connection, long version, Instant at, String error) implements Note {}
    }

    private final DataSource database;
    private final Batcher<Note> notes;

    SessionNotes(DataSource database) {
        this.database = database;
        this.notes = Batcher.start("session-notes", QUEUED, LARGEST_BATCH, GATHER, this::write);
    }

    @Override
    public void opened(AgentLink link, AgentMessage.Auth auth, Instant at) {
        notes.offer(new Note.Instance(
                link.connectionId().value(), link.agentId().value(), link.epoch(), at, auth.instanceId()));
    }

    @Override
    public Class<AgentMessage.ConfigAck> messageType() {
        return AgentMessage.ConfigAck.class;
    }

    @Override
    public void handle(AgentLink from, Received<AgentMessage.ConfigAck> received) {
        AgentMessage.ConfigAck ack = received.message();
        if (!ack.applied()) {
            String error = ack.error() == null ? "no reason given" : Quoted.plain(ack.error(), WORDS);
            notes.offer(new Note.Refusal(from.connectionId().value(), ack.configVersion(), received.at(), error));
        }
    }

    private void write(List<Note> batch) throws SQLException {
        try (Connection db = database.getConnection()) {
            db.setAutoCommit(false);
            try (PreparedStatement instances = db.prepareStatement(INSTANCE);
                    PreparedStatement refusals = db.prepareStatement(REFUSAL)) {
                for (Note note : batch) {
                    switch (note) {
                        case Note.Instance(UUID connection, UUID agent, long epoch, Instant at, UUID instance) -> {
                            instances.setObject(1, connection);
                            instances.setObject(2, agent);
                            instances.setLong(3, epoch);
                            instances.setObject(4, DiagnosisTable.utc(at));
                            instances.setObject(5, instance);
                            instances.addBatch();
                        }
                        case Note.Refusal(UUID connection, long version, Instant at, String error) -> {
                            refusals.setObject(1, connection);
                            refusals.setLong(2, version);
                            refusals.setObject(3, DiagnosisTable.utc(at));
                            refusals.setString(4, error);
                            refusals.addBatch();
                        }
                    }
                }
                instances.executeBatch();
                refusals.executeBatch();
                db.commit();
            } catch (SQLException | RuntimeException e) {
                db.rollback();
                throw e;
            } finally {
                db.setAutoCommit(true);
            }
        }
    }

    @Override
    public void close() {
        notes.close();
    }
}
