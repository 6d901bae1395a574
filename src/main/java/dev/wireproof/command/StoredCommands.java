package dev.wireproof.command;

import dev.wireproof.command.Work.EventMaker;
import dev.wireproof.command.Work.Told;
import dev.wireproof.id.CommandId;
import dev.wireproof.protocol.AgentMessage.Stream;
import dev.wireproof.protocol.ProtocolLimits;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.DoubleSupplier;
import org.jspecify.annotations.Nullable;

/** The door's inside: writes go to the inbox, reads to the database. */
final class StoredCommands implements Commands {
    /** The largest attempt number that is ever written, for measuring the longest text. */
    private static final int MANY_ATTEMPTS = 1_000_000;
    /** JSON needs at most six characters for one, and the rest of a Command fits in this. */
    private static final int EXPANSION = 6;

    private static final int ENVELOPE_BYTES = 4 * 1024;

    private final CommandInbox inbox;
    private final Lanes lanes;
    private final CommandQueries queries;
    private final OutputQueries outputs;
    private final Timelines timelines;
    private final Followers followers;
    private final InstantSource clock;
    private final DoubleSupplier jitter;
    private final Executor blocking;
    /** A signed command travels twice in its text: as it is, and as the document in base64. */
    private final boolean signed;

    StoredCommands(
            CommandInbox inbox,
            Lanes lanes,
            CommandQueries queries,
            OutputQueries outputs,
            Timelines timelines,
            Followers followers,
            InstantSource clock,
            DoubleSupplier jitter,
            Executor blocking,
            boolean signed) {
        this.inbox = inbox;
        this.lanes = lanes;
        this.queries = queries;
        this.outputs = outputs;
        this.timelines = timelines;
        this.followers = followers;
        this.clock = clock;
        this.jitter = jitter;
        this.blocking = blocking;
        this.signed = signed;
    }

    @Override
    public CompletableFuture<Submission> submit(NewCommand command, @Nullable IdempotencyKey key) {
        int size = sizeIfLarge(command);
        return size > ProtocolLimits.SERVER_MESSAGE_BYTES
                ? CompletableFuture.completedFuture(new Submission.TooLarge(size, ProtocolLimits.SERVER_MESSAGE_BYTES))
                : inbox.create(command, key, false);
    }

    @Override
    public Optional<Submission> madeWith(IdempotencyKey key) {
        return queries.ofKey(key, clock.instant().minus(KeyTable.KNOWN_FOR))
                .flatMap(known -> known.requestSha256().equals(key.requestSha256())
                        ? queries.find(known.commandId()).map(Submission.Replayed::new)
                        : Optional.of(new Submission.KeyReused()));
    }

    @Override
    public CompletableFuture<Submission> submitAhead(NewCommand command) {
        return inbox.create(command, null, true);
    }

    /** Its exact size is only worth an encoding when it could be too much. */
    private int sizeIfLarge(NewCommand what) {
        long characters = what.script().length()
                + what.args().stream().mapToLong(String::length).sum()
                + what.env().entrySet().stream()
                        .mapToLong(e -> e.getKey().length() + e.getValue().length())
                        .sum();
        long entries = what.args().size() + 2L * what.env().size();
        long most = characters * EXPANSION + entries * EXPANSION + ENVELOPE_BYTES;
        if ((signed ? withDocument(most) : most) <= ProtocolLimits.SERVER_MESSAGE_BYTES) {
            return 0;
        }
        CommandBody body = new CommandBody(new CommandId(new java.util.UUID(0, 0)), clock.instant(), what);
        int plain = body.encode(MANY_ATTEMPTS, clock.instant()).getBytes(StandardCharsets.UTF_8).length;
        return signed ? (int) withDocument(plain) : plain;
    }

    private static long withDocument(long plain) {
        return plain + (plain + ENVELOPE_BYTES) * 4 / 3;
    }

    @Override
    public Optional<CommandView> find(CommandId id) {
        return queries.find(id);
    }

    @Override
    public CommandPage list(CommandFilter filter, @Nullable Long after, int limit) {
        return queries.list(filter, after, limit);
    }

    @Override
    public CompletableFuture<Decision> cancel(CommandId id, @Nullable String reason, String by) {
        return decide(id, facts -> {
            Lane lane = lanes.of(facts.agentId());
            return new CommandEvent.CancelRequested(
                    clock.instant(),
                    reason,
                    by,
                    lane == null ? null : lane.line(),
                    lane == null ? Progress.UNSEEN : lane.progress(id),
                    jitter.getAsDouble());
        });
    }

    @Override
    public CompletableFuture<Decision> redeliver(CommandId id, String by, UUID tokenId) {
        return CompletableFuture.runAsync(() -> queries.handOver(id, tokenId), blocking)
                .thenCompose(_ -> decide(id, _ -> new CommandEvent.RedeliverRequested(clock.instant(), by)));
    }

    private CompletableFuture<Decision> decide(CommandId id, EventMaker event) {
        return inbox.ask(id, event).thenApplyAsync(told -> decision(id, told), blocking);
    }

    private Decision decision(CommandId id, Told told) {
        if (!(told instanceof Told.Applied applied)) {
            return new Decision.NotFound();
        }
        CommandView view = queries.find(id).orElse(null);
        if (view == null) {
            return new Decision.NotFound();
        }
        return applied.transition() instanceof Transition.Refused refused
                ? new Decision.Conflict(view, refused.why())
                : new Decision.Accepted(view);
    }

    @Override
    public CompletableFuture<Optional<CommandView>> awaitEnd(CommandId id, Duration atMost) {
        CompletableFuture<Boolean> end = new CompletableFuture<>();
        Followers.Follower follower = ended -> {
            if (ended) {
                end.complete(true);
            }
        };
        boolean follows = !atMost.isZero() && followers.follow(id, follower);
        return CompletableFuture.supplyAsync(() -> queries.find(id), blocking)
                .thenCompose(now -> {
                    boolean settled = now.isEmpty() || now.get().state().ended();
                    return settled || !follows
                            ? CompletableFuture.completedFuture(now)
                            : end.completeOnTimeout(false, atMost.toNanos(), TimeUnit.NANOSECONDS)
                                    .thenApplyAsync(_ -> queries.find(id), blocking);
                })
                .whenComplete((_, _) -> followers.leave(id, follower));
    }

    @Override
    public Optional<OutputSlice> output(CommandId id, Stream stream, long offset) {
        return Reading.of(() -> outputs.slice(id, stream, offset));
    }

    @Override
    public Optional<List<TimelineEntry>> timeline(CommandId id) {
        return queries.find(id).map(_ -> Reading.of(() -> timelines.of(id)));
    }

    @Override
    public Optional<CommandWatch> watch(CommandId id, @Nullable String lastEventId) {
        if (queries.find(id).isEmpty()) {
            return Optional.empty();
        }
        StoredWatch watch =
                new StoredWatch(id, StoredWatch.Cursor.parse(lastEventId), queries, timelines, outputs, followers);
        return watch.begin() ? Optional.of(watch) : Optional.empty();
    }
}
