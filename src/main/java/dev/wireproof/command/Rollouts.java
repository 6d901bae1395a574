package dev.wireproof.command;

import dev.wireproof.access.ApiTokens;
import dev.wireproof.access.ApiTokens.ApiToken;
import dev.wireproof.access.Role;
import dev.wireproof.background.LoopingPart;
import dev.wireproof.background.RepeatingTask;
import dev.wireproof.command.RolloutTable.Running;
import dev.wireproof.command.RolloutTable.Waiting;
import dev.wireproof.id.CommandId;
import dev.wireproof.id.SiteId;
import dev.wireproof.id.Uuids;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One command for many agents. A loop asks {@link RolloutLifecycle} what comes next and gives targets their commands, a bounded number each
 * time, only while their agents are connected, and only as long as the token that asked may still do so. A command and its target meet by an
 * idempotency key: a crash between the two makes no second command.
 */
public final class Rollouts extends LoopingPart {
    private static final Logger log = LoggerFactory.getLogger(Rollouts.class);
    private static final Duration PAUSE = Duration.ofMillis(500);
    private static final Duration PATIENCE = Duration.ofSeconds(5);
    /** How long it is looked for commands that were released in the moment of a stop, or of a revocation. */
    private static final Duration LATELY = Duration.ofMinutes(1);

    private static final Duration WITHDRAWN_LATELY = Duration.ofMinutes(5);
    private static final int AT_ONCE = 50;

    private final Commands commands;
    private final RolloutTable table;
    private final Lanes lanes;
    private final ApiTokens tokens;
    private final InstantSource clock;
    private Instant revokedSince = Instant.EPOCH; // of the loop

    Rollouts(Commands commands, RolloutTable table, Lanes lanes, ApiTokens tokens, InstantSource clock) {
        super(CommandConfiguration.LOOPS_PHASE);
        this.commands = commands;
        this.table = table;
        this.lanes = lanes;
        this.tokens = tokens;
        this.clock = clock;
    }

    /** Stores it, in one statement. @return its id */
    public UUID create(Rollout.Wanted wanted) {
        UUID id = Uuids.version7(clock.instant());
        Reading.of(() -> table.insert(id, wanted, clock.instant()));
        return id;
    }

    public Optional<Rollout> find(UUID id) {
        return Reading.of(() -> table.find(id));
    }

    /** Which of these commands are part of one, and of which. */
    public Map<CommandId, UUID> ofCommands(Collection<CommandId> commandIds) {
        return commandIds.isEmpty() ? Map.of() : Reading.of(() -> table.ofCommands(commandIds));
    }

    /** Nothing more is offered. What an agent has, it has. @return false when it had ended */
    public boolean cancel(UUID id, String why) {
        return Reading.of(() -> table.move(
                id, Set.of(RolloutState.HELD, RolloutState.RUNNING), RolloutState.CANCELLED, why, clock.instant()));
    }

    /** @return false when it does not wait for that */
    public boolean approve(UUID id, UUID tokenId, String by) {
        return Reading.of(() -> table.approve(id, tokenId, by, clock.instant()));
    }

    /** One round of the loop. */
    void step() {
        for (Running one : table.open(AT_ONCE)) {
            try {
                step(one);
            } catch (CompletionException | StoreUnavailableException e) {
                log.atWarn().addKeyValue("batch", one.id()).setCause(e).log("batch.step_failed");
            }
        }
        Instant now = clock.instant();
        withdraw(table.queuedOfEnded(now.minus(LATELY)), "its batch was stopped");
        withdrawRevoked(now);
    }

    /** What still waits for its agent, of tokens that were revoked: all at the first time, then those of late. */
    private void withdrawRevoked(Instant now) {
        List<UUID> revoked = tokens.revokedSince(revokedSince);
        if (!revoked.isEmpty()) {
            withdraw(table.waitingOf(revoked, lanes.connected()), "the token that asked for it was revoked");
        }
        revokedSince = now.minus(WITHDRAWN_LATELY);
    }

    private void withdraw(List<CommandId> queued, String why) {
        CompletableFuture.allOf(queued.stream()
                        .map(id -> commands.cancel(id, why, "the server"))
                        .toArray(CompletableFuture[]::new))
                .join();
    }

    private void step(Running one) {
        Instant now = clock.instant();
        ApiToken token = standing(one.tokenId(), now);
        switch (RolloutLifecycle.next(table.facts(one, token != null, now))) {
            case RolloutLifecycle.Next.Rest() -> {}
            case RolloutLifecycle.Next.Move(RolloutState to, String why) ->
                table.move(one.id(), Set.of(one.state()), to, why, now);
            case RolloutLifecycle.Next.Expire() -> table.expire(one.id());
            case RolloutLifecycle.Next.Release(int most) -> {
                if (token != null) {
                    release(one, token, most, now);
                }
            }
        }
    }

    private @Nullable ApiToken standing(UUID id, Instant now) {
        return tokens.find(id)
                .filter(token -> token.expiresAt() == null || token.expiresAt().isAfter(now))
                .filter(token -> token.role().includes(Role.TECHNICIAN))
                .orElse(null);
    }

    private void release(Running one, ApiToken token, int most, Instant now) {
        Map<Waiting, CompletableFuture<Submission>> submitted = new LinkedHashMap<>();
        for (Waiting target : table.waiting(one.id(), lanes.connected(), most)) {
            Set<SiteId> sites = token.sites();
            if (target.siteNow() == null || (sites != null && !sites.contains(target.siteNow()))) {
                table.end(one.id(), target.n(), "cancelled"); // it is gone, or has moved to where the token may not go
                continue;
            }
            int left = (int) Math.max(
                    1,
                    Duration.between(now, one.createdAt().plusSeconds(one.ttlS()))
                            .toSeconds());
            submitted.put(
                    target,
                    commands.submit(
                            one.commandFor(target, left),
                            new IdempotencyKey("batch " + one.id(), Integer.toString(target.n()), "batch")));
        }
        submitted.forEach((target, done) -> {
            switch (done.join()) {
                case Submission.Created(CommandView made) -> table.released(one.id(), target.n(), made.id());
                case Submission.Replayed(CommandView made) -> table.released(one.id(), target.n(), made.id());
                case Submission.KeyReused _, Submission.TooLarge _ -> table.end(one.id(), target.n(), "cancelled");
            }
        });
    }

    @Override
    protected List<RepeatingTask> loops() {
        return List.of(RepeatingTask.start("command-batches", PAUSE, PATIENCE, this::step));
    }
}
