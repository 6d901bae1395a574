package dev.wireproof.access;

import dev.wireproof.id.SiteId;
import dev.wireproof.id.Uuids;
import dev.wireproof.identity.Person;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.data.domain.Limit;
import org.springframework.stereotype.Component;
import org.springframework.transaction.support.TransactionTemplate;

/** The tokens of the REST API: made, listed, revoked here; checked, request by request, by {@link TokenCheck}. */
@Component
public class ApiTokens {
    private static final int MOST_REVOKED = 10_000;
    /** A working day: a browser's token is nothing to keep. */
    private static final Duration SIGNED_IN_FOR = Duration.ofHours(8);

    private final ApiTokenRows rows;
    private final InstantSource clock;
    private final TokenCheck check;
    private final TransactionTemplate transaction;

    ApiTokens(ApiTokenRows rows, InstantSource clock, TokenCheck check, TransactionTemplate transaction) {
        this.rows = rows;
        this.clock = clock;
        this.check = check;
        this.transaction = transaction;
    }

    /**
     * @param subject whom the identity provider has to vouch for, in place of a secret; null: there is a secret
     * @param personId whose sign-in made it; null: nobody's
     * @param sites null: all sites
     * @param expiresAt null: never
     * @param lastUsedAt null: never; up to a minute behind
     */
    public record ApiToken(
            UUID id,
            String name,
            @Nullable String subject,
            @Nullable UUID personId,
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

    /**
     * Gives somebody access whom the identity provider vouches for.
     *
     * @return empty when that subject has access already
     */
    public Optional<ApiToken> admit(
            String issuer,
            String subject,
            String name,
            Role role,
            @Nullable Collection<SiteId> sites,
            @Nullable Instant expiresAt,
            String createdBy) {
        if (rows.findByIssuerAndSubjectAndRevokedAtIsNull(issuer, subject).isPresent()) {
            return Optional.empty();
        }
        ApiTokenRow row = row(null, name, role, sites, expiresAt, createdBy);
        row.issuer = issuer;
        row.subject = subject;
        try {
            ApiToken admitted = token(rows.saveAndFlush(row));
            check.forget();
            return Optional.of(admitted);
        } catch (DataIntegrityViolationException refused) {
            String why = refused.getMostSpecificCause().getMessage();
            if (why != null && why.contains("api_token_person")) { // two admins at once
                return Optional.empty();
            }
            throw refused;
        }
    }

    /**
     * A token for somebody who just signed in: with the rights that the person has, for some hours, and gone with the person.
     *
     * @return empty when nobody gave that subject access, or it is over
     */
    public Optional<Created> signIn(Person person) {
        return Objects.requireNonNull(transaction.execute(_ -> signedIn(person)));
    }

    /** The person stays locked from the look at their rights until the token is there for a revocation to find. */
    private Optional<Created> signedIn(Person person) {
        Instant now = clock.instant();
        return rows.lockPerson(person.issuer(), person.subject())
                .filter(known -> known.expiresAt == null || known.expiresAt.isAfter(now))
                .map(known -> {
                    rows.forgetSignIns(known.id, now);
                    Instant end = now.plus(SIGNED_IN_FOR);
                    String secret = Secrets.random(Secrets.API_TOKEN);
                    ApiTokenRow row = new ApiTokenRow(
                            Uuids.version7(now),
                            known.name,
                            Role.ofWireName(known.role),
                            known.siteIds,
                            Secrets.hash(secret),
                            now,
                            "sign-in",
                            known.expiresAt != null && known.expiresAt.isBefore(end) ? known.expiresAt : end);
                    row.personId = known.id;
                    return new Created(token(rows.save(row)), secret);
                });
    }

    /**
     * Makes the given secret a token that sees all, if it is not one yet; one that was revoked stays so.
     *
     * @return what was made
     */
    Optional<ApiToken> ensure(String secret, String name, Role role) {
        return rows.findBySecretHash(Secrets.hash(secret)).isPresent()
                ? Optional.empty()
                : Optional.of(store(secret, name, role, null, null, "bootstrap"));
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
        return token(rows.save(row(Secrets.hash(secret), name, role, sites, expiresAt, createdBy)));
    }

    private ApiTokenRow row(
            byte @Nullable [] secretHash,
            String name,
            Role role,
            @Nullable Collection<SiteId> sites,
            @Nullable Instant expiresAt,
            String createdBy) {
        Instant now = clock.instant();
        return new ApiTokenRow(
                Uuids.version7(now),
                name,
                role,
                sites == null ? null : SiteArrays.of(sites),
                secretHash,
                now,
                createdBy,
                expiresAt);
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
        boolean revoked = Boolean.TRUE.equals(
                transaction.execute(_ -> rows.lock(id).isPresent() && rows.revoke(id, clock.instant()) > 0));
        check.forget();
        return revoked;
    }

    static ApiToken token(ApiTokenRow row) {
        UUID[] sites = row.siteIds;
        return new ApiToken(
                row.id,
                row.name,
                row.subject,
                row.personId,
                Role.ofWireName(row.role),
                sites == null ? null : Arrays.stream(sites).map(SiteId::new).collect(Collectors.toSet()),
                row.createdAt,
                row.createdBy,
                row.expiresAt,
                row.lastUsedAt);
    }
}
