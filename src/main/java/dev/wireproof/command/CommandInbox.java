package dev.wireproof.command;

import dev.wireproof.command.Work.EventMaker;
import dev.wireproof.command.Work.Report;
import dev.wireproof.command.Work.Told;
import dev.wireproof.id.CommandId;
import dev.wireproof.id.Uuids;
import java.time.InstantSource;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Where everything that happens to commands comes in, to be stored by a {@link CommandWriter}. Each command belongs to one writer, so its
 * events are stored in the order in which they came.
 *
 * <p>All methods may be called from any thread and never block.
 */
final class CommandInbox {
    private static final long ANSWER_WITHIN_S = 10;

    private final List<WriterQueue> writers;
    private final InstantSource clock;

    CommandInbox(InstantSource clock, int writers) {
        this.clock = clock;
        this.writers = Stream.generate(WriterQueue::new).limit(writers).toList();
    }

    List<WriterQueue> queues() {
        return writers;
    }

    /** Completes after the commit, or with {@link StoreUnavailableException}: at once when too much waits already, else after 10 s. */
    CompletableFuture<Submission> create(NewCommand what, @Nullable IdempotencyKey key, boolean ahead) {
        CommandId id = new CommandId(Uuids.version7(clock.instant()));
        CompletableFuture<Submission> done = new CompletableFuture<>();
        // Equal keys meet in one writer: two writers that wait for each other's keys would be a deadlock.
        WriterQueue writer = key == null ? writerOf(id) : writers.get(indexOf(key.hashCode()));
        if (!writer.offer(new Work.Create(id, what, key, ahead, done))) {
            done.completeExceptionally(new StoreUnavailableException("too much waits to be stored", null));
        }
        return inTime(done);
    }

    /** For what the server itself decides. Completes like {@link #create}. */
    CompletableFuture<Told> tell(CommandId id, EventMaker event) {
        CompletableFuture<Told> done = new CompletableFuture<>();
        if (!writerOf(id).offer(new Work.Tell(id, event, null, done))) {
            done.completeExceptionally(new StoreUnavailableException("too much waits to be stored", null));
        }
        return done;
    }

    /** Like {@link #tell}, for someone who waits for the answer: at most 10 s. */
    CompletableFuture<Told> ask(CommandId id, EventMaker event) {
        return inTime(tell(id, event));
    }

    /**
     * For what an agent said. It is kept, in order, while the database is away. @return false when too much waits already: the report is dropped
     * and counted; the agent repeats acks with the next offer and results until they are acknowledged
     */
    boolean report(CommandId id, EventMaker event, Report report) {
        return writerOf(id).offer(new Work.Tell(id, event, report, new CompletableFuture<>()));
    }

    /** An attempt climbed; stored with the next flush at the latest. */
    void dirty(AttemptTrace trace) {
        writerOf(trace.commandId).dirty(trace);
    }

    void neverWritten(AttemptTrace trace) {
        tell(trace.commandId, _ -> new CommandEvent.NeverWritten(clock.instant(), trace.connectionId, trace.attempt));
    }

    void contradicted(AttemptTrace trace) {
        String how = Objects.requireNonNullElse(trace.unwrittenBecause(), "its write did not complete");
        tell(
                trace.commandId,
                _ -> new CommandEvent.AnsweredUnwritten(clock.instant(), trace.connectionId, trace.attempt, how));
    }

    void peerRead(AttemptTrace trace) {
        tell(trace.commandId, _ -> new CommandEvent.PeerRead(clock.instant(), trace.attempt));
    }

    /** Asks each writer to store the rungs that changed since. */
    void flushRungs() {
        writers.forEach(WriterQueue::askFlush);
    }

    /** How many things wait to be stored. */
    int backlog() {
        return writers.stream().mapToInt(WriterQueue::size).sum();
    }

    /** Reports of agents that were dropped because too much waited, since the start. */
    long dropped() {
        return writers.stream().mapToLong(WriterQueue::dropped).sum();
    }

    /** Waits until each writer has come to what was put before this call. Blocks. */
    void settle() {
        for (WriterQueue writer : writers) {
            CompletableFuture<Told> passed = new CompletableFuture<>();
            CommandId none = new CommandId(Uuids.version7(clock.instant()));
            writer.offer(new Work.Tell(none, _ -> new CommandEvent.AgentGone(clock.instant()), null, passed));
            passed.join();
        }
    }

    private WriterQueue writerOf(CommandId id) {
        return writers.get(indexOf(id.hashCode()));
    }

    private int indexOf(int hash) {
        return Math.floorMod(hash, writers.size());
    }

    private static <T> CompletableFuture<T> inTime(CompletableFuture<T> done) {
        return done.isDone()
                ? done
                : done.orTimeout(ANSWER_WITHIN_S, TimeUnit.SECONDS)
                        .exceptionallyCompose(e -> CompletableFuture.failedFuture(
                                e instanceof TimeoutException
                                        ? new StoreUnavailableException("the database did not answer in 10 s", e)
                                        : e));
    }
}
