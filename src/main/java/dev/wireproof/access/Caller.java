package dev.wireproof.access;

import dev.wireproof.id.SiteId;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Who makes a request.
 *
 * @param tokenId the API token that was shown; for somebody who signed in, the person's
 * @param name the token's name, for people
 * @param sites what it is limited to; null: all sites
 */
public record Caller(
        UUID tokenId, String name, Role role, @Nullable Set<SiteId> sites) {
    public Caller {
        sites = sites == null ? null : Set.copyOf(sites);
    }

    public boolean sees(SiteId site) {
        return sites == null || sites.contains(site);
    }

    /** Whether it sees every site, also those that come later. */
    public boolean seesAll() {
        return sites == null;
    }
}
