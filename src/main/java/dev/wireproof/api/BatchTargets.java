package dev.wireproof.api;

import dev.wireproof.access.Caller;
import dev.wireproof.connection.AgentLine;
import dev.wireproof.connection.AgentLines;
import dev.wireproof.fleet.Agent;
import dev.wireproof.fleet.AgentFilter;
import dev.wireproof.fleet.Agents;
import dev.wireproof.id.AgentId;
import dev.wireproof.id.SiteId;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.stereotype.Component;

/** Which agents a selector means, among those that its caller sees. One that waits for approval is never among them. */
@Component
class BatchTargets {
    static final int MOST = 10_000;
    private static final int MOST_NAMED = 10_000;
    private static final int MOST_TAGS = 64;
    private static final int PAGE = 500;
    private static final Set<String> FAMILIES = Set.of("linux", "windows", "macos", "other");

    private final Agents agents;
    private final AgentLines lines;

    BatchTargets(Agents agents, AgentLines lines) {
        this.agents = agents;
        this.lines = lines;
    }

    /** The same with every field checked. Null: no restriction. */
    record Checked(
            @Nullable Set<AgentId> agents,
            @Nullable Set<SiteId> sites,
            Map<String, @Nullable String> tags,
            @Nullable String family,
            @Nullable Boolean online) {}

    static Checked checked(Checks checks, BatchRequest.@Nullable Selector selector) {
        if (selector == null
                || (selector.agentIds() == null
                        && selector.siteIds() == null
                        && (selector.tags() == null || selector.tags().isEmpty())
                        && selector.osFamily() == null
                        && selector.online() == null)) {
            checks.bad("selector", "must name agent_ids, site_ids, tags, os_family or online");
            return new Checked(Set.of(), null, Map.of(), null, null);
        }
        Set<AgentId> named = null;
        if (selector.agentIds() != null) {
            named = new LinkedHashSet<>();
            List<@Nullable String> ids = within(checks, "selector.agent_ids", selector.agentIds());
            for (int i = 0; i < ids.size(); i++) {
                AgentId id = checks.agent("selector.agent_ids[" + i + "]", ids.get(i));
                if (id == null) {
                    checks.bad("selector.agent_ids[" + i + "]", "must be a UUID");
                } else {
                    named.add(id);
                }
            }
        }
        Set<SiteId> sites = null;
        if (selector.siteIds() != null) {
            sites = new LinkedHashSet<>();
            List<@Nullable String> ids = within(checks, "selector.site_ids", selector.siteIds());
            for (int i = 0; i < ids.size(); i++) {
                sites.add(checks.requiredSite("selector.site_ids[" + i + "]", ids.get(i)));
            }
        }
        Map<String, @Nullable String> tags = selector.tags() == null ? Map.of() : selector.tags();
        if (tags.size() > MOST_TAGS || tags.values().stream().anyMatch(Objects::isNull)) {
            checks.bad("selector.tags", "must have at most " + MOST_TAGS + " entries, each with a string");
        }
        String family = selector.osFamily() == null
                ? null
                : checks.oneOf("selector.os_family", selector.osFamily(), FAMILIES, "other");
        return new Checked(named, sites, tags, family, selector.online());
    }

    private static List<@Nullable String> within(Checks checks, String field, List<@Nullable String> ids) {
        if (ids.isEmpty() || ids.size() > MOST_NAMED) {
            checks.bad(field, "must have 1 to " + MOST_NAMED + " elements");
            return List.of();
        }
        return ids;
    }

    /** @throws ProblemException 404 for an agent that is not there or not the caller's; 400 for too many */
    List<Agent> select(Caller caller, Checked selector) {
        Set<SiteId> sites = selector.sites();
        if (sites != null && !sites.stream().allMatch(caller::sees)) {
            throw Problem.of(HttpStatus.NOT_FOUND, Problem.notFound().code(), "There is no such site.")
                    .withErrors(List.of(new Problem.FieldError("selector.site_ids", "names no site")))
                    .exception();
        }
        Set<AgentId> named = selector.agents();
        List<Agent> seen = all(
                new AgentFilter(caller.sites(), named == null ? Boolean.FALSE : null, named, null, null, null, null));
        if (named != null && seen.size() < named.size()) {
            throw Problem.of(HttpStatus.NOT_FOUND, Problem.notFound().code(), "There is no such agent.")
                    .withErrors(List.of(new Problem.FieldError("selector.agent_ids", "names no agent")))
                    .exception();
        }
        Map<AgentId, AgentLine.Status> onLine = lines.statuses();
        return seen.stream()
                .filter(agent -> !agent.pending())
                .filter(agent -> sites == null || sites.contains(agent.site()))
                .filter(agent -> selector.tags().entrySet().stream()
                        .allMatch(tag ->
                                agent.tags().get(tag.getKey()) instanceof String value && value.equals(tag.getValue())))
                .filter(agent ->
                        selector.family() == null || agent.os().family().equals(selector.family()))
                .filter(agent -> selector.online() == null || selector.online() == onLine.containsKey(agent.id()))
                .toList();
    }

    private List<Agent> all(AgentFilter filter) {
        List<Agent> all = new ArrayList<>();
        UUID after = null;
        List<Agent> page;
        do {
            page = agents.page(filter, after, PAGE);
            all.addAll(page);
            after = page.isEmpty() ? null : page.getLast().id().value();
            if (all.size() > 10 * MOST) {
                throw Problem.invalid("selector", "selects among more agents than one batch can look at")
                        .exception();
            }
        } while (page.size() == PAGE);
        return all;
    }
}
