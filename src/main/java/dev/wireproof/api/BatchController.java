package dev.wireproof.api;

import dev.wireproof.access.ApiTokens;
import dev.wireproof.access.Caller;
import dev.wireproof.access.Role;
import dev.wireproof.command.Rollout;
import dev.wireproof.command.RolloutState;
import dev.wireproof.command.Rollouts;
import dev.wireproof.connection.AgentLine;
import dev.wireproof.connection.AgentLines;
import dev.wireproof.connection.CommandPath;
import dev.wireproof.fleet.Agent;
import dev.wireproof.fleet.Agents;
import jakarta.servlet.http.HttpServletRequest;
import java.net.URI;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** One command for many agents. A large one waits for a second person. */
@RestController
@RequestMapping("/api/v1/batches")
class BatchController {
    private static final int CONCURRENCY = 10;
    private static final int MOST_CONCURRENCY = 1_000;
    private static final int REASON_LENGTH = 500;

    private final Rollouts rollouts;
    private final BatchTargets targets;
    private final Agents agents;
    private final AgentLines lines;
    private final ApiTokens tokens;
    private final Idempotency idempotency;
    private final ApiSettings settings;

    BatchController(
            Rollouts rollouts,
            BatchTargets targets,
            Agents agents,
            AgentLines lines,
            ApiTokens tokens,
            Idempotency idempotency,
            ApiSettings settings) {
        this.rollouts = rollouts;
        this.targets = targets;
        this.agents = agents;
        this.lines = lines;
        this.tokens = tokens;
        this.idempotency = idempotency;
        this.settings = settings;
    }

    record CancelRequest(@Nullable String reason) {}

    /**
     * What a batch would meet; nothing is stored.
     *
     * @param needsApproval whether a second person would have to approve it
     */
    record ForecastJson(int targets, boolean needsApproval, int proven, int unproven, int failing, int offline) {}

    @RequiresRole(value = Role.TECHNICIAN, audit = "batch.create")
    @PostMapping
    ResponseEntity<?> create(
            HttpServletRequest request,
            Caller caller,
            @RequestBody BatchRequest body,
            @RequestParam(name = "dry_run", required = false) @Nullable String dryRun) {
        Checks checks = new Checks();
        Boolean forecast = checks.flag("dry_run", dryRun);
        BatchTargets.Checked selector = BatchTargets.checked(checks, body.selector());
        int concurrency = checks.range("max_concurrency", body.maxConcurrency(), 1, MOST_CONCURRENCY, CONCURRENCY);
        Integer errors = body.maxErrors();
        if (errors != null) {
            checks.range("max_errors", errors, 1, BatchTargets.MOST, 1);
        }
        CommandRequest.Checked command = command(checks, body.command());
        List<Agent> selected = targets.select(caller, selector);
        boolean held = selected.size() > limit();
        if (forecast != null && forecast) {
            return ResponseEntity.ok(forecast(selected, held));
        }
        if (selected.isEmpty() || selected.size() > BatchTargets.MOST) {
            throw Problem.invalid(
                            "selector",
                            "selects %d agents; a batch has 1 to %d".formatted(selected.size(), BatchTargets.MOST))
                    .exception();
        }
        CommandRequest.Rest rest = command.rest();
        Map<String, String> detail = new LinkedHashMap<>(command.forAudit());
        detail.remove("agent");
        detail.put("targets", Integer.toString(selected.size()));
        detail.put("held", Boolean.toString(held));
        RouteGuard.detail(request, detail);
        return idempotency.create(request, caller, () -> {
            UUID id = rollouts.create(new Rollout.Wanted(
                    selected.stream()
                            .map(agent -> new Rollout.Target(
                                    agent.id(), agent.site(), agent.os().family()))
                            .toList(),
                    command.interpreter(),
                    rest.script(),
                    rest.args(),
                    rest.env(),
                    rest.cwd(),
                    rest.timeoutS(),
                    rest.ttlS(),
                    rest.maxOutputBytes(),
                    rest.effect(),
                    rest.secret(),
                    rest.note(),
                    concurrency,
                    errors,
                    held,
                    caller.tokenId(),
                    caller.name()));
            return new Idempotency.Made(
                    URI.create("/api/v1/batches/" + id),
                    BatchJson.of(rollouts.find(id).orElseThrow()),
                    HttpStatus.ACCEPTED.value());
        });
    }

