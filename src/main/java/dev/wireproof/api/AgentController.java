package dev.wireproof.api;

import dev.wireproof.access.Caller;
import dev.wireproof.access.Role;
import dev.wireproof.connection.AgentLine;
import dev.wireproof.connection.AgentLines;
import dev.wireproof.connection.ConnectionQueries;
import dev.wireproof.connection.ConnectionView;
import dev.wireproof.fleet.Agent;
import dev.wireproof.fleet.AgentFilter;
import dev.wireproof.fleet.Agents;
import dev.wireproof.fleet.Configs;
import dev.wireproof.fleet.Sites;
import dev.wireproof.id.AgentId;
import dev.wireproof.id.SiteId;
import jakarta.servlet.http.HttpServletRequest;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PatchMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

/** The agents: which there are, how they are on the line, what an operator says of them. Orders to one are in {@link AgentOrders}. */
@RestController
@RequestMapping("/api/v1/agents")
class AgentController {
    private static final int NAME_LENGTH = 200;
    private static final int MOST_TAGS = 64;
    private static final int TAG_LENGTH = 255;
    private static final Set<String> FAMILIES = new TreeSet<>(Set.of("linux", "windows", "macos", "other"));
    private static final Set<String> STATUSES = new TreeSet<>(AgentJson.STATUSES);

    private final Agents agents;
    private final Configs configs;
    private final Sites sites;
    private final AgentLines lines;
    private final ConnectionQueries connections;
    private final Visible visible;

    AgentController(
            Agents agents,
            Configs configs,
            Sites sites,
            AgentLines lines,
            ConnectionQueries connections,
            Visible visible) {
        this.agents = agents;
        this.configs = configs;
        this.sites = sites;
        this.lines = lines;
        this.connections = connections;
        this.visible = visible;
    }

    @RequiresRole(Role.VIEWER)
    @GetMapping
    PageJson<AgentJson> list(
            Caller caller,
            @RequestParam(name = "site_id", required = false) @Nullable String siteId,
            @RequestParam(required = false) @Nullable String status,
            @RequestParam(required = false) @Nullable String tag,
            @RequestParam(name = "os_family", required = false) @Nullable String osFamily,
            @RequestParam(required = false) @Nullable String q,
            @RequestParam(required = false) @Nullable String limit,
            @RequestParam(required = false) @Nullable String cursor) {
        Checks checks = new Checks();
        SiteId site = checks.site("site_id", siteId);
        String wanted = status == null ? null : checks.oneOf("status", status, STATUSES, "online");
        String family = osFamily == null ? null : checks.oneOf("os_family", osFamily, FAMILIES, "other");
        String tagged = checks.query("tag", tag);
        String text = checks.query("q", q);
        Paging paging = Paging.of(checks, limit, cursor);
        UUID after = paging.afterId(checks);
        checks.done();
        Among among = among(wanted);
        List<Agent> found = agents.page(
                new AgentFilter(
                        Visible.sites(caller, site),
                        wanted == null ? null : wanted.equals(AgentJson.PENDING),
                        among.these(),
                        among.notThese(),
                        tagged,
                        family,
                        text),
                after,
                paging.limitAndOne());
        return page(found, paging, wanted, caller);
    }

    /** Who is on the line is known in memory, the rest in rows; null: no restriction. */
    private record Among(
            @Nullable Collection<AgentId> these, @Nullable Collection<AgentId> notThese) {}

    private Among among(@Nullable String status) {
        if (status == null || status.equals(AgentJson.PENDING)) {
            return new Among(null, null);
        }
        AgentLine.Status wanted = AgentLine.Status.valueOf(status.toUpperCase(Locale.ROOT));
        Set<AgentId> conflicted = lines.conflicted();
        if (wanted == AgentLine.Status.CONFLICTED) {
            return new Among(conflicted, null);
        }
        Map<AgentId, AgentLine.Status> onLine = lines.statuses();
        if (wanted == AgentLine.Status.OFFLINE) {
            return new Among(
                    null,
                    Stream.concat(onLine.keySet().stream(), conflicted.stream()).collect(Collectors.toSet()));
        }
        return new Among(
                onLine.entrySet().stream()
                        .filter(one -> one.getValue() == wanted)
                        .map(Map.Entry::getKey)
                        .toList(),
                conflicted);
    }

