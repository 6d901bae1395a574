package dev.wireproof.api;

import dev.wireproof.access.Caller;
import dev.wireproof.access.Role;
import dev.wireproof.connection.AgentLines;
import dev.wireproof.connection.AgentLink;
import dev.wireproof.connection.ConnectionRegistry;
import dev.wireproof.fleet.Agent;
import dev.wireproof.fleet.Agents;
import dev.wireproof.id.AgentId;
import dev.wireproof.id.SiteId;
import jakarta.servlet.http.HttpServletRequest;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

/** What an operator does to one agent and its connection. What needs a connection answers 409 while there is none. */
@RestController
@RequestMapping("/api/v1/agents/{id}")
class AgentOrders {
    private static final int REASON_LENGTH = 500;
    private static final int LONGEST_TRACE_S = 3_600;
    private static final int TRACE_S = 300;

    private final Agents agents;
    private final AgentController shown;
    private final AgentLines lines;
    private final ConnectionRegistry registry;
    private final Visible visible;
    private final InstantSource clock;
    private final StillAllowed rights;

    AgentOrders(
            Agents agents,
            AgentController shown,
            AgentLines lines,
            ConnectionRegistry registry,
            Visible visible,
            InstantSource clock,
            StillAllowed rights) {
        this.agents = agents;
        this.shown = shown;
        this.lines = lines;
        this.registry = registry;
        this.visible = visible;
        this.clock = clock;
        this.rights = rights;
    }

    record EvictRequest(@Nullable String reason) {}

    record EvictJson(UUID agentId, UUID connectionId, int closeCode, String closeReason) {}

    record TraceRequest(@Nullable Integer durationS) {}

    record TraceJson(UUID agentId, UUID connectionId, int durationS, Instant until) {}

    record ApproveRequest(@Nullable Boolean replace) {}

    private AgentLink link(AgentId agent) {
        return registry.live(agent)
                .orElseThrow(() -> Problem.conflict("agent-offline", "The agent has no live connection.")
                        .exception());
    }

    /** Closes the live connection with 4410; the agent comes back by itself. */
    @RequiresRole(value = Role.TECHNICIAN, audit = "agent.evict")
    @PostMapping("/evict")
    @ResponseStatus(HttpStatus.ACCEPTED)
    EvictJson evict(
            HttpServletRequest request,
            Caller caller,
            @PathVariable String id,
            @RequestBody(required = false) @Nullable EvictRequest body) {
        Checks checks = new Checks();
        String reason = body == null ? null : checks.optionalText("reason", body.reason(), REASON_LENGTH);
        checks.done();
        AgentLink link = link(visible.agent(request, caller, id).agent());
        String told = "operator's order" + (reason == null || reason.isBlank() ? "" : ": " + reason);
        if (!registry.evict(link.agentId(), told)) {
            throw Problem.conflict("agent-offline", "The agent has no live connection.")
                    .exception();
        }
        return new EvictJson(
                link.agentId().value(),
                link.connectionId().value(),
                dev.wireproof.protocol.CloseCode.EVICTED.code(),
                told);
    }

    /** Sends an Echo by the very way of commands, and answers when the agent did, or after ten seconds. The wait holds no thread. */
    @RequiresRole(value = Role.TECHNICIAN, audit = "agent.echo")
    @PostMapping("/echo")
    CompletableFuture<EchoJson> echo(HttpServletRequest request, Caller caller, @PathVariable String id) {
        Visible.At at = visible.agent(request, caller, id);
        AgentLink link = link(at.agent());
        Instant openedAt = clock.instant().minusNanos(link.nowNs());
        return rights.whileAllowed(link.echo(), rights.asked(now -> now.sees(at.site())))
                .thenApplyAsync(
                        trace -> {
                            EchoJson echo = EchoJson.of(link, openedAt, trace);
                            if (echo.repliedNs() == null) {
                                throw echo.unanswered(link.live()).exception();
                            }
                            return echo;
                        },
                        Thread::startVirtualThread);
    }

    /** Every frame becomes a row and a Ping goes out each 5 s, for so long. */
    @RequiresRole(value = Role.TECHNICIAN, audit = "agent.trace")
    @PostMapping("/trace")
    @ResponseStatus(HttpStatus.ACCEPTED)
    TraceJson trace(
            HttpServletRequest request,
            Caller caller,
            @PathVariable String id,
            @RequestBody(required = false) @Nullable TraceRequest body) {
        Checks checks = new Checks();
        int seconds = checks.range("duration_s", body == null ? null : body.durationS(), 1, LONGEST_TRACE_S, TRACE_S);
        checks.done();
        AgentLink link = link(visible.agent(request, caller, id).agent());
        Duration duration = Duration.ofSeconds(seconds);
        if (!lines.trace(link.agentId(), duration)) {
            throw Problem.conflict("agent-offline", "The agent has no live connection.")
                    .exception();
        }
        return new TraceJson(
                link.agentId().value(),
                link.connectionId().value(),
                seconds,
                clock.instant().plus(duration));
    }

    /** The agent gets a new key at its next Auth; the old one is good until the agent has used the new one. */
    @RequiresRole(value = Role.ADMIN, audit = "agent.rotate_key")
    @PostMapping("/rotate-key")
    @ResponseStatus(HttpStatus.ACCEPTED)
    AgentJson rotateKey(HttpServletRequest request, Caller caller, @PathVariable String id) {
        AgentId agent = visible.agent(request, caller, id).agent();
        if (!agents.rotateKey(agent)) {
            throw Problem.notFound().exception();
        }
        return shown.shown(agent, caller);
    }

    /** Ends the hold of an identity conflict: the next one that authenticates is let in. */
    @RequiresRole(value = Role.ADMIN, audit = "agent.release")
    @PostMapping("/release")
    AgentJson release(HttpServletRequest request, Caller caller, @PathVariable String id) {
        AgentId agent = visible.agent(request, caller, id).agent();
        if (!lines.release(agent)) {
            throw Problem.conflict("not-conflicted", "The agent is not held in an identity conflict.")
                    .exception();
        }
        return shown.shown(agent, caller);
    }

    /** Accepts a pending agent; with {@code replace} the one that had its device id before is deleted. */
    @RequiresRole(value = Role.ADMIN, audit = "agent.approve")
    @PostMapping("/approve")
    AgentJson approve(
            HttpServletRequest request,
            Caller caller,
            @PathVariable String id,
            @RequestBody(required = false) @Nullable ApproveRequest body) {
        AgentId agent = visible.agent(request, caller, id).agent();
        boolean replace = body != null && Boolean.TRUE.equals(body.replace());
        if (replace) {
            requirePredecessor(agent, caller);
        }
        if (!agents.approve(agent, replace)) {
            throw Problem.conflict("not-pending", "The agent does not await approval.")
                    .exception();
        }
        return shown.shown(agent, caller);
    }

    /** Nobody retires what they may not see. */
    private void requirePredecessor(AgentId id, Caller caller) {
        Agent agent = agents.find(id).orElseThrow(() -> Problem.notFound().exception());
        SiteId site = agent.sameDeviceSite();
        if (agent.pending() && !caller.seesAll() && (site == null || !caller.sees(site))) {
            throw Problem.of(
                            HttpStatus.FORBIDDEN,
                            "forbidden",
                            "The agent that this one would replace is not the token's to delete.")
                    .exception();
        }
    }
}
