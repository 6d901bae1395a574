package dev.wireproof.access;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.data.domain.Limit;
import org.springframework.data.jpa.repository.JpaRepository;
import org.springframework.data.jpa.repository.Modifying;
import org.springframework.data.jpa.repository.NativeQuery;
import org.springframework.data.jpa.repository.Query;
import org.springframework.transaction.annotation.Transactional;

interface ApiTokenRows extends JpaRepository<ApiTokenRow, UUID> {

    /** Also revoked and expired ones. */
    Optional<ApiTokenRow> findBySecretHash(byte[] secretHash);

    Optional<ApiTokenRow> findByIdAndRevokedAtIsNull(UUID id);

    Optional<ApiTokenRow> findByIssuerAndSubjectAndRevokedAtIsNull(String issuer, String subject);

    /** Until the transaction's end nobody is revoked whom this found: {@link #lock} waits, and so does this for a revocation. */
    @NativeQuery("""
        SELECT * FROM api_token
         WHERE issuer = :issuer
           AND subject = :subject
           AND revoked_at IS NULL
           FOR NO KEY UPDATE
        """)
    Optional<ApiTokenRow> lockPerson(String issuer, String subject);

    /**
     * A statement of its own before {@link #revoke}: that one sees what was committed before it began, and a sign-in that it would only wait
     * for inside itself would leave a token that it does not see.
     */
    @NativeQuery("SELECT id FROM api_token WHERE id = :id FOR NO KEY UPDATE")
    Optional<UUID> lock(UUID id);

    boolean existsByRole(String role);

    @Query("select t from ApiTokenRow t where t.revokedAt is null and (:before is null or t.id < :before)"
            + " order by t.id desc")
    List<ApiTokenRow> page(@Nullable UUID before, Limit limit);

    @NativeQuery("""
        SELECT * FROM api_token
         WHERE revoked_at IS NULL
           AND site_ids <@ CAST(:sites AS uuid[])
           AND (CAST(:before AS uuid) IS NULL OR id < CAST(:before AS uuid))
         ORDER BY id DESC
         LIMIT :limit
        """)
    List<ApiTokenRow> pageWithin(String sites, @Nullable UUID before, int limit);

    @Query("select t.id from ApiTokenRow t where t.revokedAt >= :since order by t.revokedAt desc")
    List<UUID> revokedSince(Instant since, Limit limit);

    @Modifying
    @Transactional
    @Query("update ApiTokenRow t set t.revokedAt = :now where (t.id = :id or t.personId = :id) and t.revokedAt is null")
    int revoke(UUID id, Instant now);

    /** Sign-ins of a person that are over leave the lists. */
    @Modifying
    @Transactional
    @Query("update ApiTokenRow t set t.revokedAt = :now where t.personId = :person and t.expiresAt <= :now"
            + " and t.revokedAt is null")
    int forgetSignIns(UUID person, Instant now);

    @Modifying
    @Transactional
    @Query("update ApiTokenRow t set t.lastUsedAt = :at where t.id = :id and (t.lastUsedAt is null or t.lastUsedAt <"
            + " :at)")
    int used(UUID id, Instant at);
}
