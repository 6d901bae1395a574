package dev.wireproof.api;

import dev.wireproof.access.Caller;
import dev.wireproof.access.Role;
import dev.wireproof.command.Reaper;
import dev.wireproof.id.AgentId;
import jakarta.servlet.http.HttpServletRequest;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** What settles deadlines, as an operator sees it and stops it. */
@RestController
@RequestMapping("/api/v1/reaper")
class ReaperController {
    private final Reaper reaper;
    private final Visible visible;

    ReaperController(Reaper reaper, Visible visible) {
        this.reaper = reaper;
        this.visible = visible;
    }

    record ReaperRequest(@Nullable String agentId) {}

    /** @param settledSinceStart of all sites; null for a token that is limited to some */
    record ReaperJson(
            boolean paused,
            @Nullable Instant pausedSince,
            List<PausedJson> pausedAgents,
            long overdue,
            List<UpcomingJson> next,
            @Nullable Instant lastRunAt,
            @Nullable Long settledSinceStart) {
        /**
         * @param seen which paused agents are shown
         * @param all whether what is counted for the whole server is shown
         */
        static ReaperJson of(Reaper.View view, Predicate<AgentId> seen, boolean all) {
            return new ReaperJson(
                    view.pausedSince() != null,
                    view.pausedSince(),
                    view.pausedAgents().stream()
                            .filter(agent -> seen.test(agent.agentId()))
                            .map(agent -> new PausedJson(agent.agentId().value(), agent.since(), agent.by()))
                            .toList(),
                    view.overdue(),
                    view.next().stream()
                            .map(next -> new UpcomingJson(
                                    next.commandId().value(),
                                    next.agentId().value(),
                                    next.state().wireName(),
                                    next.dueAt(),
                                    next.what()))
                            .toList(),
                    view.lastRunAt(),
                    all ? view.settledSinceStart() : null);
        }
    }

    record PausedJson(UUID agentId, Instant since, String by) {}

    record UpcomingJson(UUID commandId, UUID agentId, String state, Instant dueAt, String what) {}

    @RequiresRole(Role.ADMIN)
    @GetMapping
    ReaperJson get(Caller caller, @RequestParam(required = false) @Nullable String limit) {
        Checks checks = new Checks();
        Paging paging = Paging.of(checks, limit, null);
        checks.done();
        return ReaperJson.of(
                reaper.view(caller.sites(), paging.limit()), agent -> visible.sees(caller, agent), caller.seesAll());
    }

    @RequiresRole(value = Role.ADMIN, audit = "reaper.pause")
    @PostMapping("/pause")
    ReaperJson pause(
            HttpServletRequest request, Caller caller, @RequestBody(required = false) @Nullable ReaperRequest body) {
        reaper.pause(agent(request, caller, body), caller.name());
        return get(caller, null);
    }

    @RequiresRole(value = Role.ADMIN, audit = "reaper.resume")
    @PostMapping("/resume")
    ReaperJson resume(
            HttpServletRequest request, Caller caller, @RequestBody(required = false) @Nullable ReaperRequest body) {
        reaper.resume(agent(request, caller, body));
        return get(caller, null);
    }

    /** @return null: all agents, which only a token of all sites may say */
    private @Nullable AgentId agent(HttpServletRequest request, Caller caller, @Nullable ReaperRequest body) {
        Checks checks = new Checks();
        AgentId agent = body == null ? null : checks.agent("agent_id", body.agentId());
        checks.done();
        if (agent == null) {
            Visible.requireAllSites(caller);
            return null;
        }
        return visible.agent(request, caller, agent).agent();
    }
}
