package dev.wireproof.command;

import dev.wireproof.command.ColumnArrays.Column;
import dev.wireproof.id.AgentId;
import dev.wireproof.id.CommandId;
import dev.wireproof.protocol.AgentMessage.CommandResult;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/** The statements of a writer on the table {@code command}. Each is for a whole batch. */
class CommandTable {
    private static final JsonMapper JSON = new JsonMapper();

    /** A command on its way into the table. */
    record Fresh(NewCommand what, CommandRow row) {}

    private static final List<Column<CommandRow>> CHANGING = List.of(
            fact("history_n", "int4", CommandFacts::historyN),
            fact("state", "text", f -> f.state().wireName()),
            fact("state_since", "timestamptz", CommandFacts::stateSince),
            fact("certainty", "text", f -> f.certainty().wireName()),
            fact("expires_at", "timestamptz", CommandFacts::expiresAt),
            fact("due_at", "timestamptz", CommandFacts::dueAt),
            fact("next_offer_at", "timestamptz", CommandFacts::nextOfferAt),
            fact("attempts_used", "int4", CommandFacts::attemptsUsed),
            fact("max_attempts", "int4", CommandFacts::maxAttempts),
            fact("offers", "int4", CommandFacts::offers),
            fact("max_offers", "int4", CommandFacts::maxOffers),
            fact("round_base", "int4", CommandFacts::roundBase),
            fact("attempt_connection", "uuid", f -> valueOf(f.attemptConnection())),
            fact("attempt_counted", "bool", CommandFacts::attemptCounted),
            fact("first_offered_at", "timestamptz", CommandFacts::firstOfferedAt),
            // an array of arrays must be rectangular; so each comes as its text
            new Column<>(
                    "maybe_written",
                    "text",
                    "::integer[]",
                    r -> braces(r.facts().maybeWritten())),
            fact("ledger_id", "uuid", CommandFacts::ledgerId),
            fact("ledger_mixed", "bool", CommandFacts::ledgerMixed),
            fact("unparsable", "int4", CommandFacts::unparsableAttempt),
            fact("notes", "int4", CommandFacts::notes),
            fact("cancel_requested_at", "timestamptz", CommandFacts::cancelRequestedAt),
            fact("cancel_reason", "text", CommandFacts::cancelReason),
            fact("cancel_sends", "int4", CommandFacts::cancelSends),
            fact("cancel_sent_on", "uuid", f -> valueOf(f.cancelSentOn())),
            fact("acked_at", "timestamptz", CommandFacts::ackedAt),
            fact("started_at", "timestamptz", CommandFacts::startedAt),
            fact("ended_at", "timestamptz", CommandFacts::endedAt),
            fact("late", "bool", CommandFacts::late),
            new Column<>("stdout_end", "int8", r -> r.output().stdoutEnd()),
            new Column<>("stderr_end", "int8", r -> r.output().stderrEnd()),
            new Column<>("stdout_gaps", "bool", r -> r.output().stdoutGaps()),
            new Column<>("stderr_gaps", "bool", r -> r.output().stderrGaps()),
            new Column<>("output_cut", "bool", r -> r.output().cut()),
            fact("outcome", "text", f -> f.outcome() == null ? null : Reports.nameOf(f.outcome())),
            fact("exit_code", "int4", CommandFacts::exitCode),
            new Column<>("result_at", "timestamptz", CommandRow::resultAt),
            fact("result_digest", "text", CommandFacts::resultDigest),
            result("signal", "text", CommandResult::signal),
            result("stdout_bytes", "int8", CommandResult::stdoutBytes),
            result("stderr_bytes", "int8", CommandResult::stderrBytes),
            new Column<>(
                    "truncated", "bool", r -> r.result() != null && r.result().truncated()),
            result("agent_started_at", "timestamptz", CommandResult::startedAt),
            result("duration_ms", "int8", CommandResult::durationMs),
            result("result_message", "text", CommandResult::message));

    private static final ColumnArrays<CommandRow> UPDATED = new ColumnArrays<>(Stream.concat(
                    Stream.<Column<CommandRow>>of(
                            id(),
                            new Column<>("revision", "int8", r -> r.facts().revision())),
                    CHANGING.stream())
            .toList());

    private static final ColumnArrays<Fresh> INSERTED = new ColumnArrays<>(Stream.concat(
                    Stream.<Column<Fresh>>of(
                            new Column<>("id", "uuid", n -> n.row().facts().id()),
                            new Column<>("agent_id", "uuid", n -> n.what().agentId()),
                            new Column<>("site_id", "uuid", n -> n.what().siteId()),
                            new Column<>(
                                    "created_at",
                                    "timestamptz",
                                    n -> n.row().facts().stateSince()),
                            new Column<>("created_by", "text", n -> n.what().createdBy()),
                            new Column<>("note", "text", n -> n.what().note()),
                            new Column<>("interpreter", "text", n -> n.what().interpreter()),
                            new Column<>("script", "text", n -> n.what().script()),
                            new Column<>(
                                    "args",
                                    "text",
                                    "::json",
                                    n -> JSON.writeValueAsString(n.what().args())),
                            new Column<>(
                                    "env",
                                    "text",
                                    "::json",
                                    n -> JSON.writeValueAsString(n.what().env())),
                            new Column<>("cwd", "text", n -> n.what().cwd()),
                            new Column<>(
                                    "timeout_s", "int4", n -> n.what().timeout().toSeconds()),
                            new Column<>(
                                    "ttl_s", "int4", n -> n.what().timeToLive().toSeconds()),
                            new Column<>(
                                    "max_output_bytes", "int8", n -> n.what().maxOutputBytes()),
                            new Column<>(
                                    "effect", "text", n -> n.what().effect().wireName()),
                            new Column<>("secret", "bool", n -> n.what().secret()),
                            new Column<>(
                                    "provable_until",
                                    "timestamptz",
                                    n -> n.row().facts().provableUntil()),
                            new Column<>("token_id", "uuid", n -> n.what().tokenId()),
                            new Column<>("revision", "int8", _ -> 1)),
                    CHANGING.stream()
                            .map(c -> new Column<Fresh>(
                                    c.name(), c.type(), c.cast(), n -> c.value().apply(n.row()))))
            .toList());

