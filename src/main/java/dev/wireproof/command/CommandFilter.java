package dev.wireproof.command;

import dev.wireproof.id.AgentId;
import dev.wireproof.id.SiteId;
import java.time.Instant;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Which commands a list shows. Null: no restriction.
 *
 * @param sites what the caller may see; empty: nothing
 * @param since created at or after
 * @param until created before
 * @param text found in the script or the note, ignoring case
 * @param batch only those of this one
 */
public record CommandFilter(
        @Nullable Set<SiteId> sites,
        @Nullable AgentId agentId,
        @Nullable CommandState state,
        @Nullable Instant since,
        @Nullable Instant until,
        @Nullable String text,
        @Nullable UUID batch) {
    public CommandFilter {
        sites = sites == null ? null : Set.copyOf(sites);
    }
}
