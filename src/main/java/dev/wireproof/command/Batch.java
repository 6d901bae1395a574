package dev.wireproof.command;

import dev.wireproof.command.CommandTable.Fresh;
import dev.wireproof.command.KeyTable.Known;
import dev.wireproof.command.Work.Create;
import dev.wireproof.command.Work.Tell;
import dev.wireproof.connection.OutboundText;
import dev.wireproof.id.AgentId;
import dev.wireproof.id.CommandId;
import dev.wireproof.signing.SignerAwayException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Many commands' events as one transaction of a few statements. Lives on one writer's thread for one transaction; nothing leaves the process
 * before {@link #store} returned and the caller committed.
 */
final class Batch {
    private final BatchContext context;
    private final Connection on;
    private final Instant now;
    private final Map<CommandId, Pending> pending = new LinkedHashMap<>();

    final List<Pending> created = new ArrayList<>();
    /** Creates whose key was used before, with what it made. */
    final Map<Create, Known> known = new LinkedHashMap<>();
    /** Creates for agents that have too many waiting. */
    final List<Create> refused = new ArrayList<>(0);
    /** Events of commands that do not exist. */
    final List<Tell> unknown = new ArrayList<>();
    /** Events of commands whose row someone else holds. */
    final List<Tell> later = new ArrayList<>();
    /** Slots taken on lanes for this batch; to be given back when it is not stored. */
    final Map<CommandId, Lane> reserved = new HashMap<>();

    Batch(BatchContext context, Connection on, Instant now) {
        this.context = context;
        this.on = on;
        this.now = now;
    }

    /** How many commands may wait for one agent. */
    int mostWaiting() {
        return context.mostWaiting();
    }

    Iterable<Pending> touched() {
        return pending.values();
    }

    void store(List<Create> creates, List<Tell> tells, List<AttemptTrace> traces) throws SQLException {
        create(admitted(winners(creates)));
        List<Pending> locked = lock(tells);
        apply(tells);
        prepareAttempts();
        List<CommandRow> changed =
                locked.stream().filter(Pending::changed).map(Pending::row).toList();
        Writes writes = new Writes();
        context.commands()
                .insert(
                        writes,
                        created.stream()
                                .map(p -> new Fresh(bodyOf(p).what(), p.row()))
                                .toList());
        context.commands().update(writes, changed);
        List<NewAttempt> attempts = all(p -> p.attempts);
        context.attempts().insert(writes, attempts);
        context.attempts().climb(writes, traces);
        context.attempts().answer(writes, all(p -> p.answers));
        context.history().insert(writes, all(p -> p.history));
        context.output().insert(writes, all(p -> p.output.pieces()));
        try {
            writes.send(on);
        } catch (RevisionConflict e) {
            context.attempts().letGoOfSuperseded(on, attempts);
            throw e;
        }
    }

    private List<Create> winners(List<Create> creates) throws SQLException {
        List<Create> keyed = creates.stream().filter(c -> c.key() != null).toList();
        if (keyed.isEmpty()) {
            return creates;
        }
        Map<KeyTable.Name, Create> first = new LinkedHashMap<>(); // one statement cannot claim a key twice
        keyed.forEach(c -> first.putIfAbsent(KeyTable.Name.of(KeyTable.keyOf(c)), c));
        Set<CommandId> claimed = context.keys().claim(on, List.copyOf(first.values()), now);
        List<Create> losers =
                keyed.stream().filter(c -> !claimed.contains(c.id())).toList();
        if (losers.isEmpty()) {
            return creates;
        }
        Map<KeyTable.Name, Known> owners = context.keys().known(on, losers);
        for (Create loser : losers) {
            Known owner = owners.get(KeyTable.Name.of(KeyTable.keyOf(loser)));
            if (owner == null) {
                throw new SQLException("an idempotency key vanished", "40001");
            }
            known.put(loser, owner);
        }
        return creates.stream().filter(c -> !known.containsKey(c)).toList();
    }

    /** An agent that is away, or behind, has only so many commands waiting. One that keeps up is not asked about. */
    private List<Create> admitted(List<Create> creates) throws SQLException {
        Set<AgentId> behind = new LinkedHashSet<>();
        for (Create create : creates) {
            Lane lane = context.lanes().of(create.what().agentId());
            if (lane == null || lane.hasBacklog()) {
                behind.add(create.what().agentId());
            }
        }
        if (behind.isEmpty()) {
            return creates;
        }
        Map<AgentId, Integer> waiting = context.commands().waiting(on, behind, context.mostWaiting());
        List<Create> admitted = new ArrayList<>(creates.size());
        for (Create create : creates) {
            Integer before = waiting.computeIfPresent(create.what().agentId(), (_, count) -> count + 1);
            (before == null || before <= context.mostWaiting() ? admitted : refused).add(create);
        }
        context.keys()
                .release(
                        on,
                        refused.stream()
                                .filter(create -> create.key() != null)
                                .map(Create::id)
                                .toList());
        return admitted;
    }

    /** A new command whose agent is on the line and has room gets its first attempt in the same transaction. */
    private void create(List<Create> creates) {
        for (Create create : creates) {
            NewCommand what = create.what();
            CommandFacts facts = CommandFacts.created(
                    create.id(),
                    what.agentId(),
                    what.effect(),
                    what.timeToLive(),
                    what.timeout(),
                    now,
                    context.policy());
            Pending fresh = new Pending(
                    new CommandRow(facts, OutputMarks.NONE, what.maxOutputBytes(), null, null), (_, _) -> List.of());
            fresh.body = new CommandBody(create.id(), now, what);
            fresh.create = create;
            fresh.created(now, what.createdBy());
            Lane lane = context.lanes().of(what.agentId());
            if (lane != null
                    && (create.ahead() ? lane.reserveAhead(create.id()) : lane.reserveIfNext(create.id(), now))) {
                reserved.put(create.id(), lane);
                CommandEvent offer = new CommandEvent.OfferPossible(
                        now,
                        lane.line(),
                        OfferReason.DISPATCH,
                        Progress.UNSEEN,
                        context.jitter().getAsDouble());
                fresh.took(context.lifecycle().next(facts, offer), offer, null);
            }
            created.add(fresh);
            pending.put(create.id(), fresh);
        }
    }

    private List<Pending> lock(List<Tell> tells) throws SQLException {
        Set<CommandId> ids = new LinkedHashSet<>();
        tells.forEach(tell -> ids.add(tell.id()));
        List<Pending> locked = new ArrayList<>(ids.size());
        for (CommandRow row : context.commands().lock(on, ids)) {
            Pending one = new Pending(row, (id, stream) -> context.output().extents(on, id, stream));
            pending.put(one.id(), one);
            locked.add(one);
            ids.remove(one.id());
        }
        Set<CommandId> held = new HashSet<>(context.commands().existing(on, ids));
        for (Tell tell : tells) {
            if (ids.contains(tell.id())) {
                (held.contains(tell.id()) ? later : unknown).add(tell);
            }
        }
        return locked;
    }

    private void apply(List<Tell> tells) throws SQLException {
        for (Tell tell : tells) {
            Pending one = pending.get(tell.id());
            if (one == null) {
                continue;
            }
            Work.Report report = tell.report();
            if (report != null && !report.from().agentId().equals(one.facts().agentId())) {
                unknown.add(tell); // the same answer for "not yours" and "unknown"
            } else {
                one.apply(tell, context.lifecycle());
            }
        }
    }

    private void prepareAttempts() throws SQLException {
        List<Pending> bodiless = pending.values().stream()
                .filter(p -> !p.sends.isEmpty() && p.body == null)
                .toList();
        Map<CommandId, CommandBody> bodies = new HashMap<>();
        for (CommandBody body :
                context.commands().bodies(on, bodiless.stream().map(Pending::id).toList())) {
            bodies.put(body.id(), body);
        }
        bodiless.forEach(p -> p.body = bodies.get(p.id()));
        for (Pending one : pending.values()) {
            for (Consequence.SendCommand send : one.sends) {
                Lane lane = context.lanes().of(send.on().id());
                Lane known = lane != null ? lane : reserved.get(one.id());
                if (known == null) {
                    // The line ended since: the attempt would say nothing. Try the event again, without the line.
                    throw new SQLException("a connection ended while an offer on it was stored", "40001");
                }
                OutboundText text = null;
                String unsent = null;
                if (context.signing().required()) {
                    try {
                        text = bodyOf(one)
                                .signedText(send.attempt(), one.facts().expiresAt(), context.signing(), known);
                    } catch (SignerAwayException e) {
                        unsent = "it could not be signed: " + e.getMessage();
                    }
                }
                if (text == null) {
                    text = bodyOf(one).text(send.attempt(), one.facts().expiresAt());
                }
                one.attempts.add(new NewAttempt(
                        one.id(),
                        send.attempt(),
                        one.facts().agentId(),
                        known,
                        send.reason(),
                        now,
                        one.facts().nextOfferAt(),
                        text,
                        unsent));
            }
        }
    }

    private static CommandBody bodyOf(Pending one) {
        CommandBody body = one.body;
        if (body == null) {
            throw new IllegalStateException("no body of " + one.id());
        }
        return body;
    }

    private <T> List<T> all(java.util.function.Function<Pending, List<T>> what) {
        List<T> all = new ArrayList<>(pending.size());
        pending.values().forEach(one -> all.addAll(what.apply(one)));
        return all;
    }

    @Nullable
    Pending pending(CommandId id) {
        return pending.get(id);
    }
}
