package dev.wireproof.command;

import dev.wireproof.id.CommandId;
import dev.wireproof.protocol.AgentMessage.Stream;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The door of this room. Methods that return a future never block and complete on a thread of this room: hand work that blocks on to
 * a thread of your own. The others read the database: call them on a virtual thread. A database that does not answer shows as
 * {@link StoreUnavailableException}, thrown or in the future. Who may see a command is the caller's business: {@link CommandView#siteId}.
 */
public interface Commands {

    /**
     * Stores a command and offers it at once when its agent is connected. The future completes after the commit, never before: at most 10 s
     * later, then with {@link StoreUnavailableException}.
     *
     * @param key null when the caller gave none
     */
    CompletableFuture<Submission> submit(NewCommand command, @Nullable IdempotencyKey key);

    /**
     * What {@link #submit} would answer to a key that was used before: for requests that could not be made anew, as when the agent is gone.
     * Empty for one that was not used in the last 24 hours.
     */
    Optional<Submission> madeWith(IdempotencyKey key);

    /**
     * As {@link #submit}, for the few small commands that find out whether commands get through: it is offered before all that wait and
     * takes no place in the agent's window.
     */
    CompletableFuture<Submission> submitAhead(NewCommand command);

    Optional<CommandView> find(CommandId id);

    /**
     * @param after {@link CommandPage#next()} of the page before; null: from the newest
     * @param limit 1…500
     */
    CommandPage list(CommandFilter filter, @Nullable Long after, int limit);

    /** @param reason null when none was given; goes to the agent */
    CompletableFuture<Decision> cancel(CommandId id, @Nullable String reason, String by);

    /**
     * A new round of attempts with a new time to live, of the same length as the first.
     *
     * @param tokenId whose token asks: from now on the command waits by its right, and no longer by that of who asked first
     */
    CompletableFuture<Decision> redeliver(CommandId id, String by, UUID tokenId);

    /**
     * The command as soon as it has ended, or as it is after {@code atMost}; empty when there is none such. The number of waiters is bounded;
     * beyond it the future completes at once with the command as it is.
     */
    CompletableFuture<Optional<CommandView>> awaitEnd(CommandId id, Duration atMost);

    /** @param offset where to begin; at most 1 MiB comes in one call. Empty when there is no such command */
    Optional<OutputSlice> output(CommandId id, Stream stream, long offset);

    /** In order of the server's own time and sequence. Empty when there is no such command */
    Optional<List<TimelineEntry>> timeline(CommandId id);

    /**
     * @param lastEventId {@link CommandSignal#eventId()} of the last one seen; null: from the beginning. An unreadable one counts as null
     * @return empty when there is no such command, or too many watch already
     */
    Optional<CommandWatch> watch(CommandId id, @Nullable String lastEventId);
}
