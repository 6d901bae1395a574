package dev.wireproof.connection;

import java.util.ArrayList;
import java.util.List;
import org.jetbrains.lincheck.Lincheck;

/** Runs a few threads in every order that the searcher finds in its number of tries, and shows the order that breaks a requirement. */
final class Interleavings {
    /** Few in the usual run; {@code -Dwireproof.test.interleavings=20000} for a long one. */
    private static final int TRIES = Integer.getInteger("wireproof.test.interleavings", 100);

    private Interleavings() {}

    /** @param scenario begins from nothing each time, and requires what must hold at its end */
    static void search(Runnable scenario) {
        Lincheck.runConcurrentTest(TRIES, scenario);
    }

    static void together(Runnable... steps) {
        List<Thread> threads = new ArrayList<>();
        for (Runnable step : steps) {
            Thread thread = new Thread(step);
            threads.add(thread);
            thread.start();
        }
        for (Thread thread : threads) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }
    }

    static void require(boolean holds, String otherwise) {
        if (!holds) {
            throw new AssertionError(otherwise);
        }
    }
}
