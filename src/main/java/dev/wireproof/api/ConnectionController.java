package dev.wireproof.api;

import dev.wireproof.access.Caller;
import dev.wireproof.access.Role;
import dev.wireproof.connection.ConnectionQueries;
import dev.wireproof.connection.ConnectionView;
import dev.wireproof.fleet.Agents;
import dev.wireproof.id.CommandId;
import dev.wireproof.id.ConnectionId;
import dev.wireproof.id.SiteId;
import dev.wireproof.telemetry.Direction;
import dev.wireproof.telemetry.FrameFilter;
import dev.wireproof.telemetry.FrameLog;
import dev.wireproof.telemetry.Opcode;
import jakarta.servlet.http.HttpServletRequest;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** Connections, and every frame that was seen on one. A connection is whose its agent is, also when that is deleted. */
@RestController
@RequestMapping("/api/v1/connections")
class ConnectionController {
    private static final Set<String> DIRECTIONS = new TreeSet<>(Set.of("in", "out"));
    private static final Set<String> OPCODES = new TreeSet<>(Set.of("text", "binary", "ping", "pong", "close"));

    private final ConnectionQueries connections;
    private final FrameLog frames;
    private final Agents agents;

    ConnectionController(ConnectionQueries connections, FrameLog frames, Agents agents) {
        this.connections = connections;
        this.frames = frames;
        this.agents = agents;
    }

    @RequiresRole(Role.VIEWER)
    @GetMapping
    PageJson<ConnectionJson> list(
            Caller caller,
            @RequestParam(required = false) @Nullable String live,
            @RequestParam(required = false) @Nullable String limit,
            @RequestParam(required = false) @Nullable String cursor) {
        Checks checks = new Checks();
        Boolean wanted = checks.flag("live", live);
        Paging paging = Paging.of(checks, limit, cursor);
        UUID before = paging.afterId(checks);
        checks.done();
        return PageJson.of(
                connections.page(wanted, caller.sites(), before, paging.limitAndOne()),
                paging,
                ConnectionJson::of,
                view -> view.id().value());
    }

    @RequiresRole(Role.VIEWER)
    @GetMapping("/{id}")
    ConnectionJson get(HttpServletRequest request, Caller caller, @PathVariable String id) {
        return ConnectionJson.of(seen(request, caller, id));
    }

    private ConnectionView seen(HttpServletRequest request, Caller caller, String id) {
        ConnectionView view = connections
                .find(Visible.parsed(id, ConnectionId::parse))
                .orElseThrow(() -> Problem.notFound().exception());
        Optional<SiteId> site = agents.lastSiteOf(view.agentId());
        if (!caller.seesAll() && !site.map(caller::sees).orElse(false)) {
            throw RouteGuard.hidden(request, site.orElse(null));
        }
        site.ifPresent(found -> RouteGuard.about(request, found));
        return view;
    }

    @RequiresRole(Role.VIEWER)
    @GetMapping("/{id}/frames")
    PageJson<FrameJson> frames(
            HttpServletRequest request,
            Caller caller,
            @PathVariable String id,
            @RequestParam(required = false) @Nullable String direction,
            @RequestParam(required = false) @Nullable String opcode,
            @RequestParam(required = false) @Nullable String type,
            @RequestParam(name = "command_id", required = false) @Nullable String commandId,
            @RequestParam(required = false) @Nullable String since,
            @RequestParam(required = false) @Nullable String limit,
            @RequestParam(required = false) @Nullable String cursor) {
        Checks checks = new Checks();
        Direction way =
                direction == null ? null : Direction.ofWireName(checks.oneOf("direction", direction, DIRECTIONS, "in"));
        Opcode kind = opcode == null ? null : Opcode.ofWireName(checks.oneOf("opcode", opcode, OPCODES, "text"));
        String named = checks.query("type", type);
        CommandId command = checks.id("command_id", commandId, CommandId::parse);
        Instant from = checks.time("since", since);
        Paging paging = Paging.of(checks, limit, cursor);
        Long after = paging.afterNumber(checks);
        checks.done();
        ConnectionView view = seen(request, caller, id);
        var found = frames.find(
                view.id(),
                new FrameFilter(way, kind, named, command, from),
                after == null ? 0 : after,
                paging.limitAndOne());
        return PageJson.of(
                List.copyOf(found), paging, FrameJson::of, seen -> seen.frame().seq());
    }
}
