package dev.wireproof.access;

import dev.wireproof.background.RepeatingTask;
import dev.wireproof.id.SiteId;
import dev.wireproof.id.Uuids;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
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

/**
 * The audit log. {@link #record} writes at once, inside the caller's transaction; {@link #recordSoon} is for requests by the thousand:
 * it never blocks, and rows are there within a second. What a full queue refused is counted and told in the log itself.
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
    private volatile @Nullable RepeatingTask task;

    AuditLog(AuditStore store, InstantSource clock) {
        this.store = store;
        this.clock = clock;
    }

    /** @param id version 7, so that lines sort by time */
    public record Line(UUID id, Instant at, AuditEntry entry) {}

    /** Writes at once, in the transaction of the caller if there is one. */
    public void record(AuditEntry entry) {
        store.insert(line(entry));
    }

    /** Hands the entry on; never blocks and never fails. */
    public void recordSoon(AuditEntry entry) {
        if (!queue.offer(line(entry))) {
            refused.incrementAndGet();
        }
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
        Instant now = clock.instant();
        return new Line(Uuids.version7(now), now, entry);
    }

    /** One round of the loop: writes all that is queued. */
    void flushOnce() {
        long lost = refused.getAndSet(0);
        if (lost > 0) {
            log.atError().addKeyValue("lines", lost).log("audit.lines_refused");
            store.insert(line(AuditEntry.bySystem("audit.overflow", lost + " lines", null, "lost")));
        }
        List<Line> lines = new ArrayList<>(BATCH);
        while (queue.drainTo(lines, BATCH) > 0) {
            write(lines);
            lines.clear();
        }
    }

    private void write(List<Line> lines) {
        try {
            store.insertAll(lines);
        } catch (DataAccessException batch) {
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
            flushOnce();
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
