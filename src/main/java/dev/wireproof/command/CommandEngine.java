package dev.wireproof.command;

import java.time.InstantSource;
import java.util.List;
import java.util.stream.IntStream;
import javax.sql.DataSource;

/**
 * The writers: they store what happens to commands, many at a time (group commit). A writer takes what is there, stores it in one transaction
 * of a few statements, and only after the commit does what follows from it: frames leave, results are acknowledged, futures complete. Nobody
 * waits for a batch to fill: on an idle server a batch is one event.
 */
final class CommandEngine {
    private final List<CommandWriter> writers;

    CommandEngine(
            CommandInbox inbox,
            DataSource database,
            BatchContext context,
            AfterCommit after,
            InstantSource clock,
            DeliveryObserver observer) {
        List<WriterQueue> queues = inbox.queues();
        this.writers = IntStream.range(0, queues.size())
                .mapToObj(n -> new CommandWriter(n, queues.get(n), database, context, after, clock, observer))
                .toList();
    }

    void start() {
        writers.forEach(CommandWriter::start);
    }

    /** Stores what was taken already, then stops; refuses everything after. */
    void stop() {
        writers.forEach(CommandWriter::stop);
    }
}
