package dev.wireproof.command;

import dev.wireproof.command.Work.Create;
import dev.wireproof.command.Work.FlushRungs;
import dev.wireproof.command.Work.Tell;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One of the threads that store. What fails is sorted: a row that the database
 * refuses costs only itself; a conflict is tried again; while the database is away, callers are told so at once and agents' reports are
 * kept in order.
 */
class CommandWriter {
    private static final Logger log = LoggerFactory.getLogger(CommandWriter.class);
    private static final int BATCH = 200;
    private static final int CONFLICTS = 20;
    private static final Duration WHILE_AWAY = Duration.ofMillis(200);
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private final WriterQueue queue;
    private final DataSource database;
    private final BatchContext context;
    private final AfterCommit after;
    private final InstantSource clock;
    private final DeliveryObserver observer;
    private final Thread thread;
    /** Used by the thread only. */
    private final HeldBack held = new HeldBack();

    CommandWriter(
            int number,
            WriterQueue queue,
            DataSource database,
            BatchContext context,
            AfterCommit after,
            InstantSource clock,
            DeliveryObserver observer) {
        this.queue = queue;
        this.database = database;
        this.context = context;
        this.after = after;
        this.clock = clock;
        this.observer = observer;
        this.thread = Thread.ofVirtual().name("command-writer-" + number).unstarted(this::loop);
    }

    void start() {
        thread.start();
    }

