package dev.wireproof.command;

import dev.wireproof.command.Work.Create;
import dev.wireproof.id.CommandId;
import dev.wireproof.signing.CommandSigning;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.DoubleSupplier;
import java.util.stream.Collectors;

/**
 * One life of the server's command room: the real inbox, writers, batches, lifecycle, lanes, dispatcher and reports, on the
 * {@link SimulatedStore}. Nothing of it survives a crash. Loops and threads are turns that the {@link SimulatedWorld} gives; the reaper's
 * loop is the two lines of {@link #reap}, without its wait for the answers.
 */
final class SimulatedServer {
    private static final long REAP_NS = TimeUnit.MILLISECONDS.toNanos(1_000);
    private static final long FLUSH_NS = TimeUnit.MILLISECONDS.toNanos(900);
    private static final int MOST_WAITING = 1_000;
    private static final long TICK_NS = TimeUnit.SECONDS.toNanos(1);
    private static final DeliveryPolicy POLICY = new DeliveryPolicy(
            List.of(Duration.ofSeconds(5), Duration.ofSeconds(10), Duration.ofSeconds(20)), 4, Duration.ofMinutes(5));

    private final SimulatedWorld world;
    private final BacklogTable backlog;
    private final CommandInbox inbox;
    private final List<Writer> writers = new ArrayList<>();
    final Lanes lanes = new OrderedLanes();
    final Dispatcher dispatcher;
    final AgentReports reports;

    SimulatedServer(SimulatedWorld world, SimulatedStore store) {
        this.world = world;
        InstantSource clock = world::now;
        DoubleSupplier jitter = () -> world.random.nextDouble(-1, 1);
        backlog = store.backlog();
        LedgerTable ledgers = store.ledgers();
        inbox = new CommandInbox(clock, 2);
        dispatcher = new Dispatcher(inbox, lanes, backlog, ledgers, clock, jitter, this::later) {
            @Override
            void await(CompletableFuture<Void> offers) {
                if (!offers.isDone() && world.chance(0.8)) { // else: as when the time for it ran out
                    for (int offer = 0; offer < Lane.WINDOW && !offers.isDone(); offer++) { // one after the other
                        writers.forEach(Writer::turn);
                    }
                }
            }
        };
        CommandQueries queries = store.queries(new AgentPresence(lanes, clock, _ -> false));
        AfterCommit after = new AfterCommit(
                inbox,
                lanes,
                dispatcher,
                new Views(queries, this::later),
                new Followers(),
                clock,
                DeliveryObserver.NONE);
        BatchContext context = new BatchContext(
                new CommandLifecycle(POLICY),
                POLICY,
                lanes,
                store.commands(),
                store.attempts(),
                store.history(),
                store.output(),
                store.keyTable(),
                jitter,
                MOST_WAITING,
                CommandSigning.off());
        for (WriterQueue queue : inbox.queues()) {
            writers.add(new Writer(queue, store, context, after, clock));
        }
        reports = new AgentReports(
                inbox, lanes, dispatcher, ledgers::seen, _ -> false, this::later, DeliveryObserver.NONE);
        every(REAP_NS, this::reap);
        every(FLUSH_NS, inbox::flushRungs);
        every(TICK_NS, dispatcher::tick);
    }

    /** Their order must not hang on identity hashes. */
    private static final class OrderedLanes extends Lanes {
        @Override
        Set<Lane> backlogged() {
            return super.backlogged().stream()
                    .sorted(Comparator.comparingLong(lane -> lane.link.epoch()))
                    .collect(Collectors.toCollection(LinkedHashSet::new));
        }
    }

    private final class Writer extends CommandWriter {
        private final WriterQueue queue;
        private boolean busy;
        private boolean expected;

        Writer(WriterQueue queue, SimulatedStore store, BatchContext context, AfterCommit after, InstantSource clock) {
            super(0, queue, store.source(), context, after, clock, DeliveryObserver.NONE);
            this.queue = queue;
        }

        /** A turn comes to it when it has something to do. */
        void expect() {
            if (!busy && !expected && queue.size() > 0) {
                expected = true;
                after(world.random.nextLong(5_000_000), () -> {
                    expected = false;
                    turn();
                });
            }
        }

        void turn() {
            if (!busy && queue.size() > 0) {
                busy = true;
                try {
                    step(new ArrayList<>());
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                } finally {
                    busy = false;
                }
            }
        }

        /** The others go on meanwhile. */
        @Override
        void pause(Duration atMost) {
            world.runOn(atMost);
        }
    }

    private boolean alive() {
        return world.server() == this;
    }

    private void after(long ns, Runnable action) {
        world.after(ns, () -> {
            if (alive()) {
                action.run();
            }
        });
    }

    private void later(Runnable action) {
        after(world.random.nextLong(3_000_000), action);
    }

    private void every(long ns, Runnable action) {
        after(ns, () -> {
            every(ns, action);
            try {
                action.run();
            } catch (StoreUnavailableException away) {
                // as the loops of the server: the next run comes
            }
        });
    }

    void kick() {
        writers.forEach(Writer::expect);
    }

    private void reap() {
        for (BacklogTable.Due one : backlog.due(world.now(), List.of(), 500)) {
            inbox.tell(one.id(), facts -> dispatcher.due(facts, OfferReason.ACK_OVERDUE));
        }
    }

    CompletableFuture<Submission> submit(CommandId id, NewCommand what, IdempotencyKey key) {
        CompletableFuture<Submission> done = new CompletableFuture<>();
        List<WriterQueue> queues = inbox.queues();
        queues.get(Math.floorMod(key.hashCode(), queues.size())).offer(new Create(id, what, key, false, done));
        return done;
    }

    void cancel(CommandId id) {
        inbox.tell(id, facts -> {
            Lane lane = lanes.of(facts.agentId());
            return new CommandEvent.CancelRequested(
                    world.now(),
                    "nobody wants it",
                    "someone",
                    lane == null ? null : lane.line(),
                    lane == null ? Progress.UNSEEN : lane.progress(id),
                    world.random.nextDouble(-1, 1));
        });
    }

    CompletableFuture<Work.Told> redeliver(CommandId id) {
        return inbox.tell(id, _ -> new CommandEvent.RedeliverRequested(world.now(), "someone"));
    }
}
