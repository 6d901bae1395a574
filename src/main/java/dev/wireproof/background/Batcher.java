package dev.wireproof.background;

import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Rows on their way to the database: a bounded queue, and one virtual thread that writes what gathered there in one statement.
 * Nobody who offers ever waits. A row that the database refuses costs itself and no other: a refused batch is cut in halves until
 * the bad row stands alone. A database that is away costs nothing until the queue is full: the batch is kept and tried again.
 */
public final class Batcher<T> implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Batcher.class);
    private static final long LONGEST_RETRY_MS = 2_000;
    /** What the database answers in a way that tells neither of the rows nor of a bad moment is tried so often, then row by row. */
    private static final int UNKNOWN_TRIES = 4;

    private static final long LOOK_EACH_NS = 50_000_000;

    /** Writes a batch in one transaction: all of it, or none. */
    public interface Sink<T> {
        void write(List<T> batch) throws SQLException;
    }

    /** An element of the queue: a row, or someone who waits until all before it is written. */
    private sealed interface Item<T> {}

    private record Row<T>(T value) implements Item<T> {}

    private record Flush<T>(CountDownLatch done) implements Item<T> {}

    private final String name;
    private final BlockingQueue<Item<T>> queue;
    private final int largest;
    private final Duration gather;
    private final Sink<T> sink;
    private final LongAdder shed = new LongAdder();
    private final LongAdder refused = new LongAdder();
    private final LongAdder failures = new LongAdder();
    private final Thread thread;
    /** Flushes that are in the queue, or about to be. */
    private final AtomicInteger waiters = new AtomicInteger();
    /** Given by whoever waits for what is gathered. */
    private final Semaphore hurry = new Semaphore(0);

    private volatile boolean closing;

    private Batcher(String name, int capacity, int largest, Duration gather, Sink<T> sink) {
        this.name = name;
        this.queue = new ArrayBlockingQueue<>(capacity);
        this.largest = largest;
        this.gather = gather;
        this.sink = sink;
        this.thread = Thread.ofVirtual().name(name).unstarted(this::loop);
    }

    /**
     * @param capacity most rows that wait; beyond it {@link #offer} refuses
     * @param largest most rows in one statement
     * @param gather how long the first row of a batch waits for company; zero: not at all
     */
    public static <T> Batcher<T> start(String name, int capacity, int largest, Duration gather, Sink<T> sink) {
        Batcher<T> batcher = new Batcher<>(name, capacity, largest, gather, sink);
        batcher.thread.start();
        return batcher;
    }

    /** @return false when the queue is full or closed; the row is then counted as shed */
    public boolean offer(T row) {
        if (!closing && queue.offer(new Row<>(row))) {
            return true;
        }
        shed.increment();
        return false;
    }

    /** @return false when what was offered before could not be written within that time */
    public boolean flush(Duration patience) {
        CountDownLatch done = new CountDownLatch(1);
        try {
            long start = System.nanoTime();
            return queued(new Flush<>(done), patience)
                    && done.await(patience.toNanos() - (System.nanoTime() - start), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private boolean queued(Flush<T> flush, Duration patience) throws InterruptedException {
        waiters.incrementAndGet();
        boolean queued = false;
        try {
            queued = queue.offer(flush, patience.toNanos(), TimeUnit.NANOSECONDS);
            return queued;
        } finally {
            if (!queued) {
                waiters.decrementAndGet();
            }
            hurry.release();
        }
    }

    public int waiting() {
        return queue.size();
    }

    public int room() {
        return queue.remainingCapacity();
    }

    /** Rows lost because the queue was full. */
    public long shed() {
        return shed.sum();
    }

    /** Rows that the database would not take. */
    public long refused() {
        return refused.sum();
    }

    /** Attempts to write a batch that failed, each repeat counted. */
    public long failures() {
        return failures.sum();
    }

    private void loop() {
        List<Item<T>> items = new ArrayList<>();
        try {
            while (true) {
                Item<T> first = queue.poll(50, TimeUnit.MILLISECONDS);
                if (first == null) {
                    if (closing) {
                        return;
                    }
                    continue;
                }
                items.add(first);
                if (!gather.isZero() && !closing && first instanceof Row && queue.size() < largest) {
                    gatherCompany(items);
                }
                queue.drainTo(items, largest - items.size());
                write(items);
                items.clear();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /**
     * Waits for more rows, but not once someone waits for these. It looks from time to time instead of being woken by each row: on a busy
     * server waking costs more than writing.
     */
    private void gatherCompany(List<Item<T>> items) throws InterruptedException {
        hurry.drainPermits(); // of flushes that are done: one that is not is among the waiters
        long until = System.nanoTime() + gather.toNanos();
        long left = gather.toNanos();
        while (left > 0 && !closing && waiters.get() == 0 && queue.size() < largest) {
            if (hurry.tryAcquire(Math.min(left, LOOK_EACH_NS), TimeUnit.NANOSECONDS)) {
                break;
            }
            left = until - System.nanoTime();
        }
        queue.drainTo(items, largest - items.size());
    }

    private void write(List<Item<T>> items) throws InterruptedException {
        List<T> rows = new ArrayList<>(items.size());
        for (Item<T> item : items) {
            if (item instanceof Row<T>(T value)) {
                rows.add(value);
            }
        }
        if (!rows.isEmpty()) {
            write(rows, 0);
        }
        for (Item<T> item : items) {
            if (item instanceof Flush<T>(CountDownLatch done)) {
                waiters.decrementAndGet();
                done.countDown();
            }
        }
    }

    private void write(List<T> rows, int tried) throws InterruptedException {
        for (int attempt = tried; ; attempt++) {
            @Nullable Throwable fault = tryToWrite(rows);
            if (fault == null) {
                return;
            }
            boolean hopeless = !SqlFaults.mayHeal(fault) && attempt >= UNKNOWN_TRIES;
            if (SqlFaults.isOfTheRows(fault) || hopeless) {
                halve(rows, fault, hopeless ? UNKNOWN_TRIES : 1);
                return;
            }
            if (attempt == 0) {
                log.atWarn().addKeyValue("batcher", name).setCause(fault).log("background.batch_waits");
            }
            if (closing && attempt >= 2) {
                shed.add(rows.size());
                log.atWarn()
                        .addKeyValue("batcher", name)
                        .addKeyValue("rows", rows.size())
                        .log("background.rows_lost_at_stop");
                return;
            }
            Thread.sleep(Math.min(LONGEST_RETRY_MS, 50L << Math.min(attempt, 6)));
        }
    }

    /** Errors too: the thread must outlive a moment without memory. */
    private @Nullable Throwable tryToWrite(List<T> rows) {
        try {
            sink.write(rows);
            return null;
        } catch (SQLException | RuntimeException | Error e) {
            failures.increment();
            return e;
        }
    }

    private void halve(List<T> rows, Throwable fault, int tried) throws InterruptedException {
        if (rows.size() == 1) {
            refused.increment();
            log.atWarn().addKeyValue("batcher", name).setCause(fault).log("background.row_refused");
            return;
        }
        int middle = rows.size() / 2;
        write(rows.subList(0, middle), tried);
        write(rows.subList(middle, rows.size()), tried);
    }

    /** Takes no more rows, writes those it has, and returns within about ten seconds. May be called twice. */
    @Override
    public void close() {
        closing = true;
        hurry.release();
        try {
            if (!thread.join(Duration.ofSeconds(10))) {
                thread.interrupt();
                thread.join(Duration.ofSeconds(1));
            }
        } catch (InterruptedException e) {
            thread.interrupt();
            Thread.currentThread().interrupt();
        }
    }
}
