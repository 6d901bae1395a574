package dev.wireproof.background;

import java.util.List;
import org.springframework.context.SmartLifecycle;

/**
 * A part of the server whose loops run while the application does. Stops as the application stops its parts: from the highest phase to the
 * lowest, each once, and only what was started.
 */
public abstract class LoopingPart implements SmartLifecycle {
    private final int phase;
    private List<RepeatingTask> loops = List.of(); // guarded by this
    private volatile boolean running;

    /** One that nothing else waits for: started last, stopped first. */
    protected LoopingPart() {
        this(DEFAULT_PHASE);
    }

    protected LoopingPart(int phase) {
        this.phase = phase;
    }

    /** Before the loops begin. What it throws ends the start of the server. */
    protected void begin() {}

    /** Starts the loops; called after {@link #begin}. */
    protected abstract List<RepeatingTask> loops();

    /** After the last run of the last loop. */
    protected void end() {}

    @Override
    public final synchronized void start() {
        begin();
        loops = loops();
        running = true;
    }

    @Override
    public final synchronized void stop() {
        if (running) {
            loops.forEach(RepeatingTask::close);
            loops = List.of();
            end();
            running = false;
        }
    }

    @Override
    public final boolean isRunning() {
        return running;
    }

    @Override
    public final int getPhase() {
        return phase;
    }
}
