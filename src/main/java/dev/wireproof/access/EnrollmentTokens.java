package dev.wireproof.access;

import dev.wireproof.id.SiteId;
import dev.wireproof.id.Uuids;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.InstantSource;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/** Secrets that let a new machine become an agent of one site; they open nothing else. */
@Component
public class EnrollmentTokens {
    private static final String COLUMNS = "id, site_id, max_uses, uses, created_at, expires_at";
    private static final String BY_SECRET =
            "SELECT " + COLUMNS + " FROM enrollment_token WHERE secret_hash = :hash AND revoked_at IS NULL";
    private static final String BY_ID =
            "SELECT " + COLUMNS + " FROM enrollment_token WHERE id = :id AND revoked_at IS NULL";
    private static final String PAGE = "SELECT " + COLUMNS + """
           FROM enrollment_token
          WHERE revoked_at IS NULL
            AND (:before::uuid IS NULL OR id < :before::uuid)
            AND (:allSites OR site_id = ANY (:sites::uuid[]))
          ORDER BY id DESC
          LIMIT :limit
        """;
    private static final String SPEND = """
        UPDATE enrollment_token
           SET uses = uses + 1
         WHERE id = :id
           AND revoked_at IS NULL
           AND (expires_at IS NULL OR expires_at > :now)
           AND (max_uses IS NULL OR uses < max_uses)
        """;
    private static final String INSERT = """
        INSERT INTO enrollment_token (id, site_id, secret_hash, max_uses, created_at, created_by, expires_at)
        VALUES (:id, :site, :hash, :maxUses, :now, :by, :expires)
        ON CONFLICT (secret_hash) DO NOTHING
        """;
    private static final String REVOKE =
            "UPDATE enrollment_token SET revoked_at = :now WHERE id = :id AND revoked_at IS NULL";
    private static final String REVOKE_OF_SITE =
            "UPDATE enrollment_token SET revoked_at = :now WHERE site_id = :site AND revoked_at IS NULL";
    private static final String ANY_OF_SITE =
            "SELECT EXISTS (SELECT 1 FROM enrollment_token WHERE site_id = :site AND created_by = :by)";

    private final JdbcClient db;
    private final InstantSource clock;

    EnrollmentTokens(JdbcClient db, InstantSource clock) {
        this.db = db;
        this.clock = clock;
    }

    /**
     * @param maxUses null: without a limit
     * @param expiresAt null: never
     */
    public record EnrollmentToken(
            UUID id,
            SiteId site,
            @Nullable Integer maxUses,
            int uses,
            Instant createdAt,
            @Nullable Instant expiresAt) {
        public boolean expired(Instant now) {
            return expiresAt != null && !expiresAt.isAfter(now);
        }

        public boolean usedUp() {
            return maxUses != null && uses >= maxUses;
        }
    }

    /** @param secret the one time that it is known in clear */
    public record Created(EnrollmentToken token, String secret) {
        /** Secrets do not belong in logs. */
        @Override
        public String toString() {
            return "Created[token=" + token + "]";
        }
    }

    /** @return empty for an unknown or revoked secret; expired and used-up ones are found */
    public Optional<EnrollmentToken> bySecret(String secret) {
        return db.sql(BY_SECRET)
                .param("hash", Secrets.hash(secret))
                .query(EnrollmentTokens::row)
                .optional();
    }

    public Optional<EnrollmentToken> find(UUID id) {
        return db.sql(BY_ID).param("id", id).query(EnrollmentTokens::row).optional();
    }

    /**
     * Newest first.
     *
     * @param sites null: of all sites
     * @param before only tokens older than this one; null: from the newest
     */
    public List<EnrollmentToken> page(@Nullable Collection<SiteId> sites, @Nullable UUID before, int limit) {
        return db.sql(PAGE)
                .param("before", before)
                .param("allSites", sites == null)
                .param("sites", SiteArrays.literal(sites))
                .param("limit", limit)
                .query(EnrollmentTokens::row)
                .list();
    }

    /**
     * Counts one use, inside the caller's transaction: the last statement before its commit, because all machines that enrol with this
     * token wait for the row.
     *
     * @return false when it expired, was used up or was revoked meanwhile; the caller then rolls back
     */
    public boolean spend(UUID id) {
        return db.sql(SPEND).param("id", id).param("now", now()).update() == 1;
    }

    public Created create(SiteId site, @Nullable Integer maxUses, @Nullable Instant expiresAt, String createdBy) {
        String secret = Secrets.random(Secrets.ENROLLMENT_TOKEN);
        UUID id = Uuids.version7(clock.instant());
        insert(id, secret, site, maxUses, expiresAt, createdBy);
        return new Created(find(id).orElseThrow(), secret);
    }

    /**
     * Makes the given secret an enrollment token without limits, if it is not one yet; one that was revoked stays so.
     *
     * @return the id of what was made
     */
    Optional<UUID> ensure(String secret, SiteId site, String createdBy) {
        UUID id = Uuids.version7(clock.instant());
        return insert(id, secret, site, null, null, createdBy) ? Optional.of(id) : Optional.empty();
    }

    boolean exists(SiteId site, String createdBy) {
        return db.sql(ANY_OF_SITE)
                .param("site", site.value())
                .param("by", createdBy)
                .query(Boolean.class)
                .single();
    }

    private boolean insert(
            UUID id,
            String secret,
            SiteId site,
            @Nullable Integer maxUses,
            @Nullable Instant expiresAt,
            String createdBy) {
        return db.sql(INSERT)
                        .param("id", id)
                        .param("site", site.value())
                        .param("hash", Secrets.hash(secret))
                        .param("maxUses", maxUses)
                        .param("now", now())
                        .param("by", createdBy)
                        .param("expires", expiresAt == null ? null : expiresAt.atOffset(ZoneOffset.UTC))
                        .update()
                == 1;
    }

    /** @return false when there is none */
    public boolean revoke(UUID id) {
        return db.sql(REVOKE).param("id", id).param("now", now()).update() == 1;
    }

    /** Of a site that is no more. */
    public void revokeOf(SiteId site) {
        db.sql(REVOKE_OF_SITE).param("site", site.value()).param("now", now()).update();
    }

    private OffsetDateTime now() {
        return clock.instant().atOffset(ZoneOffset.UTC);
    }

    private static EnrollmentToken row(ResultSet row, int index) throws SQLException {
        OffsetDateTime expires = row.getObject("expires_at", OffsetDateTime.class);
        return new EnrollmentToken(
                row.getObject("id", UUID.class),
                new SiteId(row.getObject("site_id", UUID.class)),
                row.getObject("max_uses", Integer.class),
                row.getInt("uses"),
                row.getObject("created_at", OffsetDateTime.class).toInstant(),
                expires == null ? null : expires.toInstant());
    }
}
