package dev.wireproof.access;

import dev.wireproof.id.SiteId;
import dev.wireproof.id.Uuids;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.data.domain.Limit;
import org.springframework.stereotype.Component;

/** The tokens of the REST API: made, listed, revoked here; checked, request by request, by {@link TokenCheck}. */
@Component
public class ApiTokens {
    private static final int MOST_REVOKED = 10_000;

    private final ApiTokenRows rows;
    private final InstantSource clock;
    private final TokenCheck check;

    ApiTokens(ApiTokenRows rows, InstantSource clock, TokenCheck check) {
        this.rows = rows;
        this.clock = clock;
        this.check = check;
    }

    /**
     * @param sites null: all sites
     * @param expiresAt null: never
     * @param lastUsedAt null: never; up to a minute behind
     */
    public record ApiToken(
            UUID id,
            String name,
            Role role,
            @Nullable Set<SiteId> sites,
            Instant createdAt,
            String createdBy,
            @Nullable Instant expiresAt,
            @Nullable Instant lastUsedAt) {}

    /** @param secret the one time that it is known in clear */
    public record Created(ApiToken token, String secret) {
        /** Secrets do not belong in logs. */
        @Override
        public String toString() {
            return "Created[token=" + token + "]";
        }
    }

    public Created create(
            String name, Role role, @Nullable Collection<SiteId> sites, @Nullable Instant expiresAt, String createdBy) {
        String secret = Secrets.random(Secrets.API_TOKEN);
        return new Created(store(secret, name, role, sites, expiresAt, createdBy), secret);
    }

    /** Makes the given secret a token that sees all, if it is not one yet; one that was revoked stays so. */
    void ensure(String secret, String name, Role role) {
        if (rows.findBySecretHash(Secrets.hash(secret)).isEmpty()) {
            store(secret, name, role, null, null, "bootstrap");
        }
    }

    /** Whether there ever was one, revoked ones included. */
    boolean anyAdminEver() {
        return rows.existsByRole(Role.ADMIN.wireName());
    }

    private ApiToken store(
            String secret,
            String name,
            Role role,
            @Nullable Collection<SiteId> sites,
            @Nullable Instant expiresAt,
            String createdBy) {
        Instant now = clock.instant();
        return token(rows.save(new ApiTokenRow(
                Uuids.version7(now),
                name,
                role,
                sites == null ? null : SiteArrays.of(sites),
                Secrets.hash(secret),
                now,
                createdBy,
                expiresAt)));
    }

    public Optional<ApiToken> find(UUID id) {
        return rows.findByIdAndRevokedAtIsNull(id).map(ApiTokens::token);
    }

    /**
     * Newest first.
     *
     * @param within only tokens that are limited to some of these sites; null: all tokens
     * @param before only tokens older than this one; null: from the newest
     */
    public List<ApiToken> page(@Nullable Collection<SiteId> within, @Nullable UUID before, int limit) {
        List<ApiTokenRow> found = within == null
                ? rows.page(before, Limit.of(limit))
                : rows.pageWithin(SiteArrays.literal(within), before, limit);
        return found.stream().map(ApiTokens::token).toList();
    }

    /** Those that were revoked then or later, newest first, ten thousand at most. */
    public List<UUID> revokedSince(Instant since) {
        return rows.revokedSince(since, Limit.of(MOST_REVOKED));
    }

    /** At once on this node, within 5 s on others. @return false when there is none */
    public boolean revoke(UUID id) {
        boolean revoked = rows.revoke(id, clock.instant()) == 1;
        check.forget();
        return revoked;
    }

    static ApiToken token(ApiTokenRow row) {
        UUID[] sites = row.siteIds;
        return new ApiToken(
                row.id,
                row.name,
                Role.ofWireName(row.role),
                sites == null ? null : Arrays.stream(sites).map(SiteId::new).collect(Collectors.toSet()),
                row.createdAt,
                row.createdBy,
                row.expiresAt,
                row.lastUsedAt);
    }
}
