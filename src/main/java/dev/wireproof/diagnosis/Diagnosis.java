package dev.wireproof.diagnosis;

import dev.wireproof.id.AgentId;
import dev.wireproof.id.CommandId;
import dev.wireproof.id.SiteId;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A diagnosis, running or done.
 *
 * @param siteId the agent's site when it began: decides who may see it
 * @param kind {@code probe}, {@code first_round} of a probe that was repeated, or {@code command} for one that the server made by itself
 * @param finishedAt null while it runs, as is {@code report}
 * @param durationS of a probe; else null
 * @param commandId the judged command
 * @param underlying the verdict underneath, where a new connection was tried
 * @param repeatOf the diagnosis of the first connection, where a new one was tried
 */
public record Diagnosis(
        UUID id,
        AgentId agentId,
        SiteId siteId,
        String kind,
        String askedBy,
        Instant startedAt,
        @Nullable Instant finishedAt,
        @Nullable Integer durationS,
        boolean evictAndRepeat,
        @Nullable CommandId commandId,
        @Nullable Verdict underlying,
        @Nullable UUID repeatOf,
        @Nullable Report report) {

    public boolean done() {
        return report != null;
    }

    public String status() {
        return done() ? "done" : "running";
    }
}
