package dev.wireproof.fleet;

import dev.wireproof.id.AgentId;
import dev.wireproof.id.SiteId;
import java.util.Collection;
import org.jspecify.annotations.Nullable;

/**
 * Which agents a list shows. Null: no restriction.
 *
 * @param sites what the caller may see; empty: nothing
 * @param pending only those that wait for approval, or only the others
 * @param among only these
 * @param notAmong not these
 * @param tag the key of a tag, or key and value as {@code key=value} or {@code key:value}
 * @param osFamily linux, windows, macos, other
 * @param text found in hostname, display name or id, ignoring case
 */
public record AgentFilter(
        @Nullable Collection<SiteId> sites,
        @Nullable Boolean pending,
        @Nullable Collection<AgentId> among,
        @Nullable Collection<AgentId> notAmong,
        @Nullable String tag,
        @Nullable String osFamily,
        @Nullable String text) {}
