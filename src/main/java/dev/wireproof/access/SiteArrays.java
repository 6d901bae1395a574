package dev.wireproof.access;

import dev.wireproof.id.SiteId;
import java.util.Collection;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Sites as the parameter of a query. */
public final class SiteArrays {
    private SiteArrays() {}

    /** @param sites null: none are named, the query looks at another flag */
    public static UUID[] of(@Nullable Collection<SiteId> sites) {
        return sites == null ? new UUID[0] : sites.stream().map(SiteId::value).toArray(UUID[]::new);
    }

    /** The same as PostgreSQL writes a {@code uuid[]}. */
    static String literal(@Nullable Collection<SiteId> sites) {
        return sites == null ? "{}" : sites.stream().map(SiteId::toString).collect(Collectors.joining(",", "{", "}"));
    }
}
