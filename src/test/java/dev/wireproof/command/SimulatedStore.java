package dev.wireproof.command;

import dev.wireproof.command.BacklogTable.Due;
import dev.wireproof.command.BacklogTable.Unsettled;
import dev.wireproof.command.CommandTable.Fresh;
import dev.wireproof.command.KeyTable.Known;
import dev.wireproof.command.OutputTable.Extent;
import dev.wireproof.command.OutputTable.Piece;
import dev.wireproof.command.Work.Create;
import dev.wireproof.id.AgentId;
import dev.wireproof.id.CommandId;
import dev.wireproof.protocol.AgentMessage.Stream;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;

/**
 * The tables of the command room in memory: a model, not PostgreSQL. One transaction at a time; what it wrote counts from its commit on, whose
 * outcome the {@link SimulatedWorld} decides. The constraints of the real table that hold states and columns together are kept; locks of
 * others and revisions of other nodes are not, because one process owns this store at a time.
 */
final class SimulatedStore {
    private static final DataSource NONE = nothing(DataSource.class);

    private final SimulatedWorld world;
    private final Map<CommandId, CommandRow> rows = new LinkedHashMap<>(); // in order of their creation
    private final Map<CommandId, CommandBody> bodies = new HashMap<>();
    private final Map<CommandId, Integer> history = new HashMap<>();
    private final Map<String, NewAttempt> attempts = new HashMap<>();
    private final Map<String, List<Extent>> output = new HashMap<>();
    private final Map<KeyTable.Name, Known> keys = new LinkedHashMap<>();
    private final Map<String, Long> records = new HashMap<>();
    private final Map<String, Instant> wentBack = new HashMap<>();
    private final List<Runnable> open = new ArrayList<>();
    /** What the transaction was refused for; said at its commit. */
    private @Nullable SQLException refusal;
    /** Whether the transaction's connection is gone. */
    private boolean broken;

    SimulatedStore(SimulatedWorld world) {
        this.world = world;
    }

