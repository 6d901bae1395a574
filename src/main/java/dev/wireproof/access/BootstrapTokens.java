package dev.wireproof.access;

import dev.wireproof.id.SiteId;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;

/**
 * Makes the first tokens, so that there is a way in. Safe to repeat, also by two servers that start at once. Whoever may set this server's
 * settings can become an admin by them at any start, so what is made here has its lines in the audit log like what is made by a request.
 */
@Component
public class BootstrapTokens {
    private static final String ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(7463212801)";
    private static final String CREATED_BY = "bootstrap";

    private final JdbcClient db;
    private final ApiTokens apiTokens;
    private final EnrollmentTokens enrollmentTokens;
    private final AuditLog audit;

    BootstrapTokens(JdbcClient db, ApiTokens apiTokens, EnrollmentTokens enrollmentTokens, AuditLog audit) {
        this.db = db;
        this.apiTokens = apiTokens;
        this.enrollmentTokens = enrollmentTokens;
        this.audit = audit;
    }

    @Transactional
    Bootstrap run(BootstrapSettings settings) {
        lock();
        return new Bootstrap(admin(settings), enrollment(settings));
    }

    private @Nullable String admin(BootstrapSettings settings) {
        if (settings.adminToken() != null) {
            apiTokens.ensure(settings.adminToken(), CREATED_BY, Role.ADMIN).ifPresent(this::told);
            return null;
        }
        if (apiTokens.anyAdminEver()) {
            return null;
        }
        ApiTokens.Created made = apiTokens.create(CREATED_BY, Role.ADMIN, null, null, CREATED_BY);
        told(made.token());
        return made.secret();
    }

    private @Nullable String enrollment(BootstrapSettings settings) {
        if (settings.enrollmentToken() != null) {
            enrollmentTokens
                    .ensure(settings.enrollmentToken(), SiteId.DEFAULT, CREATED_BY)
                    .ifPresent(this::told);
            return null;
        }
        if (enrollmentTokens.exists(SiteId.DEFAULT, CREATED_BY)) {
            return null;
        }
        EnrollmentTokens.Created made = enrollmentTokens.create(SiteId.DEFAULT, null, null, CREATED_BY);
        told(made.token().id());
        return made.secret();
    }

    private void told(ApiTokens.ApiToken admin) {
        audit.recordOnceStored(AuditEntry.bySystem("api_token.create", "/api/v1/api-tokens/" + admin.id(), null, "ok"));
    }

    private void told(UUID enrollment) {
        audit.recordOnceStored(AuditEntry.bySystem(
                "enrollment_token.create", "/api/v1/enrollment-tokens/" + enrollment, SiteId.DEFAULT, "ok"));
    }

    /** Makes the secret an admin API token of this name, unless it is one already. */
    @Transactional
    public void ensureAdminToken(String secret, String name) {
        lock();
        apiTokens.ensure(secret, name, Role.ADMIN).ifPresent(this::told);
    }

    /** Makes the secret an enrollment token of the site {@code default}, without limits, unless it is one already. */
    @Transactional
    public void ensureEnrollmentToken(String secret) {
        lock();
        enrollmentTokens.ensure(secret, SiteId.DEFAULT, CREATED_BY).ifPresent(this::told);
    }

    /** A new secret for {@link #ensureAdminToken}; the caller keeps it. */
    public static String newAdminSecret() {
        return Secrets.random(Secrets.API_TOKEN);
    }

    /** A new secret for {@link #ensureEnrollmentToken}; the caller keeps it. */
    public static String newEnrollmentSecret() {
        return Secrets.random(Secrets.ENROLLMENT_TOKEN);
    }

    private void lock() {
        db.sql(ONE_AT_A_TIME).query((row, index) -> true).single();
    }
}