    private static final String INSERT = "INSERT INTO command (%s) SELECT %s FROM %s"
            .formatted(INSERTED.names(), INSERTED.values(), INSERTED.unnest());

    /** The row's revision is checked in the statement that writes: another node's change is never overwritten. */
    private static final String UPDATE = """
        UPDATE command c
           SET %s, revision = c.revision + 1
          FROM %s
         WHERE c.id = u.id
           AND c.revision = u.revision
        """.formatted(new ColumnArrays<>(CHANGING).assignments(), UPDATED.unnest());

    /** A row that someone else holds makes nobody else wait: its events are tried again a little later. */
    private static final String LOCK = """
        %sSELECT %s FROM command WHERE id = ANY (?) ORDER BY id FOR UPDATE SKIP LOCKED
        """.formatted(Writes.BY_INDEX, RowReader.COLUMNS);

    /** How many are not acknowledged, counted no further than asked for: an index of those alone has them. */
    private static final String WAITING = """
        SELECT a.id, (SELECT count(*) FROM (SELECT 1 FROM command c WHERE c.agent_id = a.id AND c.state IN ('queued', 'offered')
                                             LIMIT ?) w)
          FROM unnest(?::uuid[]) AS a(id)
        """;

    private static final String EXIST = "SELECT id FROM command WHERE id = ANY (?)";

    private static final String BODIES = """
        SELECT id, agent_id, site_id, interpreter, script, args, env, cwd, timeout_s, ttl_s, max_output_bytes, effect, secret,
               created_by, created_at
          FROM command WHERE id = ANY (?)
        """;

    void insert(Writes to, List<Fresh> rows) {
        to.add(INSERT, INSERTED, rows);
    }

    /** None of it is stored when another node changed one of them. */
    void update(Writes to, List<CommandRow> rows) {
        to.addExact(UPDATE, UPDATED, rows);
    }

    /** Locks and reads those that are there and that nobody else holds. */
    List<CommandRow> lock(Connection on, Collection<CommandId> ids) throws SQLException {
        if (ids.isEmpty()) {
            return List.of();
        }
        try (PreparedStatement statement = on.prepareStatement(LOCK)) {
            statement.setArray(1, on.createArrayOf("uuid", ids.toArray()));
            statement.execute();
            statement.getMoreResults(); // behind the setting
            return read(statement.getResultSet(), ids.size(), RowReader::row);
        }
    }

    /** Those of them that are there, locked or not. */
    List<CommandId> existing(Connection on, Collection<CommandId> ids) throws SQLException {
        return select(on, EXIST, ids, rs -> new CommandId(RowReader.uuid(rs, 1)));
    }

    /** How many commands of each of these agents are not acknowledged, up to that many. */
    Map<AgentId, Integer> waiting(Connection on, Collection<AgentId> agents, int atMost) throws SQLException {
        Map<AgentId, Integer> waiting = new HashMap<>();
        if (agents.isEmpty()) {
            return waiting;
        }
        try (PreparedStatement statement = on.prepareStatement(WAITING)) {
            statement.setInt(1, atMost);
            statement.setArray(2, on.createArrayOf("uuid", agents.toArray()));
            try (ResultSet rs = statement.executeQuery()) {
                while (rs.next()) {
                    waiting.put(new AgentId(RowReader.uuid(rs, 1)), rs.getInt(2));
                }
            }
        }
        return waiting;
    }

    List<CommandBody> bodies(Connection on, Collection<CommandId> ids) throws SQLException {
        return select(on, BODIES, ids, CommandBody::read);
    }

    interface Reading<T> {
        T of(ResultSet rs) throws SQLException;
    }

    static <T> List<T> select(Connection on, String sql, Collection<CommandId> ids, Reading<T> reading)
            throws SQLException {
        if (ids.isEmpty()) {
            return List.of();
        }
        try (PreparedStatement statement = on.prepareStatement(sql)) {
            Array array = on.createArrayOf("uuid", ids.toArray());
            statement.setArray(1, array);
            return read(statement.executeQuery(), ids.size(), reading);
        }
    }

    private static <T> List<T> read(ResultSet rows, int expected, Reading<T> reading) throws SQLException {
        try (rows) {
            List<T> found = new ArrayList<>(expected);
            while (rows.next()) {
                found.add(reading.of(rows));
            }
            return found;
        }
    }

    private static Column<CommandRow> id() {
        return new Column<>("id", "uuid", r -> r.facts().id());
    }

    private static Column<CommandRow> fact(String name, String type, Function<CommandFacts, @Nullable Object> value) {
        return new Column<>(name, type, r -> value.apply(r.facts()));
    }

    private static Column<CommandRow> result(
            String name, String type, Function<CommandResult, @Nullable Object> value) {
        return new Column<>(name, type, r -> r.result() == null ? null : value.apply(r.result()));
    }

    private static @Nullable Object valueOf(@Nullable Object idOrNull) {
        return idOrNull;
    }

    private static String braces(List<Integer> numbers) {
        return numbers.toString().replace('[', '{').replace(']', '}');
    }
}
