package dev.wireproof.api;

import dev.wireproof.access.ApiTokens;
import dev.wireproof.access.ApiTokens.ApiToken;
import dev.wireproof.access.Caller;
import dev.wireproof.access.Role;
import dev.wireproof.fleet.Sites;
import dev.wireproof.id.SiteId;
import dev.wireproof.identity.OidcSettings;
import jakarta.servlet.http.HttpServletRequest;
import java.net.URI;
import java.time.Instant;
import java.time.InstantSource;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
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

/**
 * Tokens of this API, and the people whom an identity provider vouches for: these have a subject in place of a secret. An admin that is
 * limited to some sites makes and sees only tokens that are limited to these, and gives no person access: nobody gives away more than they
 * have, nor for longer.
 */
@RestController
@RequestMapping("/api/v1/api-tokens")
class ApiTokenController {
    private static final int NAME_LENGTH = 200;
    private static final int MOST_SITES = 1_000;
    private static final int SUBJECT_LENGTH = 255;

    private final ApiTokens tokens;
    private final Sites sites;
    private final Idempotency idempotency;
    private final InstantSource clock;
    private final OidcSettings oidc;

    ApiTokenController(ApiTokens tokens, Sites sites, Idempotency idempotency, InstantSource clock, OidcSettings oidc) {
        this.tokens = tokens;
        this.sites = sites;
        this.idempotency = idempotency;
        this.clock = clock;
        this.oidc = oidc;
    }

    record ApiTokenRequest(
            @Nullable String name,
            @Nullable String role,
            @Nullable List<@Nullable String> siteIds,
            @Nullable String expiresAt,
            @Nullable String subject) {}

    record ApiTokenJson(
            UUID id,
            String name,
            @Nullable String subject,
            @Nullable UUID personId,
            String role,
            @Nullable List<UUID> siteIds,
            Instant createdAt,
            String createdBy,
            @Nullable Instant expiresAt,
            @Nullable Instant lastUsedAt) {
        static ApiTokenJson of(ApiToken token) {
            return new ApiTokenJson(
                    token.id(),
                    token.name(),
                    token.subject(),
                    token.personId(),
                    token.role().wireName(),
                    limits(token),
                    token.createdAt(),
                    token.createdBy(),
                    token.expiresAt(),
                    token.lastUsedAt());
        }
    }

    /** @param secret shown once; null for a person, who signs in */
    record NewApiTokenJson(
            UUID id,
            String name,
            @Nullable String subject,
            @Nullable UUID personId,
            String role,
            @Nullable List<UUID> siteIds,
            Instant createdAt,
            String createdBy,
            @Nullable Instant expiresAt,
            @Nullable Instant lastUsedAt,
            @Nullable String secret) {}

    private static @Nullable List<UUID> limits(ApiToken token) {
        Set<SiteId> limited = token.sites();
        return limited == null
                ? null
                : limited.stream().map(SiteId::value).sorted().toList();
    }

    @RequiresRole(Role.ADMIN)
    @GetMapping
    PageJson<ApiTokenJson> list(
            Caller caller,
            @RequestParam(required = false) @Nullable String limit,
            @RequestParam(required = false) @Nullable String cursor) {
        Checks checks = new Checks();
        Paging paging = Paging.of(checks, limit, cursor);
        UUID after = paging.afterId(checks);
        checks.done();
        return PageJson.of(
                tokens.page(caller.sites(), after, paging.limitAndOne()), paging, ApiTokenJson::of, ApiToken::id);
    }

    @RequiresRole(value = Role.ADMIN, audit = "api_token.create")
    @PostMapping
    ResponseEntity<byte[]> create(HttpServletRequest request, Caller caller, @RequestBody ApiTokenRequest body) {
        Checks checks = new Checks();
        String name = checks.text("name", body.name(), NAME_LENGTH);
        Role role = checks.role("role", body.role());
        Set<SiteId> limitedTo = sites(checks, body.siteIds());
        Instant expires = checks.futureTime("expires_at", body.expiresAt(), clock.instant());
        String subject = body.subject() == null ? null : checks.text("subject", body.subject(), SUBJECT_LENGTH);
        String issuer = oidc.issuer();
        if (subject != null && issuer == null) {
            checks.bad("subject", "needs an identity provider, and this server has none (WIREPROOF_OIDC_ISSUER)");
        }
        checks.done();
        if (limitedTo == null || subject != null) {
            // Whether a person has access already would tell of the sites where they have it.
            Visible.requireAllSites(caller);
        }
        if (limitedTo != null && !limitedTo.stream().allMatch(site -> caller.sees(site) && sites.exists(site))) {
            throw Problem.notFound().exception();
        }
        LifeLimit.require(tokens, caller, expires);
        return idempotency.create(request, caller, () -> {
            if (subject == null || issuer == null) {
                ApiTokens.Created made = tokens.create(name, role, limitedTo, expires, caller.name());
                return made(made.token(), made.secret());
            }
            return tokens.admit(issuer, subject, name, role, limitedTo, expires, caller.name())
                    .map(person -> made(person, null))
                    .orElseThrow(() -> Problem.conflict(
                                    "subject-has-access",
                                    "This subject has access already: revoke that first, to give it other rights.")
                            .exception());
        });
    }

    private static Idempotency.Made made(ApiToken made, @Nullable String secret) {
        ApiTokenJson token = ApiTokenJson.of(made);
        return new Idempotency.Made(
                URI.create("/api/v1/api-tokens/" + token.id()),
                new NewApiTokenJson(
                        token.id(),
                        token.name(),
                        token.subject(),
                        token.personId(),
                        token.role(),
                        token.siteIds(),
                        token.createdAt(),
                        token.createdBy(),
                        token.expiresAt(),
                        token.lastUsedAt(),
                        secret));
    }

    private static @Nullable Set<SiteId> sites(Checks checks, @Nullable List<@Nullable String> ids) {
        if (ids == null) {
            return null;
        }
        if (ids.isEmpty() || ids.size() > MOST_SITES) {
            checks.bad("site_ids", "must have 1 to " + MOST_SITES + " elements, or be null for all sites");
        }
        Set<SiteId> found = new LinkedHashSet<>();
        for (int i = 0; i < ids.size(); i++) {
            found.add(checks.requiredSite("site_ids[" + i + "]", ids.get(i)));
        }
        return found;
    }

    @RequiresRole(Role.VIEWER)
    @GetMapping("/self")
    ApiTokenJson self(Caller caller) {
        return tokens.find(caller.tokenId())
                .map(ApiTokenJson::of)
                .orElseThrow(() -> Problem.notFound().exception());
    }

    @RequiresRole(Role.ADMIN)
    @GetMapping("/{id}")
    ApiTokenJson get(HttpServletRequest request, Caller caller, @PathVariable String id) {
        return ApiTokenJson.of(seen(request, caller, id));
    }

    @RequiresRole(value = Role.ADMIN, audit = "api_token.delete")
    @DeleteMapping("/{id}")
    @ResponseStatus(HttpStatus.NO_CONTENT)
    void delete(HttpServletRequest request, Caller caller, @PathVariable String id) {
        if (!tokens.revoke(seen(request, caller, id).id())) {
            throw Problem.notFound().exception();
        }
    }

    private ApiToken seen(HttpServletRequest request, Caller caller, String id) {
        ApiToken token = tokens.find(Visible.uuid(id))
                .orElseThrow(() -> Problem.notFound().exception());
        Visible.requireWithin(request, caller, token.sites());
        return token;
    }
}
