package dev.wireproof.background;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A loop on a thread of its own. A failing run is logged and the next one comes. {@link #close()} lets a run end in
 * peace for {@code patience}, then interrupts it; it may be called twice.
 */
public final class RepeatingTask implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(RepeatingTask.class);

    private final CountDownLatch stop = new CountDownLatch(1);
    private final Duration pause;
    private final Duration patience;
    private final Runnable step;
    private final Thread thread;

    private RepeatingTask(Thread.Builder thread, Duration pause, Duration patience, Runnable step) {
        this.pause = pause;
        this.patience = patience;
        this.step = step;
        this.thread = thread.unstarted(this::loop);
    }

    public static RepeatingTask start(String name, Duration pause, Duration patience, Runnable step) {
        return started(new RepeatingTask(Thread.ofVirtual().name(name), pause, patience, step));
    }

    /** For a step that calls native code: it would hold a thread that carries virtual ones. */
    public static RepeatingTask startOnOwnThread(String name, Duration pause, Duration patience, Runnable step) {
        return started(new RepeatingTask(Thread.ofPlatform().daemon().name(name), pause, patience, step));
    }

    private static RepeatingTask started(RepeatingTask task) {
        task.thread.start();
        return task;
    }

    private void loop() {
        try {
            while (!stop.await(pause.toNanos(), TimeUnit.NANOSECONDS)) {
                runOnce();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void runOnce() {
        try {
            step.run();
        } catch (RuntimeException | Error e) {
            log.atError().addKeyValue("task", thread.getName()).setCause(e).log("background.run_failed");
        }
    }

    @Override
    public void close() {
        stop.countDown();
        try {
            if (!thread.join(patience)) {
                thread.interrupt();
                thread.join();
            }
        } catch (InterruptedException e) {
            thread.interrupt();
            Thread.currentThread().interrupt();
        }
    }
}
