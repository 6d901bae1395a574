package dev.wireproof.command;

import dev.wireproof.connection.AgentLink;
import dev.wireproof.id.CommandId;
import dev.wireproof.protocol.AgentMessage;
import dev.wireproof.protocol.AgentMessage.CommandResult;
import dev.wireproof.protocol.AgentMessage.NackCode;
import dev.wireproof.protocol.AgentMessage.Stream;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** One thing for a writer to store. */
sealed interface Work {

    /**
     * @param ahead whether it goes before all that wait, and outside the window
     * @param done completes after the commit
     */
    record Create(
            CommandId id,
            NewCommand what,
            @Nullable IdempotencyKey key,
            boolean ahead,
            CompletableFuture<Submission> done)
            implements Work {}

    /**
     * Something happened to a command.
     *
     * @param event made when its turn comes, from what is then known of the command
     * @param report what an agent said; null when it came from the server itself
     * @param done completes after the commit
     */
    record Tell(CommandId id, EventMaker event, @Nullable Report report, CompletableFuture<Told> done)
            implements Work {}

    /** Store what the attempts of this writer's commands have reached. */
    record FlushRungs() implements Work {}

    /** Called on a writer's thread, with the command's row locked: no IO. */
    interface EventMaker {
        CommandEvent of(CommandFacts facts);
    }

    /** What became of a {@link Tell}. */
    sealed interface Told {
        record Applied(Transition transition, CommandFacts facts) implements Told {}

        /** There is no such command, or it is another agent's. */
        record Unknown() implements Told {}
    }

    /**
     * What an agent said, with the facts of its arrival.
     *
     * @param answer null unless it answered an attempt
     * @param chunk null unless it is output
     * @param result null unless it is a result
     */
    record Report(
            AgentLink from,
            Class<? extends AgentMessage> type,
            Instant at,
            long receivedNs,
            int bytes,
            @Nullable Answer answer,
            @Nullable Chunk chunk,
            @Nullable CommandResult result) {}

    /** @param nack null: it is an ack */
    record Answer(
            int attempt,
            @Nullable NackCode nack,
            @Nullable String message,
            @Nullable Integer seenBytes,
            @Nullable String seenSha256) {}

    @SuppressWarnings("ArrayRecordComponent") // carried from the wire to the database, never compared
    record Chunk(Stream stream, long offset, byte[] bytes) {}
}
