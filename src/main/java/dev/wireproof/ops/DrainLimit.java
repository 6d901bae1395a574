package dev.wireproof.ops;

import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.event.ContextClosedEvent;
import org.springframework.context.event.EventListener;

/**
 * Ends a process whose drain hangs, for example on a database that takes connections and never answers: whoever sent SIGTERM sends SIGKILL
 * after a while, and this way the log says why. What was answered is stored by then; what is lost is evidence that waited for the database.
 */
final class DrainLimit {
    private static final Logger log = LoggerFactory.getLogger(DrainLimit.class);
    private static final Duration LIMIT = Duration.ofSeconds(19);
    private static final int EXIT_AFTER_SIGTERM = 143;
    /** Only a stop of the whole process is limited: a context that is closed inside of one (a test's) is not. */
    private static final String PROCESS_ENDS = "SpringApplicationShutdownHook";

    @EventListener(ContextClosedEvent.class)
    void drainBegins() {
        if (Thread.currentThread().getName().equals(PROCESS_ENDS)) {
            Thread.ofPlatform().daemon().name("drain-limit").start(DrainLimit::waitAndEnd);
        }
    }

    private static void waitAndEnd() {
        try {
            Thread.sleep(LIMIT);
            log.atError().addKeyValue("after", LIMIT).log("server.drain_cut_short");
            Runtime.getRuntime().halt(EXIT_AFTER_SIGTERM);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
