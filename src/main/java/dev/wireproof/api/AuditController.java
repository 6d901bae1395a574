package dev.wireproof.api;

import dev.wireproof.access.AuditLog;
import dev.wireproof.access.Caller;
import dev.wireproof.access.Role;
import dev.wireproof.id.SiteId;
import java.time.Instant;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** Who did what. A token that is limited to sites sees the lines about these. */
@RestController
@RequestMapping("/api/v1/audit")
class AuditController {
    private final AuditLog audit;

    AuditController(AuditLog audit) {
        this.audit = audit;
    }

    record AuditJson(
            UUID id,
            Instant at,
            String actor,
            @Nullable UUID actorId,
            String action,
            String target,
            @Nullable UUID siteId,
            @Nullable String remoteAddress,
            String result,
            Map<String, String> detail) {
        static AuditJson of(AuditLog.Line line) {
            SiteId site = line.entry().site();
            return new AuditJson(
                    line.id(),
                    line.at(),
                    line.entry().actor(),
                    line.entry().actorId(),
                    line.entry().action(),
                    line.entry().target(),
                    site == null ? null : site.value(),
                    line.entry().remoteAddress(),
                    line.entry().result(),
                    line.entry().detail());
        }
    }

    @RequiresRole(Role.ADMIN)
    @GetMapping
    PageJson<AuditJson> list(
            Caller caller,
            @RequestParam(required = false) @Nullable String since,
            @RequestParam(required = false) @Nullable String actor,
            @RequestParam(required = false) @Nullable String action,
            @RequestParam(required = false) @Nullable String limit,
            @RequestParam(required = false) @Nullable String cursor) {
        Checks checks = new Checks();
        Instant from = checks.time("since", since);
        checks.query("actor", actor);
        checks.query("action", action);
        Paging paging = Paging.of(checks, limit, cursor);
        UUID after = paging.afterId(checks);
        checks.done();
        return PageJson.of(
                audit.page(from, actor, action, caller.sites(), after, paging.limitAndOne()),
                paging,
                AuditJson::of,
                AuditLog.Line::id);
    }
}
