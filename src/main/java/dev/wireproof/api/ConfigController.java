package dev.wireproof.api;

import dev.wireproof.access.Caller;
import dev.wireproof.access.Role;
import dev.wireproof.fleet.Agents;
import dev.wireproof.fleet.Configs;
import dev.wireproof.fleet.Sites;
import dev.wireproof.id.AgentId;
import dev.wireproof.id.SiteId;
import jakarta.servlet.http.HttpServletRequest;
import java.net.URI;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** Versioned configurations of a site or of one agent. */
@RestController
@RequestMapping("/api/v1/configs")
class ConfigController {
    private final Configs configs;
    private final Sites sites;
    private final Agents agents;
    private final Visible visible;
    private final Idempotency idempotency;

    ConfigController(Configs configs, Sites sites, Agents agents, Visible visible, Idempotency idempotency) {
        this.configs = configs;
        this.sites = sites;
        this.agents = agents;
        this.visible = visible;
        this.idempotency = idempotency;
    }

    record ConfigRequest(
            @Nullable String siteId,
            @Nullable String agentId,
            @Nullable AgentConfigJson config) {}

    record ConfigJson(
            long version,
            @Nullable UUID siteId,
            @Nullable UUID agentId,
            AgentConfigJson config,
            Instant createdAt,
            String createdBy) {
        static ConfigJson of(Configs.Config config) {
            SiteId site = config.site();
            AgentId agent = config.agent();
            return new ConfigJson(
                    config.version(),
                    site == null ? null : site.value(),
                    agent == null ? null : agent.value(),
                    AgentConfigJson.of(config.config()),
                    config.createdAt(),
                    config.createdBy());
        }
    }

    @RequiresRole(Role.ADMIN)
    @GetMapping
    PageJson<ConfigJson> list(
            Caller caller,
            @RequestParam(required = false) @Nullable String limit,
            @RequestParam(required = false) @Nullable String cursor) {
        Checks checks = new Checks();
        Paging paging = Paging.of(checks, limit, cursor);
        Long after = paging.afterNumber(checks);
        checks.done();
        return PageJson.of(
                configs.page(caller.sites(), after, paging.limitAndOne()),
                paging,
                ConfigJson::of,
                Configs.Config::version);
    }

    @RequiresRole(value = Role.ADMIN, audit = "config.create")
    @PostMapping
    ResponseEntity<byte[]> create(HttpServletRequest request, Caller caller, @RequestBody ConfigRequest body) {
        Checks checks = new Checks();
        SiteId site = checks.site("site_id", body.siteId());
        AgentId agent = checks.agent("agent_id", body.agentId());
        if ((body.siteId() == null) == (body.agentId() == null)) {
            checks.bad("site_id", "either this or agent_id must be given");
        }
        AgentConfigJson config = body.config();
        if (config == null) {
            checks.bad("config", "is required");
            config = AgentConfigJson.NONE;
        }
        var checked = config.checked(checks, "config.", Configs.DEFAULT);
        checks.done();
        if (agent != null) {
            visible.agent(request, caller, agent);
        }
        if (site != null) {
            if (!caller.sees(site) || !sites.exists(site)) {
                throw Problem.notFound().exception();
            }
            RouteGuard.about(request, site);
        }
        return idempotency.create(request, caller, () -> {
            ConfigJson made = ConfigJson.of(configs.create(site, agent, checked, caller.name()));
            return new Idempotency.Made(URI.create("/api/v1/configs/" + made.version()), made);
        });
    }

    @RequiresRole(Role.ADMIN)
    @GetMapping("/{version}")
    ConfigJson get(HttpServletRequest request, Caller caller, @PathVariable String version) {
        Configs.Config config = Optional.of(version)
                .filter(text -> text.matches("[0-9]{1,18}"))
                .flatMap(text -> configs.find(Long.parseLong(text)))
                .orElseThrow(() -> Problem.notFound().exception());
        SiteId site = config.site() != null ? config.site() : siteOf(config.agent());
        if (site == null ? !caller.seesAll() : !caller.sees(site)) {
            throw RouteGuard.hidden(request, site);
        }
        return ConfigJson.of(config);
    }

    private @Nullable SiteId siteOf(@Nullable AgentId agent) {
        return agent == null ? null : agents.siteOf(agent).orElse(null);
    }
}
