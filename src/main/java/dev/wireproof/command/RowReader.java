package dev.wireproof.command;

import dev.wireproof.id.AgentId;
import dev.wireproof.id.CommandId;
import dev.wireproof.id.ConnectionId;
import dev.wireproof.protocol.AgentMessage.CommandResult;
import dev.wireproof.protocol.AgentMessage.Outcome;
import java.sql.Array;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Reads the part of a command that the lifecycle knows. */
final class RowReader {
    static final String COLUMNS = """
        id, agent_id, effect, ttl_s, timeout_s, revision, history_n, state, state_since, certainty, expires_at,
        provable_until, due_at, next_offer_at, attempts_used, max_attempts, offers, max_offers, round_base,
        attempt_connection, attempt_counted, first_offered_at, maybe_written, ledger_id, ledger_mixed, unparsable, notes,
        cancel_requested_at, cancel_reason, cancel_sends, cancel_sent_on, acked_at, started_at, ended_at, late,
        stdout_end, stderr_end, stdout_gaps, stderr_gaps, output_cut, max_output_bytes, outcome, exit_code, result_at,
        result_digest, signal, stdout_bytes, stderr_bytes, truncated, agent_started_at, duration_ms, result_message\
        """;

    private RowReader() {}

    static CommandRow row(ResultSet rs) throws SQLException {
        Instant resultAt = instantOrNull(rs, "result_at");
        CommandId id = new CommandId(uuid(rs, "id"));
        return new CommandRow(
                facts(rs, id),
                new OutputMarks(
                        rs.getLong("stdout_end"),
                        rs.getLong("stderr_end"),
                        rs.getBoolean("stdout_gaps"),
                        rs.getBoolean("stderr_gaps"),
                        rs.getBoolean("output_cut")),
                rs.getLong("max_output_bytes"),
                resultAt == null ? null : result(rs, id),
                resultAt);
    }

    private static CommandFacts facts(ResultSet rs, CommandId id) throws SQLException {
        return new CommandFacts(
                id,
                new AgentId(uuid(rs, "agent_id")),
                CommandEffect.ofWireName(rs.getString("effect")),
                Duration.ofSeconds(rs.getInt("ttl_s")),
                Duration.ofSeconds(rs.getInt("timeout_s")),
                rs.getLong("revision"),
                rs.getInt("history_n"),
                state(rs.getString("state")),
                instant(rs, "state_since"),
                Certainty.ofWireName(rs.getString("certainty")),
                instant(rs, "expires_at"),
                instant(rs, "provable_until"),
                instantOrNull(rs, "due_at"),
                instantOrNull(rs, "next_offer_at"),
                rs.getInt("attempts_used"),
                rs.getInt("max_attempts"),
                rs.getInt("offers"),
                rs.getInt("max_offers"),
                rs.getInt("round_base"),
                connection(rs, "attempt_connection"),
                rs.getBoolean("attempt_counted"),
                instantOrNull(rs, "first_offered_at"),
                integers(rs.getArray("maybe_written")),
                rs.getObject("ledger_id", UUID.class),
                rs.getBoolean("ledger_mixed"),
                rs.getInt("unparsable"),
                rs.getInt("notes"),
                instantOrNull(rs, "cancel_requested_at"),
                rs.getString("cancel_reason"),
                rs.getInt("cancel_sends"),
                connection(rs, "cancel_sent_on"),
                instantOrNull(rs, "acked_at"),
                instantOrNull(rs, "started_at"),
                instantOrNull(rs, "ended_at"),
                rs.getBoolean("late"),
                outcome(rs.getString("outcome")),
                rs.getObject("exit_code", Integer.class),
                rs.getString("result_digest"));
    }

    static CommandResult result(ResultSet rs, CommandId id) throws SQLException {
        Outcome outcome = outcome(rs.getString("outcome"));
        return new CommandResult(
                id,
                outcome == null ? Outcome.EXITED : outcome,
                rs.getObject("exit_code", Integer.class),
                rs.getString("signal"),
                rs.getLong("stdout_bytes"),
                rs.getLong("stderr_bytes"),
                rs.getBoolean("truncated"),
                instantOrNull(rs, "agent_started_at"),
                rs.getLong("duration_ms"),
                rs.getString("result_message"));
    }

    static CommandState state(String wireName) {
        return CommandState.ofWireName(wireName).orElseThrow();
    }

    static @Nullable Outcome outcome(@Nullable String wireName) {
        return wireName == null ? null : Outcome.valueOf(wireName.toUpperCase(Locale.ROOT));
    }

    static UUID uuid(ResultSet rs, String column) throws SQLException {
        return rs.getObject(column, UUID.class);
    }

    static UUID uuid(ResultSet rs, int column) throws SQLException {
        return rs.getObject(column, UUID.class);
    }

    static @Nullable ConnectionId connection(ResultSet rs, String column) throws SQLException {
        UUID id = rs.getObject(column, UUID.class);
        return id == null ? null : new ConnectionId(id);
    }

    static Instant instant(ResultSet rs, String column) throws SQLException {
        return rs.getObject(column, OffsetDateTime.class).toInstant();
    }

    static @Nullable Instant instantOrNull(ResultSet rs, String column) throws SQLException {
        OffsetDateTime at = rs.getObject(column, OffsetDateTime.class);
        return at == null ? null : at.toInstant();
    }

    private static List<Integer> integers(Array array) throws SQLException {
        return List.of((Integer[]) array.getArray());
    }
}
