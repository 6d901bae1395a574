package dev.wireproof.command;

import dev.wireproof.access.ApiTokens;
import dev.wireproof.fleet.AgentDeleted;
import dev.wireproof.id.AgentId;
import dev.wireproof.id.CommandId;
import dev.wireproof.signing.CommandSigning;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.DoubleSupplier;
import javax.sql.DataSource;
import org.springframework.jdbc.core.simple.JdbcClient;

/** The room, put together: every part once, in the order in which they need each other. */
final class CommandRoom implements DeliveryLoad {
    private static final int GONE_AT_ONCE = 500;
    /** Far longer than anything that was on its way when an agent was deleted. */
    private static final Duration GONE_LATELY = Duration.ofHours(1);

    private final Lanes lanes = new Lanes();
    private final Executor blocking = Thread::startVirtualThread;
    private final CommandInbox inbox;
    private final BacklogTable backlog;
    private final KeyTable keys = new KeyTable();
    private final DataSource database;
    private final InstantSource clock;
    private Instant goneSince = Instant.EPOCH; // of the loop that looks for them

    final Dispatcher dispatcher;
    final CommandEngine engine;
    final CommandReaper reaper;
    final AgentReports reports;
    final Commands commands;

    CommandRoom(DataSource database, InstantSource clock, DeliveryPolicy policy, int writers, DoubleSupplier jitter) {
        this(database, database, clock, policy, writers, jitter, 10_000, DeliveryObserver.NONE);
    }

    /**
     * @param own connections that only the room's own work uses, so that people's questions cannot stop it
     * @param jitter each call -1…1
     * @param mostWaiting commands that may wait for one agent
     */
    CommandRoom(
            DataSource database,
            DataSource own,
            InstantSource clock,
            DeliveryPolicy policy,
            int writers,
            DoubleSupplier jitter,
            int mostWaiting,
            DeliveryObserver observer) {
        this(database, own, clock, policy, writers, jitter, mostWaiting, observer, CommandSigning.off());
    }

    /** As above, with commands signed where that is on. */
    CommandRoom(
            DataSource database,
            DataSource own,
            InstantSource clock,
            DeliveryPolicy policy,
            int writers,
            DoubleSupplier jitter,
            int mostWaiting,
            DeliveryObserver observer,
            CommandSigning signing) {
        this.database = database;
        this.clock = clock;
        JdbcClient db = JdbcClient.create(database);
        JdbcClient work = JdbcClient.create(own);
        inbox = new CommandInbox(clock, writers);
        backlog = new BacklogTable(work);
        LedgerTable ledgers = new LedgerTable(work);
        dispatcher = new Dispatcher(inbox, lanes, backlog, ledgers, clock, jitter, blocking);
        reaper = new CommandReaper(inbox, dispatcher, backlog, new ReaperTable(work), clock, observer);
        CommandQueries queries = new CommandQueries(db, new AgentPresence(lanes, clock, reaper::pausedFor));
        Followers followers = new Followers();
        AfterCommit after =
                new AfterCommit(inbox, lanes, dispatcher, new Views(queries, blocking), followers, clock, observer);
        engine = new CommandEngine(
                inbox, own, BatchContext.of(policy, lanes, jitter, mostWaiting, signing), after, clock, observer);
        reports = new AgentReports(inbox, lanes, dispatcher, ledgers::seen, reaper::pausedFor, blocking, observer);
        commands = new StoredCommands(
                inbox,
                lanes,
                queries,
                new OutputQueries(db),
                new Timelines(db, queries),
                followers,
                clock,
                jitter,
                blocking,
                signing.required());
    }

    /** One command for many agents, on top of the commands for one. */
    Rollouts rollouts(ApiTokens tokens) {
        return new Rollouts(commands, new RolloutTable(JdbcClient.create(database)), lanes, tokens, clock);
    }

    /** Stores the rungs that changed since the last call. */
    void flushRungs() {
        inbox.flushRungs();
    }

    /** Looks again at lanes on which commands wait. */
    void tick() {
        dispatcher.tick();
    }

    /** Waits until everything that was told before is stored, and what follows directly from it is done. Blocks. */
    void settle() {
        inbox.settle();
    }

    /** Ends the open commands of an agent that is gone. Blocks. */
    void agentDeleted(AgentDeleted gone) {
        List<CommandId> open = List.of();
        do {
            open = backlog.openOf(gone.agentId(), GONE_AT_ONCE);
            CompletableFuture.allOf(open.stream()
                            .map(id -> inbox.ask(id, _ -> new CommandEvent.AgentGone(clock.instant())))
                            .toArray(CompletableFuture[]::new))
                    .join();
        } while (open.size() == GONE_AT_ONCE);
    }

    /**
     * Ends what is still open of agents that are gone: the server stopped before it came to that, the database was away, or the command
     * was stored in the same instant. Blocks.
     */
    void endOrphans() {
        Instant now = clock.instant();
        List<AgentId> gone = backlog.goneWithOpen(goneSince, GONE_AT_ONCE);
        gone.forEach(agent -> agentDeleted(new AgentDeleted(agent, now)));
        if (gone.size() < GONE_AT_ONCE) {
            goneSince = now.minus(GONE_LATELY);
        }
    }

    /** Forgets idempotency keys past their day. Blocks. */
    void forgetKeys() {
        try (var on = database.getConnection()) {
            keys.forget(on, clock.instant());
        } catch (java.sql.SQLException e) {
            throw new StoreUnavailableException("old idempotency keys stay", e);
        }
    }

    @Override
    public long droppedReports() {
        return inbox.dropped();
    }

    @Override
    public int waitingToBeStored() {
        return inbox.backlog();
    }
}
