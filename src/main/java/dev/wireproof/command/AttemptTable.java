package dev.wireproof.command;

import dev.wireproof.command.ColumnArrays.Column;
import dev.wireproof.id.AgentId;
import dev.wireproof.protocol.CloseCode;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The statements of a writer on the table {@code command_attempt}. */
class AttemptTable {
    private static final ColumnArrays<NewAttempt> INSERTED = new ColumnArrays<>(List.of(
            new Column<>("command_id", "uuid", NewAttempt::commandId),
            new Column<>("attempt", "int4", NewAttempt::attempt),
            new Column<>("agent_id", "uuid", NewAttempt::agentId),
            new Column<>("connection_id", "uuid", a -> a.lane().link.connectionId()),
            new Column<>("epoch", "int8", a -> a.lane().link.epoch()),
            new Column<>("reason", "text", a -> a.reason().wireName()),
            new Column<>("offered_at", "timestamptz", NewAttempt::at),
            new Column<>("opened_at", "timestamptz", a -> a.lane().openedAt),
            new Column<>("ledger_id", "uuid", a -> a.lane().line().ledgerId()),
            new Column<>("frame_bytes", "int4", a -> a.text().bytes()),
            new Column<>("frame_sha256", "text", a -> a.text().sha256())));

    /** The epoch is checked in the statement that writes: what another process knows of a newer connection counts. */
    private static final String INSERT = """
        INSERT INTO command_attempt (%s)
        SELECT %s FROM %s
         WHERE NOT EXISTS (SELECT 1 FROM agent_line l WHERE l.agent_id = u.agent_id AND l.epoch > u.epoch)
        """.formatted(INSERTED.names(), INSERTED.values(), INSERTED.unnest());

    private static final String SUPERSEDED = """
        SELECT l.agent_id
          FROM agent_line l JOIN unnest(?::uuid[], ?::int8[]) AS u(agent_id, epoch) ON l.agent_id = u.agent_id AND l.epoch > u.epoch
        """;

    private static final ColumnArrays<AttemptTrace> RUNGS = new ColumnArrays<>(List.of(
            new Column<>("command_id", "uuid", t -> t.commandId),
            new Column<>("attempt", "int4", t -> t.attempt),
            new Column<>("fence_seq", "int8", t -> t.fenceSeq < 0 ? null : (Object) t.fenceSeq),
            new Column<>("enqueued_ns", "int8", t -> seen(t.enqueuedNs)),
            new Column<>("write_started_ns", "int8", t -> seen(t.writeStartedNs)),
            new Column<>("written_ns", "int8", t -> seen(t.writtenNs)),
            new Column<>("write_failed_ns", "int8", t -> seen(t.writeFailedNs)),
            new Column<>("write_error", "text", t -> t.writeError),
            new Column<>("tcp_acked_ns", "int8", t -> seen(t.tcpAckedNs)),
            new Column<>("peer_read_ns", "int8", t -> seen(t.peerReadNs)),
            new Column<>("fence_rtt_ns", "int8", t -> t.fenceRttNs < 0 ? null : (Object) t.fenceRttNs),
            new Column<>("refusal", "text", t -> t.refusal),
            new Column<>("never_written", "bool", t -> t.neverWritten && t.writeStartedNs <= 0)));

    /** A trace only ever learns more, and one process owns it: what it holds replaces what it held before. */
    private static final String CLIMB = """
        UPDATE command_attempt a
           SET %s
          FROM %s
         WHERE a.command_id = u.command_id
           AND a.attempt = u.attempt
        """.formatted(RUNGS.assignments(), RUNGS.unnest());

    private static final ColumnArrays<AttemptAnswer> ANSWERS = new ColumnArrays<>(List.of(
            new Column<>("command_id", "uuid", AttemptAnswer::commandId),
            new Column<>("attempt", "int4", a -> a.answer().attempt()),
            new Column<>("acked_at", "timestamptz", a -> a.answer().nack() == null ? a.at() : null),
            new Column<>("nacked_at", "timestamptz", a -> a.answer().nack() == null ? null : a.at()),
            new Column<>("answered_ns", "int8", AttemptAnswer::ns),
            new Column<>("answered_on", "uuid", AttemptAnswer::on),
            new Column<>("nack_code", "text", AttemptTable::nackCode),
            new Column<>("nack_message", "text", a -> a.answer().message()),
            new Column<>("seen_bytes", "int4", a -> a.answer().seenBytes()),
            new Column<>("seen_sha256", "text", a -> a.answer().seenSha256())));

    /** The first answer to an attempt stands; a repeated one says nothing new of that attempt. */
    private static final String ANSWER = """
        UPDATE command_attempt a
           SET acked_at = u.acked_at, nacked_at = u.nacked_at, answered_ns = u.answered_ns, answered_on = u.answered_on,
               nack_code = u.nack_code, nack_message = u.nack_message, seen_bytes = u.seen_bytes, seen_sha256 = u.seen_sha256
          FROM %s
         WHERE a.command_id = u.command_id
           AND a.attempt = u.attempt
           AND a.answered_on IS NULL
        """.formatted(ANSWERS.unnest());

    /** None of it is stored when an agent has a newer connection, perhaps at another process: see {@link #letGoOfSuperseded}. */
    void insert(Writes to, List<NewAttempt> attempts) {
        to.addExact(INSERT, INSERTED, attempts);
    }

    /** Closes the connections of those attempts whose agents are known to have a newer one. */
    void letGoOfSuperseded(Connection on, List<NewAttempt> attempts) throws SQLException {
        if (attempts.isEmpty()) {
            return;
        }
        try (PreparedStatement statement = on.prepareStatement(SUPERSEDED)) {
            new ColumnArrays<NewAttempt>(List.of(
                            new Column<>("agent_id", "uuid", NewAttempt::agentId),
                            new Column<>("epoch", "int8", a -> a.lane().link.epoch())))
                    .bind(statement, 1, attempts);
            try (ResultSet superseded = statement.executeQuery()) {
                while (superseded.next()) {
                    AgentId agent = new AgentId(RowReader.uuid(superseded, 1));
                    attempts.stream()
                            .filter(attempt -> attempt.agentId().equals(agent))
                            .forEach(attempt -> attempt.lane()
                                    .link
                                    .close(CloseCode.SUPERSEDED, "a newer connection of this agent is known"));
                }
            }
        }
    }

    void climb(Writes to, List<AttemptTrace> traces) {
        to.add(CLIMB, RUNGS, traces);
    }

    void answer(Writes to, List<AttemptAnswer> answers) {
        to.add(ANSWER, ANSWERS, answers);
    }

    private static @Nullable Object seen(long ns) {
        return ns > 0 ? (Object) ns : null;
    }

    private static @Nullable Object nackCode(AttemptAnswer answer) {
        return answer.answer().nack() == null
                ? null
                : Reports.nameOf(answer.answer().nack());
    }
}
