package dev.wireproof.access;

import dev.wireproof.id.SiteId;
import java.util.Collection;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Sites as the parameter of a query. */
final class SiteArrays {
    private SiteArrays() {}

    static UUID[] of(Collection<SiteId> sites) {
        return sites.stream().map(SiteId::value).toArray(UUID[]::new);
    }

    /** As PostgreSQL writes a {@code uuid[]}. @param sites null: none are named, the query looks at another flag */
    static String literal(@Nullable Collection<SiteId> sites) {
        return sites == null ? "{}" : sites.stream().map(SiteId::toString).collect(Collectors.joining(",", "{", "}"));
    }
}
