package dev.wireproof.command;

import java.time.Duration;
import java.util.List;

/** Follows one command from a given event on: first what is stored, then what happens, with nothing lost between. */
public interface CommandWatch extends AutoCloseable {

    /**
     * Waits for news. Blocks: call it on a virtual thread, and by one thread at a time.
     *
     * @return in order; empty when nothing happened in that time
     * @throws StoreUnavailableException when the database does not answer; a later call goes on where this one stood
     */
    List<CommandSignal> next(Duration atMost) throws InterruptedException;

    /** Whether {@link CommandSignal.Ended} was handed out and nothing new came since. */
    boolean ended();

    @Override
    void close();
}