    /** @throws ProblemException naming every bad field, those of the command as {@code command.…} */
    private static CommandRequest.Checked command(Checks checks, @Nullable CommandRequest command) {
        if (command == null) {
            checks.bad("command", "is required");
            checks.done();
            throw new IllegalStateException("refused");
        }
        if (command.agentId() != null) {
            checks.bad("command.agent_id", "is not allowed here: the selector says which agents");
        }
        CommandRequest.Checked checked = command.checkedForMany(checks, "command.");
        checks.done();
        return checked;
    }

    /** More targets than this need a second person: a number for small fleets, a share for large ones. */
    private long limit() {
        return Math.max(settings.approvalAbove(), agents.count() * settings.approvalAbovePercent() / 100);
    }

    private ForecastJson forecast(List<Agent> selected, boolean held) {
        Map<dev.wireproof.id.AgentId, AgentLine> line =
                lines.of(selected.stream().map(Agent::id).toList());
        int[] by = new int[4];
        for (Agent agent : selected) {
            AgentLine of = Objects.requireNonNull(line.get(agent.id()));
            CommandPath.Status path = of.path().status();
            by[
                    of.connectionId() == null
                            ? 3
                            : path == CommandPath.Status.PROVEN ? 0 : path == CommandPath.Status.UNPROVEN ? 1 : 2]++;
        }
        return new ForecastJson(selected.size(), held, by[0], by[1], by[2], by[3]);
    }

    @RequiresRole(Role.VIEWER)
    @GetMapping("/{id}")
    BatchJson get(HttpServletRequest request, Caller caller, @PathVariable String id) {
        return BatchJson.of(seen(request, caller, id));
    }

    /** Nothing more is offered from now on; what an agent has got already goes on. */
    @RequiresRole(value = Role.TECHNICIAN, audit = "batch.cancel")
    @PostMapping("/{id}/cancel")
    ResponseEntity<BatchJson> cancel(
            HttpServletRequest request,
            Caller caller,
            @PathVariable String id,
            @RequestBody(required = false) @Nullable CancelRequest body) {
        Checks checks = new Checks();
        String reason = body == null ? null : checks.optionalText("reason", body.reason(), REASON_LENGTH);
        checks.done();
        Rollout batch = seen(request, caller, id);
        String why = "cancelled by " + caller.name() + (reason == null || reason.isBlank() ? "" : ": " + reason);
        if (!rollouts.cancel(batch.id(), why)) {
            throw Problem.conflict("batch-ended", "The batch has ended: " + batch.why() + ".")
                    .exception();
        }
        return ResponseEntity.accepted().body(BatchJson.of(seen(request, caller, id)));
    }

    /** By someone else than who asked for it, nor with a token that they made. */
    @RequiresRole(value = Role.TECHNICIAN, audit = "batch.approve")
    @PostMapping("/{id}/approve")
    ResponseEntity<BatchJson> approve(HttpServletRequest request, Caller caller, @PathVariable String id) {
        Rollout batch = seen(request, caller, id);
        if (batch.state() != RolloutState.HELD) {
            throw Problem.conflict("batch-not-held", "The batch does not wait for approval.")
                    .exception();
        }
        String maker = tokens.find(caller.tokenId())
                .map(ApiTokens.ApiToken::createdBy)
                .orElseThrow(() -> Problem.notFound().exception());
        if (batch.tokenId().equals(caller.tokenId())
                || batch.createdBy().equals(caller.name())
                || batch.createdBy().equals(maker)) {
            throw Problem.of(HttpStatus.FORBIDDEN, "second-person-required", "Someone else has to approve this batch.")
                    .exception();
        }
        if (!rollouts.approve(batch.id(), caller.tokenId(), caller.name())) {
            throw Problem.conflict("batch-not-held", "The batch does not wait for approval any more.")
                    .exception();
        }
        return ResponseEntity.accepted().body(BatchJson.of(seen(request, caller, id)));
    }

    private Rollout seen(HttpServletRequest request, Caller caller, String id) {
        Rollout batch = rollouts.find(Visible.uuid(id))
                .orElseThrow(() -> Problem.notFound().exception());
        Visible.requireWithin(request, caller, batch.sites());
        return batch;
    }
}
