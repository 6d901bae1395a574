package dev.wireproof.simulator;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;

/**
 * One thread, one selector, its timers. All that belongs to a socket or an agent of this loop is touched by this thread only, so
 * nothing here or there is locked; other threads hand work in by {@link #execute}.
 */
final class EventLoop implements AutoCloseable {
    static final int INPUT_BYTES = 64 * 1024;
    private static final int OUTPUT_BYTES = 8 * 1024;
    private static final int POOLED = 256;

    /** A thing to do at a time; may be cancelled on the loop's thread. */
    static final class Timer implements Comparable<Timer> {
        private final long dueNs;
        private final Runnable action;
        private boolean cancelled;

        private Timer(long dueNs, Runnable action) {
            this.dueNs = dueNs;
            this.action = action;
        }

        void cancel() {
            cancelled = true;
        }

        @Override
        public int compareTo(Timer other) {
            return Long.compare(dueNs - other.dueNs, 0);
        }
    }

    private final Selector selector;
    private final Thread thread;
    private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
    private final PriorityQueue<Timer> timers = new PriorityQueue<>();
    private final ArrayDeque<ByteBuffer> pool = new ArrayDeque<>();
    private List<LoopSocket> dirty = new ArrayList<>();
    private List<LoopSocket> flushing = new ArrayList<>();
    private volatile boolean closed;

    /** For the socket that is being read: straight from the kernel, then as an array for the parsers. */
    final ByteBuffer input = ByteBuffer.allocateDirect(INPUT_BYTES);

    final byte[] inputArray = new byte[INPUT_BYTES];

    EventLoop(String name) {
        try {
            this.selector = Selector.open();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        this.thread = Thread.ofPlatform().name(name).daemon().start(this::run);
    }

    /** From any thread. */
    void execute(Runnable task) {
        if (onLoop()) {
            task.run();
            return;
        }
        tasks.add(task);
        selector.wakeup();
    }

    boolean onLoop() {
        return Thread.currentThread() == thread;
    }

    Selector selector() {
        return selector;
    }

    /** On the loop's thread only. */
    Timer after(long delayNs, Runnable action) {
        Timer timer = new Timer(System.nanoTime() + delayNs, action);
        timers.add(timer);
        return timer;
    }

    /** The socket has bytes to write: it is flushed once at the end of this turn, however many frames were put into it. */
    void markDirty(LoopSocket socket) {
        dirty.add(socket);
    }

    ByteBuffer borrow(int atLeast) {
        if (atLeast <= OUTPUT_BYTES) {
            ByteBuffer pooled = pool.poll();
            return pooled != null ? pooled : ByteBuffer.allocateDirect(OUTPUT_BYTES);
        }
        return ByteBuffer.allocate(atLeast);
    }

    void giveBack(ByteBuffer buffer) {
        if (buffer.isDirect() && pool.size() < POOLED) {
            pool.add(buffer.clear());
        }
    }

    private void run() {
        while (!closed) {
            try {
                turn();
            } catch (IOException | RuntimeException e) {
                complain("simulator: a turn of the loop failed", e);
            }
        }
        for (SelectionKey key : selector.keys()) {
            ((LoopSocket) key.attachment()).abort("the simulator ends");
        }
        try {
            selector.close();
        } catch (IOException e) {
            complain("simulator: closing the selector failed", e);
        }
    }

    private void turn() throws IOException {
        Timer next = timers.peek();
        long waitNs = next == null ? TimeUnit.SECONDS.toNanos(1) : next.dueNs - System.nanoTime();
        if (waitNs <= 0 || !tasks.isEmpty()) {
            selector.selectNow(EventLoop::ready);
        } else {
            selector.select(EventLoop::ready, Math.max(1, TimeUnit.NANOSECONDS.toMillis(waitNs)));
        }
        Runnable task;
        while ((task = tasks.poll()) != null) {
            runSafely(task);
        }
        long now = System.nanoTime();
        while ((next = timers.peek()) != null && next.dueNs - now <= 0) {
            timers.poll();
            if (!next.cancelled) {
                runSafely(next.action);
            }
        }
        flush();
    }

    private void flush() {
        while (!dirty.isEmpty()) {
            List<LoopSocket> batch = dirty;
            dirty = flushing;
            flushing = batch;
            for (LoopSocket socket : batch) {
                socket.flush();
            }
            batch.clear();
        }
    }

    private static void ready(SelectionKey key) {
        LoopSocket socket = (LoopSocket) key.attachment();
        try {
            socket.ready(key);
        } catch (RuntimeException e) {
            complain("simulator: a socket's handler failed", e);
            socket.abort("handler failed");
        }
    }

    private static void runSafely(Runnable action) {
        try {
            action.run();
        } catch (RuntimeException e) {
            complain("simulator: a task failed", e);
        }
    }

    @SuppressWarnings("SystemOut")
    private static void complain(String what, Exception e) {
        System.err.println(what + ": " + e);
        e.printStackTrace(System.err);
    }

    @Override
    public void close() {
        closed = true;
        selector.wakeup();
        try {
            thread.join(TimeUnit.SECONDS.toMillis(5));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
