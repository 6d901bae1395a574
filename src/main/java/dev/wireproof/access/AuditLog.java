package dev.wireproof.access;

import dev.wireproof.background.RepeatingTask;
import dev.wireproof.background.SqlFaults;
import dev.wireproof.id.SiteId;
import dev.wireproof.id.Uuids;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import org.springframework.dao.DataAccessException;
import org.springframework.stereotype.Component;
import org.springframework.transaction.support.TransactionSynchronization;
import org.springframework.transaction.support.TransactionSynchronizationManager;

/**
 * The audit log. {@link #recordSoon} is for requests by the thousand: it never blocks, and rows are there within a second, or when a store
 * that was away is back. What a full queue refused is counted and told in the log itself. One loop writes all lines, so that the chain they
 * form ({@link AuditChain}) costs a lock for each batch and not for each request.
 */
@Component
public class AuditLog implements SmartLifecycle {
    private static final Logger log = LoggerFactory.getLogger(AuditLog.class);
    private static final int QUEUE = 20_000;
    private static final int BATCH = 500;
    private static final Duration PAUSE = Duration.ofMillis(200);
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private final AuditStore store;
    private final InstantSource clock;
    private final BlockingQueue<Line> queue = new ArrayBlockingQueue<>(QUEUE);
    private final AtomicLong refused = new AtomicLong();
    /** On their way to the store, and kept while it is away. */
    private final List<Line> taken = new ArrayList<>(BATCH); // guarded by this

    private volatile @Nullable RepeatingTask task;

    AuditLog(AuditStore store, InstantSource clock) {
        this.store = store;
        this.clock = clock;
    }

    /** @param id version 7, so that lines sort by time */
    public record Line(UUID id, Instant at, AuditEntry entry) {}

    /** Hands the entry on; never blocks and never fails. */
    public void recordSoon(AuditEntry entry) {
        if (!queue.offer(line(entry))) {
            refused.incrementAndGet();
        }
    }

    /** The same once the transaction that this is part of is committed: the log tells of nothing that its end took back. */
    public void recordOnceStored(AuditEntry entry) {
        if (!TransactionSynchronizationManager.isSynchronizationActive()) {
            recordSoon(entry);
            return;
        }
        TransactionSynchronizationManager.registerSynchronization(new TransactionSynchronization() {
            @Override
            public void afterCommit() {
                recordSoon(entry);
            }
        });
    }

    /**
     * Newest first.
     *
     * @param sites only lines about these; null: all lines
     */
    public List<Line> page(
            @Nullable Instant since,
            @Nullable String actor,
            @Nullable String action,
            @Nullable Collection<SiteId> sites,
            @Nullable UUID before,
            int limit) {
        return store.page(since, actor, action, sites, before, limit);
    }

    private Line line(AuditEntry entry) {
        Instant now = clock.instant().truncatedTo(ChronoUnit.MICROS); // as the database keeps it
        return new Line(Uuids.version7(now), now, entry.storable());
    }

    /** One round of the loop: writes all that is queued. While the store is away it throws, and the lines wait for the next round. */
    synchronized void flushOnce() {
        tellOfOverflow();
        while (true) {
            if (taken.isEmpty() && queue.drainTo(taken, BATCH) == 0) {
                return;
            }
            write(taken);
            taken.clear();
        }
    }

    private void tellOfOverflow() {
        long lost = refused.getAndSet(0);
        if (lost == 0) {
            return;
        }
        log.atError().addKeyValue("lines", lost).log("audit.lines_refused");
        try {
            store.insert(line(AuditEntry.bySystem("audit.overflow", lost + " lines", null, "lost")));
        } catch (DataAccessException e) {
            refused.addAndGet(lost);
            throw e;
        }
    }

    private void write(List<Line> lines) {
        try {
            store.insertAll(lines);
        } catch (DataAccessException batch) {
            if (!SqlFaults.isOfTheRows(batch)) {
                throw batch;
            }
            // One line that the database refuses must not take the others with it.
            for (Line line : lines) {
                writeOne(line);
            }
        }
    }

    private void writeOne(Line line) {
        try {
            store.insert(line);
        } catch (DataAccessException e) {
            if (!SqlFaults.isOfTheRows(e)) {
                throw e;
            }
            log.atError()
                    .addKeyValue("action", line.entry().action())
                    .setCause(e)
                    .log("audit.line_lost");
        }
    }

    @Override
    public void start() {
        task = RepeatingTask.start("audit-writer", PAUSE, PATIENCE, this::flushOnce);
    }

    @Override
    public void stop() {
        RepeatingTask running = task;
        if (running != null) {
            running.close();
            task = null;
            try {
                flushOnce();
            } catch (DataAccessException away) {
                log.atError()
                        .addKeyValue("lines", queue.size() + taken.size())
                        .addKeyValue("cause", away.getMessage())
                        .log("audit.lines_lost_at_stop");
            }
        }
    }

    @Override
    public boolean isRunning() {
        return task != null;
    }

    /** Before the web server starts, and after it stops. */
    @Override
    public int getPhase() {
        return 0;
    }
}