    /** An agent that changed between the two looks is left out: a list of one status shows no other. */
    private PageJson<AgentJson> page(List<Agent> found, Paging paging, @Nullable String status, Caller caller) {
        Map<AgentId, AgentLine> line = lines.of(found.stream().map(Agent::id).toList());
        PageJson<AgentJson> page = PageJson.of(
                found,
                paging,
                agent -> AgentJson.of(agent, Objects.requireNonNull(line.get(agent.id())), caller, null),
                agent -> agent.id().value());
        return new PageJson<>(
                page.items().stream()
                        .filter(agent -> status == null || agent.status().equals(status))
                        .toList(),
                page.nextCursor());
    }

    @RequiresRole(Role.VIEWER)
    @GetMapping("/{id}")
    AgentJson get(HttpServletRequest request, Caller caller, @PathVariable String id) {
        return shown(visible.agent(request, caller, id).agent(), caller);
    }

    /** @throws ProblemException 404 when it is gone meanwhile */
    AgentJson shown(AgentId id, Caller caller) {
        Agent agent = agents.find(id).orElseThrow(() -> Problem.notFound().exception());
        return AgentJson.of(agent, lines.of(id), caller, configs.effective(id, agent.site()));
    }

    @RequiresRole(value = Role.TECHNICIAN, audit = "agent.patch")
    @PatchMapping("/{id}")
    AgentJson patch(
            HttpServletRequest request, Caller caller, @PathVariable String id, @RequestBody AgentPatchRequest body) {
        if (body.needsAdmin() && !caller.role().includes(Role.ADMIN)) {
            throw Problem.of(
                            HttpStatus.FORBIDDEN,
                            "forbidden",
                            "Of an agent, a technician may change the tags; the rest needs the role admin.")
                    .exception();
        }
        Visible.At at = visible.agent(request, caller, id);
        Configs.Effective before = configs.effective(at.agent(), at.site());
        Checks checks = new Checks();
        SiteId site = checks.site("site_id", body.siteId());
        String name = checks.optionalText("display_name", body.displayName(), NAME_LENGTH);
        Map<String, String> tags = tags(checks, body.tags());
        AgentConfigJson asked = body.config();
        var config = asked == null ? null : asked.checked(checks, "config.", before.config());
        checks.done();
        if (site != null && !(caller.sees(site) && sites.exists(site))) {
            throw Problem.notFound()
                    .withErrors(List.of(new Problem.FieldError("site_id", "names no site")))
                    .exception();
        }
        if (!agents.patch(at.agent(), new Agents.Patch(site, body.nameGiven(), name, body.tagsGiven(), tags))) {
            throw Problem.notFound().exception();
        }
        if (config != null) {
            configs.create(null, at.agent(), config, caller.name());
        }
        return shown(at.agent(), caller);
    }

    private static @Nullable Map<String, String> tags(Checks checks, @Nullable Map<String, @Nullable String> given) {
        if (given == null) {
            return null;
        }
        if (given.size() > MOST_TAGS) {
            checks.bad("tags", "must have at most " + MOST_TAGS + " entries");
            return null;
        }
        Map<String, String> tags = new LinkedHashMap<>();
        given.forEach((key, value) -> {
            checks.text("tags", key, TAG_LENGTH);
            if (value == null) {
                checks.bad("tags." + key, "must be a string");
            } else {
                tags.put(key, checks.withinLength("tags." + key, value, TAG_LENGTH));
            }
        });
        return tags;
    }

    /** Its connection is closed with 4403, and its open commands end. */
    @RequiresRole(value = Role.ADMIN, audit = "agent.delete")
    @DeleteMapping("/{id}")
    @ResponseStatus(HttpStatus.NO_CONTENT)
    void delete(HttpServletRequest request, Caller caller, @PathVariable String id) {
        if (!agents.delete(visible.agent(request, caller, id).agent())) {
            throw Problem.notFound().exception();
        }
    }

    @RequiresRole(Role.VIEWER)
    @GetMapping("/{id}/connections")
    PageJson<ConnectionJson> connections(
            HttpServletRequest request,
            Caller caller,
            @PathVariable String id,
            @RequestParam(required = false) @Nullable String limit,
            @RequestParam(required = false) @Nullable String cursor) {
        Checks checks = new Checks();
        Paging paging = Paging.of(checks, limit, cursor);
        Long before = paging.afterNumber(checks);
        checks.done();
        AgentId agent = visible.agent(request, caller, id).agent();
        return PageJson.of(
                connections.ofAgent(agent, before, paging.limitAndOne()),
                paging,
                ConnectionJson::of,
                ConnectionView::epoch);
    }
}
