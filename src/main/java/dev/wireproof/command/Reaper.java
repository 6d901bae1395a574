package dev.wireproof.command;

import dev.wireproof.id.AgentId;
import dev.wireproof.id.CommandId;
import dev.wireproof.id.SiteId;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Settles deadlines: ack waits, times to live, results that do not come. As an operator sees and stops it. */
public interface Reaper {

    /**
     * @param pausedSince null when it runs
     * @param pausedAgents agents for which it does nothing
     * @param overdue how many deadlines have passed and are not settled yet
     * @param next the nearest deadlines, soonest first
     * @param lastRunAt null before the first run
     */
    record View(
            @Nullable Instant pausedSince,
            List<PausedAgent> pausedAgents,
            long overdue,
            List<Upcoming> next,
            @Nullable Instant lastRunAt,
            long settledSinceStart) {
        public View {
            pausedAgents = List.copyOf(pausedAgents);
            next = List.copyOf(next);
        }
    }

    record PausedAgent(AgentId agentId, Instant since, String by) {}

    /** @param what a sentence: what it will do then, and why */
    record Upcoming(CommandId commandId, AgentId agentId, CommandState state, Instant dueAt, String what) {}

    /** @param sites what the caller may see; null: all */
    View view(@Nullable Set<SiteId> sites, int limit);

    /** Idempotent; kept past a restart. @param agentId null: all of it */
    void pause(@Nullable AgentId agentId, String by);

    /** Idempotent. @param agentId null: all of it; pauses of single agents stay */
    void resume(@Nullable AgentId agentId);
}
