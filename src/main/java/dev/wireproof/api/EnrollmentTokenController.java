package dev.wireproof.api;

import dev.wireproof.access.ApiTokens;
import dev.wireproof.access.Caller;
import dev.wireproof.access.EnrollmentTokens;
import dev.wireproof.access.EnrollmentTokens.EnrollmentToken;
import dev.wireproof.access.Role;
import dev.wireproof.fleet.Sites;
import dev.wireproof.id.SiteId;
import jakarta.servlet.http.HttpServletRequest;
import java.net.URI;
import java.time.Instant;
import java.time.InstantSource;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

/** Tokens that let new machines enrol. */
@RestController
@RequestMapping("/api/v1/enrollment-tokens")
class EnrollmentTokenController {
    private static final int MOST_USES = 1_000_000;

    private final EnrollmentTokens tokens;
    private final ApiTokens apiTokens;
    private final Sites sites;
    private final Idempotency idempotency;
    private final InstantSource clock;

    EnrollmentTokenController(
            EnrollmentTokens tokens, ApiTokens apiTokens, Sites sites, Idempotency idempotency, InstantSource clock) {
        this.tokens = tokens;
        this.apiTokens = apiTokens;
        this.sites = sites;
        this.idempotency = idempotency;
        this.clock = clock;
    }

    record EnrollmentTokenRequest(
            @Nullable String siteId,
            @Nullable Integer maxUses,
            @Nullable String expiresAt) {}

    record EnrollmentTokenJson(
            UUID id,
            UUID siteId,
            @Nullable Integer maxUses,
            int uses,
            Instant createdAt,
            @Nullable Instant expiresAt) {
        static EnrollmentTokenJson of(EnrollmentToken token) {
            return new EnrollmentTokenJson(
                    token.id(),
                    token.site().value(),
                    token.maxUses(),
                    token.uses(),
                    token.createdAt(),
                    token.expiresAt());
        }
    }

    /** @param secret shown once */
    record NewEnrollmentTokenJson(
            UUID id,
            UUID siteId,
            @Nullable Integer maxUses,
            int uses,
            Instant createdAt,
            @Nullable Instant expiresAt,
            String secret) {}

    @RequiresRole(Role.ADMIN)
    @GetMapping
    PageJson<EnrollmentTokenJson> list(
            Caller caller,
            @RequestParam(required = false) @Nullable String limit,
            @RequestParam(required = false) @Nullable String cursor) {
        Checks checks = new Checks();
        Paging paging = Paging.of(checks, limit, cursor);
        UUID after = paging.afterId(checks);
        checks.done();
        return PageJson.of(
                tokens.page(caller.sites(), after, paging.limitAndOne()),
                paging,
                EnrollmentTokenJson::of,
                EnrollmentToken::id);
    }

    @RequiresRole(value = Role.ADMIN, audit = "enrollment_token.create")
    @PostMapping
    ResponseEntity<byte[]> create(HttpServletRequest request, Caller caller, @RequestBody EnrollmentTokenRequest body) {
        Checks checks = new Checks();
        SiteId site = checks.requiredSite("site_id", body.siteId());
        if (body.maxUses() != null) {
            checks.range("max_uses", body.maxUses(), 1, MOST_USES, 1);
        }
        Instant expires = checks.futureTime("expires_at", body.expiresAt(), clock.instant());
        checks.done();
        if (!caller.sees(site) || !sites.exists(site)) {
            throw Problem.notFound().exception();
        }
        RouteGuard.about(request, site);
        LifeLimit.require(apiTokens, caller, expires);
        return idempotency.create(request, caller, () -> {
            EnrollmentTokens.Created made = tokens.create(site, body.maxUses(), expires, caller.name());
            EnrollmentToken token = made.token();
            return new Idempotency.Made(
                    URI.create("/api/v1/enrollment-tokens/" + token.id()),
                    new NewEnrollmentTokenJson(
                            token.id(),
                            token.site().value(),
                            token.maxUses(),
                            token.uses(),
                            token.createdAt(),
                            token.expiresAt(),
                            made.secret()));
        });
    }

    @RequiresRole(Role.ADMIN)
    @GetMapping("/{id}")
    EnrollmentTokenJson get(HttpServletRequest request, Caller caller, @PathVariable String id) {
        return EnrollmentTokenJson.of(seen(request, caller, id));
    }

    @RequiresRole(value = Role.ADMIN, audit = "enrollment_token.delete")
    @DeleteMapping("/{id}")
    @ResponseStatus(HttpStatus.NO_CONTENT)
    void delete(HttpServletRequest request, Caller caller, @PathVariable String id) {
        if (!tokens.revoke(seen(request, caller, id).id())) {
            throw Problem.notFound().exception();
        }
    }

    private EnrollmentToken seen(HttpServletRequest request, Caller caller, String id) {
        EnrollmentToken token = tokens.find(Visible.uuid(id))
                .orElseThrow(() -> Problem.notFound().exception());
        Visible.require(request, caller, token.site());
        return token;
    }
}
