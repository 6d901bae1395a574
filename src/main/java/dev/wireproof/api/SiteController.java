package dev.wireproof.api;

import dev.wireproof.access.Caller;
import dev.wireproof.access.Role;
import dev.wireproof.fleet.Sites;
import dev.wireproof.id.SiteId;
import jakarta.servlet.http.HttpServletRequest;
import java.net.URI;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PatchMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

/** Sites. */
@RestController
@RequestMapping("/api/v1/sites")
class SiteController {
    private static final int NAME_LENGTH = 200;

    private final Sites sites;
    private final Idempotency idempotency;

    SiteController(Sites sites, Idempotency idempotency) {
        this.sites = sites;
        this.idempotency = idempotency;
    }

    record SiteRequest(@Nullable String name) {
        String checkedName() {
            Checks checks = new Checks();
            String checked = checks.text("name", name, NAME_LENGTH);
            checks.done();
            return checked;
        }
    }

    record SiteJson(UUID id, String name, long agents, Instant createdAt) {
        static SiteJson of(Sites.Site site) {
            return new SiteJson(site.id().value(), site.name(), site.agents(), site.createdAt());
        }
    }

    @RequiresRole(Role.ADMIN)
    @GetMapping
    PageJson<SiteJson> list(
            Caller caller,
            @RequestParam(required = false) @Nullable String limit,
            @RequestParam(required = false) @Nullable String cursor) {
        Checks checks = new Checks();
        Paging paging = Paging.of(checks, limit, cursor);
        UUID after = paging.afterId(checks);
        checks.done();
        return PageJson.of(
                sites.page(caller.sites(), after, paging.limitAndOne()),
                paging,
                SiteJson::of,
                site -> site.id().value());
    }

    @RequiresRole(value = Role.ADMIN, audit = "site.create")
    @PostMapping
    ResponseEntity<byte[]> create(HttpServletRequest request, Caller caller, @RequestBody SiteRequest body) {
        Visible.requireAllSites(caller);
        String name = body.checkedName();
        return idempotency.create(request, caller, () -> {
            SiteJson site = done(sites.create(name));
            return new Idempotency.Made(URI.create("/api/v1/sites/" + site.id()), site);
        });
    }

    @RequiresRole(Role.ADMIN)
    @GetMapping("/{id}")
    SiteJson get(HttpServletRequest request, Caller caller, @PathVariable String id) {
        SiteId site = Visible.site(request, caller, id);
        return sites.find(site)
                .map(SiteJson::of)
                .orElseThrow(() -> Problem.notFound().exception());
    }

    @RequiresRole(value = Role.ADMIN, audit = "site.rename")
    @PatchMapping("/{id}")
    SiteJson rename(HttpServletRequest request, Caller caller, @PathVariable String id, @RequestBody SiteRequest body) {
        SiteId site = Visible.site(request, caller, id);
        Visible.requireAllSites(caller); // a name that is taken would tell of a site that they may not see
        return done(sites.rename(site, body.checkedName()));
    }

    @RequiresRole(value = Role.ADMIN, audit = "site.delete")
    @DeleteMapping("/{id}")
    @ResponseStatus(HttpStatus.NO_CONTENT)
    void delete(HttpServletRequest request, Caller caller, @PathVariable String id) {
        switch (sites.delete(Visible.site(request, caller, id))) {
            case DONE -> {}
            case NOT_FOUND -> throw Problem.notFound().exception();
            case HAS_AGENTS ->
                throw Problem.conflict("site-has-agents", "Agents stand at this site.")
                        .exception();
            case IS_DEFAULT ->
                throw Problem.conflict("site-is-default", "The site default stays.")
                        .exception();
        }
    }

    private static SiteJson done(Sites.Outcome outcome) {
        return switch (outcome) {
            case Sites.Outcome.Done(Sites.Site site) -> SiteJson.of(site);
            case Sites.Outcome.NotFound() -> throw Problem.notFound().exception();
            case Sites.Outcome.NameTaken() ->
                throw Problem.conflict("name-taken", "Another site has this name.")
                        .exception();
        };
    }
}
