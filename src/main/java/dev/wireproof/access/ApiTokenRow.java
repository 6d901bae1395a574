package dev.wireproof.access;

import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.time.Instant;
import java.util.UUID;
import org.hibernate.annotations.JdbcTypeCode;
import org.hibernate.type.SqlTypes;
import org.jspecify.annotations.Nullable;

/** One API token as it is stored: with the hash of a secret, or with the subject whom an identity provider vouches for. */
@Entity
@Table(name = "api_token")
class ApiTokenRow {
    @Id
    UUID id;

    String name;
    String role;

    @JdbcTypeCode(SqlTypes.ARRAY)
    UUID @Nullable [] siteIds;

    byte @Nullable [] secretHash;

    @Nullable
    String issuer;

    @Nullable
    String subject;

    /** Whose sign-in made it; null for all others. */
    @Nullable
    UUID personId;

    Instant createdAt;
    String createdBy;

    @Nullable
    Instant expiresAt;

    @Nullable
    Instant lastUsedAt;

    @Nullable
    Instant revokedAt;

    /** For Hibernate, which fills the fields. */
    @SuppressWarnings("NullAway.Init")
    protected ApiTokenRow() {}

    ApiTokenRow(
            UUID id,
            String name,
            Role role,
            UUID @Nullable [] siteIds,
            byte @Nullable [] secretHash,
            Instant createdAt,
            String createdBy,
            @Nullable Instant expiresAt) {
        this.id = id;
        this.name = name;
        this.role = role.wireName();
        this.siteIds = siteIds;
        this.secretHash = secretHash;
        this.createdAt = createdAt;
        this.createdBy = createdBy;
        this.expiresAt = expiresAt;
    }
}