    void stop() {
        queue.close();
        try {
            if (!thread.join(PATIENCE)) {
                thread.interrupt();
                thread.join(PATIENCE);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void loop() {
        List<Work> batch = new ArrayList<>(BATCH);
        while (!queue.closedAndEmpty()) {
            try {
                step(batch);
            } catch (InterruptedException e) {
                break;
            } catch (RuntimeException | Error e) {
                log.atError().setCause(e).log("command.writer_failed");
                batch.forEach(work -> fail(work, e));
            }
        }
        List<Work> left = new ArrayList<>();
        queue.drainTo(left, Integer.MAX_VALUE);
        left.addAll(held.takeAll());
        left.forEach(work -> fail(work, new StoreUnavailableException("the server is stopping", null)));
    }

    /** Takes what is there, waiting when there is nothing, and stores it. @param batch for its use */
    final void step(List<Work> batch) throws InterruptedException {
        batch.clear();
        take(batch);
        store(batch);
    }

    /** Waits until the database may be tried again. */
    void pause(Duration atMost) throws InterruptedException {
        Thread.sleep(atMost);
    }

    private void take(List<Work> batch) throws InterruptedException {
        held.takeDue(batch, BATCH);
        if (batch.isEmpty()) {
            Work first = held.isEmpty() ? queue.take() : queue.poll(HeldBack.PAUSE);
            if (first == null) {
                return;
            }
            batch.add(first);
        }
        if (batch.size() < BATCH) {
            queue.drainTo(batch, BATCH - batch.size());
        }
        batch.removeIf(work -> nobodyWaits(work) || held.behind(work));
    }

    /** Whoever asked for it was told that it is not stored: then it must not be stored after all. */
    private static boolean nobodyWaits(Work work) {
        return work instanceof Create create && create.done().isDone();
    }

    private void store(List<Work> batch) throws InterruptedException {
        if (batch.isEmpty()) {
            return;
        }
        SQLException failure = attempt(batch);
        for (int tries = 1; failure != null && Trouble.of(failure) == Trouble.CONFLICT && tries < CONFLICTS; tries++) {
            pause(Duration.ofMillis(Math.min(tries * 2L, 20)));
            failure = attempt(batch);
        }
        if (failure == null) {
            return;
        }
        if (Trouble.of(failure) == Trouble.AWAY) {
            waitForDatabase(batch, failure);
        } else if (batch.size() > 1) {
            for (Work one : List.copyOf(batch)) { // one bad row costs nothing else
                store(new ArrayList<>(List.of(one)));
            }
        } else {
            refuse(batch.getFirst(), failure);
        }
    }

    private void waitForDatabase(List<Work> batch, SQLException failure) throws InterruptedException {
        log.atWarn().addKeyValue("cause", failure.getMessage()).log("command.database_away");
        StoreUnavailableException why = new StoreUnavailableException("the database is away", failure);
        List<Work> kept = new ArrayList<>(batch);
        SQLException still = failure;
        while (still != null && Trouble.of(still) == Trouble.AWAY && !queue.isClosed()) {
            kept.removeIf(work -> giveUp(work, why));
            queue.removeIf(work -> giveUp(work, why));
            pause(WHILE_AWAY);
            still = kept.isEmpty() ? probe() : attempt(kept);
        }
        if (still == null) {
            log.atInfo().log("command.database_back");
        } else if (queue.isClosed()) {
            kept.forEach(work -> fail(work, why));
        } else {
            store(kept);
        }
    }

    /** Whoever waits for an answer gets it now; what an agent said is kept. */
    private boolean giveUp(Work work, StoreUnavailableException why) {
        if (work instanceof Tell tell && tell.report() != null) {
            return false;
        }
        if (work instanceof FlushRungs) {
            queue.flushTaken();
        }
        fail(work, why);
        return true;
    }

    private @Nullable SQLException probe() {
        try (Connection on = database.getConnection()) {
            return on.isValid(1) ? null : new SQLException("not valid", "08006");
        } catch (SQLException e) {
            return e;
        }
    }

    /** @return null when it is stored, and what follows from it is done */
    private @Nullable SQLException attempt(List<Work> works) {
        long start = System.nanoTime();
        List<AttemptTrace> traces = tracesOf(works);
        List<Create> creates = new ArrayList<>(works.size());
        List<Tell> tells = new ArrayList<>(works.size());
        for (Work work : works) {
            switch (work) {
                case Create create -> creates.add(create);
                case Tell tell -> tells.add(tell);
                case FlushRungs _ -> {}
            }
        }
        Batch batch = null;
        try (Connection on = database.getConnection()) {
            on.setAutoCommit(false);
            batch = new Batch(context, on, clock.instant());
            try {
                batch.store(creates, tells, traces);
                on.commit();
            } catch (SQLException | RuntimeException | Error e) {
                rollBack(on, e);
                throw e;
            }
        } catch (SQLException e) {
            undo(batch, traces);
            observer.batchFailed();
            return e;
        } catch (RuntimeException | Error e) {
            undo(batch, traces);
            observer.batchFailed();
            return new SQLException("a fault of ours: " + e, "XX000", e);
        }
        observer.batchStored(works.size(), System.nanoTime() - start);
        held.add(batch.later);
        after.done(batch, traces);
        return null;
    }

    /** What went wrong first is what counts: a connection that broke cannot roll back, and says less of why. */
    private static void rollBack(Connection on, Throwable because) {
        try {
            on.rollback();
        } catch (SQLException e) {
            because.addSuppressed(e);
        }
    }

    private static void undo(@Nullable Batch batch, List<AttemptTrace> traces) {
        traces.forEach(AttemptTrace::touched);
        if (batch != null) {
            batch.reserved.forEach((id, lane) -> lane.release(id));
        }
    }

    /** With an ack, the rungs below it are stored in the same transaction. */
    private List<AttemptTrace> tracesOf(List<Work> works) {
        List<AttemptTrace> traces = new ArrayList<>();
        for (Work work : works) {
            if (work instanceof Tell tell
                    && tell.report() != null
                    && tell.report().answer() != null) {
                Lane lane = context.lanes().of(tell.report().from().connectionId());
                AttemptTrace trace = lane == null ? null : lane.trace(tell.id());
                if (trace != null && trace.clean()) {
                    traces.add(trace);
                }
            } else if (work instanceof FlushRungs) {
                queue.flushTaken();
                queue.drainDirty(traces);
            }
        }
        return traces;
    }

    private void refuse(Work work, SQLException failure) {
        log.atError()
                .addKeyValue("work", work.getClass().getSimpleName())
                .setCause(failure)
                .log("command.not_storable");
        if (work instanceof Tell tell && tell.report() != null) { // nothing that arrives is swallowed
            Texts.notStorable(tell.report());
        }
        fail(work, failure);
    }

    private static void fail(Work work, Throwable why) {
        switch (work) {
            case Create create -> create.done().completeExceptionally(why);
            case Tell tell -> tell.done().completeExceptionally(why);
            case FlushRungs _ -> {}
        }
    }
}