    @SuppressWarnings("unchecked")
    private static <T> T nothing(Class<T> type) {
        return (T) Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, (_, method, _) -> {
            throw new UnsupportedOperationException(method.getName());
        });
    }

    Collection<CommandRow> all() {
        return rows.values();
    }

    @Nullable
    CommandRow row(CommandId id) {
        return rows.get(id);
    }

    CommandBody body(CommandId id) {
        CommandBody body = bodies.get(id);
        if (body == null) {
            throw new AssertionError("no body of " + id);
        }
        return body;
    }

    @Nullable
    NewAttempt attempt(CommandId id, int attempt) {
        return attempts.get(id + "#" + attempt);
    }

    Map<KeyTable.Name, Known> keys() {
        return keys;
    }

    // ---- transactions

    DataSource source() {
        return (DataSource) Proxy.newProxyInstance(
                DataSource.class.getClassLoader(), new Class<?>[] {DataSource.class}, (_, method, _) -> {
                    if (!method.getName().equals("getConnection")) {
                        throw new UnsupportedOperationException(method.getName());
                    }
                    world.databaseAsked();
                    open.clear();
                    refusal = null;
                    broken = false;
                    return connection();
                });
    }

    private Connection connection() {
        return (Connection) Proxy.newProxyInstance(
                Connection.class.getClassLoader(),
                new Class<?>[] {Connection.class},
                (_, method, _) -> switch (method.getName()) {
                    case "commit" -> {
                        commit();
                        yield null;
                    }
                    case "rollback" -> {
                        open.clear();
                        if (broken) { // as a pool says it: without a state
                            throw new SQLException("Connection is closed");
                        }
                        yield null;
                    }
                    case "isValid" -> true;
                    case "setAutoCommit" -> {
                        if (broken) {
                            throw new SQLException("Connection is closed");
                        }
                        yield null;
                    }
                    case "close" -> null;
                    default -> throw new UnsupportedOperationException(method.getName());
                });
    }

    private void commit() throws SQLException {
        if (refusal != null) {
            world.check(false, () -> "a constraint of the table refused a change: " + refusal);
            throw refusal;
        }
        SimulatedWorld.Commit outcome = open.isEmpty() ? SimulatedWorld.Commit.DONE : world.commitOutcome();
        if (outcome == SimulatedWorld.Commit.CRASH_BEFORE) {
            throw new SimulatedWorld.Crash();
        }
        if (outcome == SimulatedWorld.Commit.LOST) {
            open.clear();
            if (world.flaw == SimulatedWorld.Flaw.LYING_DATABASE) {
                return;
            }
            broken = true;
            throw new SQLException("the connection broke before the commit arrived", "08006");
        }
        List<Runnable> changes = List.copyOf(open);
        open.clear();
        changes.forEach(Runnable::run);
        if (outcome == SimulatedWorld.Commit.CRASH_AFTER) {
            throw new SimulatedWorld.Crash();
        }
        if (outcome == SimulatedWorld.Commit.ANSWER_LOST) {
            broken = true;
            throw new SQLException("the answer to the commit was lost", "08006");
        }
    }

    private void put(CommandRow row) {
        CommandRow was = rows.put(row.facts().id(), row);
        if (was != null && was.facts().resultCommitted()) {
            CommandFacts before = was.facts();
            CommandFacts now = row.facts();
            world.check(
                    before.state() == now.state()
                            && before.resultDigest() != null
                            && before.resultDigest().equals(now.resultDigest())
                            && was.output().equals(row.output()),
                    () -> "3 not final: %s changed after its result".formatted(world.name(now.id())));
        }
    }

    /** As the CHECK constraints of the table: what would be refused there is refused here. */
    private void constrain(CommandRow row) {
        CommandFacts f = row.facts();
        boolean ended = f.state().ended();
        must(ended == (f.endedAt() != null), "command_ends", row);
        must(ended == (f.dueAt() == null), "command_open_has_a_next_time", row);
        must(
                f.nextOfferAt() == null || f.state() == CommandState.OFFERED,
                "command_next_offer_only_while_offered",
                row);
        must(
                f.state() != CommandState.QUEUED
                        || (f.maybeWritten().isEmpty()
                                && f.certainty() == Certainty.NOT_RECEIVED
                                && f.ackedAt() == null),
                "command_queued_left_no_trace",
                row);
        must(
                f.state() != CommandState.RUNNING || (f.certainty() == Certainty.EXECUTED && f.startedAt() != null),
                "command_running_has_started",
                row);
        must(
                f.state() != CommandState.ACKED
                        || ((f.certainty() == Certainty.RECEIVED || f.certainty() == Certainty.EXECUTED)
                                && f.ackedAt() != null),
                "command_acked_was_received",
                row);
        must(f.resultDigest() == null || f.outcome() != null, "command_result_is_whole", row);
    }

    private void must(boolean right, String constraint, CommandRow row) {
        if (!right) {
            refusal = new SQLException(constraint + " " + row.facts(), "23514");
        }
    }

    // ---- tables

    CommandTable commands() {
        return new CommandTable() {
            @Override
            void insert(Writes to, List<Fresh> fresh) {
                for (Fresh one : fresh) {
                    constrain(one.row());
                    CommandFacts facts = one.row().facts();
                    open.add(() -> {
                        put(one.row());
                        bodies.put(facts.id(), new CommandBody(facts.id(), facts.stateSince(), one.what()));
                    });
                }
            }

            @Override
            void update(Writes to, List<CommandRow> changed) {
                for (CommandRow row : changed) {
                    constrain(row);
                    open.add(() -> put(row));
                }
            }

            @Override
            List<CommandRow> lock(@Nullable Connection on, Collection<CommandId> ids) throws SQLException {
                world.statementRuns();
                List<CommandRow> found = new ArrayList<>();
                for (CommandId id : ids) {
                    CommandRow row = rows.get(id);
                    if (row != null) {
                        found.add(row);
                    }
                }
                return found;
            }

            @Override
            Map<AgentId, Integer> waiting(@Nullable Connection on, Collection<AgentId> agents, int atMost) {
                Map<AgentId, Integer> waiting = new HashMap<>();
                for (AgentId agent : agents) {
                    waiting.put(agent, (int) rows.values().stream()
                            .map(CommandRow::facts)
                            .filter(f -> f.agentId().equals(agent) && f.waiting())
                            .count());
                }
                return waiting;
            }

            @Override
            List<CommandId> existing(@Nullable Connection on, Collection<CommandId> ids) {
                return List.of();
            }

            @Override
            List<CommandBody> bodies(@Nullable Connection on, Collection<CommandId> ids) {
                return ids.stream().map(SimulatedStore.this::body).toList();
            }
        };
    }

    AttemptTable attempts() {
        return new AttemptTable() {
            @Override
            void insert(Writes to, List<NewAttempt> fresh) {
                for (NewAttempt one : fresh) {
                    String key = one.commandId() + "#" + one.attempt();
                    if (attempts.containsKey(key)) {
                        refusal = new SQLException("attempt " + key + " is there already", "23505");
                    }
                    open.add(() -> attempts.put(key, one));
                }
            }

            @Override
            void climb(Writes to, List<AttemptTrace> traces) {
                // rungs decide nothing; what they claim is checked by the cases on real connections
            }

            @Override
            void answer(Writes to, List<AttemptAnswer> answers) {
                // likewise
            }
        };
    }

    HistoryTable history() {
        return new HistoryTable() {
            @Override
            void insert(Writes to, List<HistoryRow> fresh) {
                for (HistoryRow one : fresh) {
                    open.add(() -> {
                        int before = history.getOrDefault(one.commandId(), 0);
                        world.check(
                                one.n() == before + 1,
                                () -> "8 order: row %d of %s after %d"
                                        .formatted(one.n(), world.name(one.commandId()), before));
                        history.put(one.commandId(), one.n());
                        world.log("%s %s %s: %s"
                                .formatted(world.name(one.commandId()), one.state(), one.certainty(), one.cause()));
                    });
                }
            }
        };
    }

    OutputTable output() {
        return new OutputTable() {
            @Override
            void insert(Writes to, List<Piece> pieces) {
                for (Piece piece : pieces) {
                    open.add(() -> output.computeIfAbsent(
                                    piece.commandId() + "/" + piece.stream(), _ -> new ArrayList<>())
                            .add(new Extent(piece.start(), piece.end())));
                }
            }

            @Override
            List<Extent> extents(@Nullable Connection on, CommandId id, Stream stream) {
                return output.getOrDefault(id + "/" + stream, List.of());
            }
        };
    }

    KeyTable keyTable() {
        return new KeyTable() {
            @Override
            Set<CommandId> claim(@Nullable Connection on, List<Create> creates, Instant now) throws SQLException {
                Set<CommandId> claimed = new HashSet<>();
                Set<KeyTable.Name> here = new HashSet<>();
                for (Create create : creates) {
                    IdempotencyKey key = KeyTable.keyOf(create);
                    KeyTable.Name name = KeyTable.Name.of(key);
                    if (!here.add(name)) {
                        throw new SQLException("ON CONFLICT cannot affect a row a second time", "21000");
                    }
                    if (!keys.containsKey(name)) {
                        claimed.add(create.id());
                        open.add(() -> keys.put(name, new Known(create.id(), key.requestSha256())));
                    }
                }
                return claimed;
            }

            @Override
            Map<KeyTable.Name, Known> known(@Nullable Connection on, List<Create> creates) {
                return keys;
            }
        };
    }

    BacklogTable backlog() {
        return new BacklogTable(JdbcClient.create(NONE)) {
            @Override
            List<CommandId> unacked(AgentId agent, int limit) {
                world.databaseRead();
                return rows.values().stream()
                        .map(CommandRow::facts)
                        .filter(f -> f.agentId().equals(agent) && f.waiting())
                        .limit(limit)
                        .map(CommandFacts::id)
                        .toList();
            }

            @Override
            List<Unsettled> unsettled(AgentId agent, Instant now, long before, int limit) {
                world.databaseRead();
                List<Unsettled> newestFirst = new ArrayList<>();
                long seq = 0;
                for (CommandRow row : rows.values()) {
                    CommandFacts f = row.facts();
                    boolean open = f.certainty() == Certainty.UNKNOWN
                            || f.certainty() == Certainty.RECEIVED
                            || !f.state().ended();
                    boolean asked = f.outcome() == null
                            && !f.waiting()
                            && open
                            && (f.provableUntil().isAfter(now) || !f.state().ended());
                    if (++seq < before && f.agentId().equals(agent) && asked) {
                        newestFirst.addFirst(
                                new Unsettled(f.id(), seq, !f.state().ended(), f.offers()));
                    }
                }
                return newestFirst.stream().limit(limit).toList();
            }

            @Override
            List<Due> due(Instant now, List<AgentId> paused, int limit) {
                world.databaseRead();
                return rows.values().stream()
                        .map(CommandRow::facts)
                        .filter(f -> f.dueAt() != null && !f.dueAt().isAfter(now))
                        .limit(limit)
                        .map(f -> new Due(f.id(), f.agentId()))
                        .toList();
            }
        };
    }

    LedgerTable ledgers() {
        return new LedgerTable(JdbcClient.create(NONE)) {
            @Override
            @Nullable
            Instant seen(AgentId agent, UUID ledger, long seq, Instant at) {
                world.databaseRead();
                String key = agent + "/" + ledger;
                if (seq < records.getOrDefault(key, 0L)) {
                    wentBack.put(key, at);
                }
                records.merge(key, seq, Math::max);
                return wentBack.get(key);
            }
        };
    }

    CommandQueries queries(AgentPresence presence) {
        return new CommandQueries(JdbcClient.create(NONE), presence) {
            @Override
            java.util.Optional<CommandView> find(CommandId id) {
                world.databaseRead();
                CommandRow row = rows.get(id);
                return row == null ? java.util.Optional.empty() : java.util.Optional.of(view(body(id), row));
            }
        };
    }
}
