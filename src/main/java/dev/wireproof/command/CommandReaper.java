package dev.wireproof.command;

import dev.wireproof.command.BacklogTable.Due;
import dev.wireproof.command.Work.Told;
import dev.wireproof.id.AgentId;
import dev.wireproof.id.SiteId;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Looks for deadlines that have passed, oldest first, and tells the lifecycle. It decides nothing itself: by the time its word is heard the
 * deadline may have moved, and then nothing happens. A run costs what is due, not what exists.
 */
final class CommandReaper implements Reaper {
    private static final int BATCH = 500;
    private static final long BATCH_WITHIN_S = 10;

    private final CommandInbox inbox;
    private final Dispatcher dispatcher;
    private final BacklogTable backlog;
    private final ReaperTable table;
    private final InstantSource clock;
    private final DeliveryObserver observer;
    private final AtomicLong settled = new AtomicLong();
    private volatile @Nullable Instant lastRunAt;
    private volatile List<ReaperTable.Pause> known = List.of();

    CommandReaper(
            CommandInbox inbox,
            Dispatcher dispatcher,
            BacklogTable backlog,
            ReaperTable table,
            InstantSource clock,
            DeliveryObserver observer) {
        this.inbox = inbox;
        this.dispatcher = dispatcher;
        this.backlog = backlog;
        this.table = table;
        this.clock = clock;
        this.observer = observer;
    }

    /** Settles everything that is due now. @return how many commands it looked at */
    int reapOnce() {
        long start = System.nanoTime();
        int looked = 0;
        int found = BATCH;
        List<ReaperTable.Pause> pauses = table.pauses();
        known = pauses;
        boolean paused = pauses.stream().anyMatch(ReaperTable.Pause::whole);
        List<AgentId> without = ReaperTable.agentsOf(pauses);
        while (!paused && found == BATCH) {
            List<Due> due = backlog.due(clock.instant(), without, BATCH);
            found = due.size();
            looked += found;
            if (!settle(due)) {
                break; // the writers are behind: what is left stays due
            }
        }
        lastRunAt = clock.instant();
        observer.reaped(looked, System.nanoTime() - start);
        return looked;
    }

    /** As of the last run. Never blocks. */
    boolean pausedFor(AgentId agent) {
        return known.stream().anyMatch(pause -> pause.whole() || pause.scope().equals(agent.toString()));
    }

    private boolean settle(List<Due> due) {
        List<CompletableFuture<Told>> told = due.stream()
                .map(one -> inbox.tell(one.id(), facts -> dispatcher.due(facts, OfferReason.ACK_OVERDUE)))
                .toList();
        CompletableFuture<Boolean> all = CompletableFuture.allOf(told.toArray(CompletableFuture[]::new))
                .handle((_, failure) -> failure == null)
                .completeOnTimeout(false, BATCH_WITHIN_S, TimeUnit.SECONDS);
        boolean done = all.join();
        settled.addAndGet(told.stream()
                .filter(one -> one.isDone() && !one.isCompletedExceptionally())
                .count());
        return done;
    }

    @Override
    public View view(@Nullable Set<SiteId> sites, int limit) {
        return Reading.of(() -> {
            List<ReaperTable.Pause> pauses = table.pauses();
            Instant whole = pauses.stream()
                    .filter(ReaperTable.Pause::whole)
                    .map(ReaperTable.Pause::since)
                    .findAny()
                    .orElse(null);
            return new View(
                    whole,
                    pauses.stream().flatMap(pause -> pause.agent().stream()).toList(),
                    table.overdue(clock.instant(), sites),
                    table.upcoming(sites, limit),
                    lastRunAt,
                    settled.get());
        });
    }

    @Override
    public void pause(@Nullable AgentId agentId, String by) {
        Reading.of(() -> table.pause(agentId, by, clock.instant()));
        known = Reading.of(table::pauses);
    }

    @Override
    public void resume(@Nullable AgentId agentId) {
        Reading.of(() -> table.resume(agentId));
        known = Reading.of(table::pauses);
    }
}
