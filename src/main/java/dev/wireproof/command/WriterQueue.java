package dev.wireproof.command;

import dev.wireproof.command.Work.FlushRungs;
import dev.wireproof.command.Work.Tell;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What waits for one writer: bounded in number and in bytes of what can be long. Many threads put, the writer takes. */
final class WriterQueue {
    private static final Logger log = LoggerFactory.getLogger(WriterQueue.class);
    private static final int MOST = 20_000;
    private static final long MOST_BYTES = 64L << 20;
    /** An ack or a result as agents send them; as many as there may be of these fit into memory. */
    private static final int SMALL_REPORT = 2_048;

    private final BlockingQueue<Work> queue = new LinkedBlockingQueue<>(MOST);
    private final AtomicLong bytes = new AtomicLong();
    /** Apart, so that no agent's output keeps commands out. */
    private final AtomicLong scriptBytes = new AtomicLong();

    private final AtomicLong dropped = new AtomicLong();
    /** At most one entry for each attempt that is on its way. */
    private final Queue<AttemptTrace> dirty = new ConcurrentLinkedQueue<>();

    private final AtomicBoolean flushAsked = new AtomicBoolean();
    private volatile boolean closed;

    /** @return false when it is full or closed */
    boolean offer(Work work) {
        long size = bytesOf(work);
        AtomicLong sum = sumOf(work);
        boolean room = !closed && (size == 0 || sum.get() + size <= MOST_BYTES);
        if (room && queue.offer(work)) {
            sum.addAndGet(size);
            return true;
        }
        if (work instanceof Tell tell && tell.report() != null && dropped.getAndIncrement() % 1_000 == 0) {
            log.atWarn().addKeyValue("dropped", dropped.get()).log("command.reports_dropped");
        }
        return false;
    }

    void dirty(AttemptTrace trace) {
        dirty.add(trace);
    }

    void askFlush() {
        if (!dirty.isEmpty() && flushAsked.compareAndSet(false, true) && !queue.offer(new FlushRungs())) {
            flushAsked.set(false);
        }
    }

    void flushTaken() {
        flushAsked.set(false);
    }

    /** All that climbed since the last call. */
    void drainDirty(List<AttemptTrace> into) {
        for (AttemptTrace trace = dirty.poll(); trace != null; trace = dirty.poll()) {
            if (trace.clean()) {
                into.add(trace);
            }
        }
    }

    /** Refuses everything from now on, and wakes the writer. */
    void close() {
        closed = true;
        queue.offer(new FlushRungs());
    }

    boolean closedAndEmpty() {
        return closed && queue.isEmpty();
    }

    boolean isClosed() {
        return closed;
    }

    int size() {
        return queue.size();
    }

    long dropped() {
        return dropped.get();
    }

    Work take() throws InterruptedException {
        return taken(queue.take());
    }

    @Nullable
    Work poll(Duration atMost) throws InterruptedException {
        Work work = queue.poll(atMost.toMillis(), TimeUnit.MILLISECONDS);
        return work == null ? null : taken(work);
    }

    void drainTo(List<Work> into, int most) {
        int from = into.size();
        queue.drainTo(into, most);
        into.subList(from, into.size()).forEach(this::taken);
    }

    void removeIf(Predicate<Work> unwanted) {
        queue.removeIf(work -> {
            boolean remove = unwanted.test(work);
            if (remove) {
                taken(work);
            }
            return remove;
        });
    }

    private Work taken(Work work) {
        sumOf(work).addAndGet(-bytesOf(work));
        return work;
    }

    private AtomicLong sumOf(Work work) {
        return work instanceof Work.Create ? scriptBytes : bytes;
    }

    private static long bytesOf(Work work) {
        if (work instanceof Work.Create create) {
            NewCommand what = create.what();
            return what.script().length()
                    + what.args().stream().mapToLong(String::length).sum()
                    + what.env().values().stream().mapToLong(String::length).sum();
        }
        Work.Report report = work instanceof Tell tell ? tell.report() : null;
        if (report == null) {
            return 0;
        }
        Work.Chunk chunk = report.chunk();
        return chunk != null ? chunk.bytes().length : report.bytes() > SMALL_REPORT ? report.bytes() : 0;
    }
}
