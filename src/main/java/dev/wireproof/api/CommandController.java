package dev.wireproof.api;

import dev.wireproof.access.Caller;
import dev.wireproof.access.Role;
import dev.wireproof.command.CommandFilter;
import dev.wireproof.command.CommandPage;
import dev.wireproof.command.CommandState;
import dev.wireproof.command.CommandView;
import dev.wireproof.command.Commands;
import dev.wireproof.command.Decision;
import dev.wireproof.command.Rollouts;
import dev.wireproof.command.Submission;
import dev.wireproof.diagnosis.Diagnoses;
import dev.wireproof.id.AgentId;
import dev.wireproof.id.CommandId;
import dev.wireproof.id.SiteId;
import jakarta.servlet.http.HttpServletRequest;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
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

/** Commands: run, look, cancel, offer again. What is longer than a look is in {@link CommandEvidenceController}. */
@RestController
@RequestMapping("/api/v1/commands")
class CommandController {
    private static final int LONGEST_WAIT_S = 60;
    private static final int REASON_LENGTH = 500;

    private final Commands commands;
    private final VisibleCommands visible;
    private final CommandCreation creation;
    private final Diagnoses diagnoses;
    private final Rollouts rollouts;
    private final StillAllowed rights;

    CommandController(
            Commands commands,
            VisibleCommands visible,
            CommandCreation creation,
            Diagnoses diagnoses,
            Rollouts rollouts,
            StillAllowed rights) {
        this.commands = commands;
        this.visible = visible;
        this.creation = creation;
        this.diagnoses = diagnoses;
        this.rollouts = rollouts;
        this.rights = rights;
    }

    record CancelRequest(@Nullable String reason) {}

    /**
     * Answers when the command is stored; with {@code wait_s}, when it ended, or that time or the right to it is over. The wait holds no
     * thread. Without it the request's own virtual thread waits for the commit, which is cheaper than a second dispatch.
     */
    @RequiresRole(value = Role.TECHNICIAN, audit = "command.create")
    @PostMapping
    Object create(
            HttpServletRequest request,
            Caller caller,
            @RequestBody CommandRequest body,
            @RequestParam(name = "wait_s", required = false) @Nullable String waitS) {
        Duration wait = wait(waitS);
        CompletableFuture<Submission> submitted = creation.submit(creation.wanted(request, caller, body));
        if (wait.isZero()) {
            return CommandCreation.answer(submitted.join());
        }
        BooleanSupplier allowed = rights.asked(_ -> true);
        return submitted.thenCompose(submission -> rights.whileAllowed(awaited(submission, wait), allowed));
    }

    /** What {@link #create} declares, for the short way that leads to the same. */
    static RequiresRole createIsDeclared() {
        return Arrays.stream(CommandController.class.getDeclaredMethods())
                .filter(method -> method.getName().equals("create"))
                .map(method -> method.getAnnotation(RequiresRole.class))
                .findFirst()
                .orElseThrow();
    }

    private CompletableFuture<ResponseEntity<CommandJson>> awaited(Submission submission, Duration wait) {
        ResponseEntity<CommandJson> now = CommandCreation.answer(submission);
        CommandJson command = now.getBody();
        if (command == null) {
            return CompletableFuture.completedFuture(now);
        }
        return commands.awaitEnd(new CommandId(command.id()), wait)
                .thenApply(view -> ResponseEntity.status(
                                view.isPresent() && view.get().state().ended() ? HttpStatus.OK : HttpStatus.ACCEPTED)
                        .headers(now.getHeaders())
                        .body(view.map(this::shown).orElse(command)));
    }

    private static Duration wait(@Nullable String waitS) {
        if (waitS == null) {
            return Duration.ZERO;
        }
        Checks checks = new Checks();
        long seconds = checks.range("wait_s", checks.number("wait_s", waitS), 0, LONGEST_WAIT_S, 0);
        checks.done();
        return Duration.ofSeconds(seconds);
    }

    @RequiresRole(Role.VIEWER)
    @GetMapping("/{id}")
    Object get(
            HttpServletRequest request,
            Caller caller,
            @PathVariable String id,
            @RequestParam(name = "wait_s", required = false) @Nullable String waitS) {
        Duration wait = wait(waitS);
        CommandView command = visible.command(request, caller, id);
        if (wait.isZero() || command.state().ended()) {
            return shown(command);
        }
        var end = rights.whileAllowed(
                commands.awaitEnd(command.id(), wait), rights.asked(now -> now.sees(command.siteId())));
        return end.thenApply(later -> {
            CommandView view = later.orElse(command);
            return ResponseEntity.status(view.state().ended() ? HttpStatus.OK : HttpStatus.ACCEPTED)
                    .body(shown(view));
        });
    }

    @RequiresRole(Role.VIEWER)
    @GetMapping
    PageJson<CommandJson> list(
            Caller caller,
            @RequestParam(name = "agent_id", required = false) @Nullable String agentId,
            @RequestParam(name = "site_id", required = false) @Nullable String siteId,
            @RequestParam(required = false) @Nullable String state,
            @RequestParam(name = "batch_id", required = false) @Nullable String batchId,
            @RequestParam(required = false) @Nullable String since,
            @RequestParam(required = false) @Nullable String until,
            @RequestParam(required = false) @Nullable String q,
            @RequestParam(required = false) @Nullable String limit,
            @RequestParam(required = false) @Nullable String cursor) {
        Checks checks = new Checks();
        AgentId agent = checks.agent("agent_id", agentId);
        SiteId site = checks.site("site_id", siteId);
        SiteId batch = checks.site("batch_id", batchId);
        CommandState inState = state(checks, state);
        var from = checks.time("since", since);
        var to = checks.time("until", until);
        String text = checks.query("q", q);
        Paging paging = Paging.of(checks, limit, cursor);
        Long after = paging.afterNumber(checks);
        checks.done();
        CommandPage page = commands.list(
                new CommandFilter(
                        Visible.sites(caller, site),
                        agent,
                        inState,
                        from,
                        to,
                        text,
                        batch == null ? null : batch.value()),
                after,
                paging.limit());
        return new PageJson<>(shown(page.items()), page.next() == null ? null : Paging.cursor(page.next()));
    }

    private CommandJson shown(CommandView command) {
        return shown(List.of(command)).getFirst();
    }

    private List<CommandJson> shown(List<CommandView> commands) {
        Map<CommandId, UUID> made = diagnoses.ofCommands(commands.stream()
                .filter(command -> command.state().ended())
                .map(CommandView::id)
                .toList());
        Map<CommandId, UUID> batches =
                rollouts.ofCommands(commands.stream().map(CommandView::id).toList());
        return commands.stream()
                .map(command -> CommandJson.of(command, made.get(command.id()), batches.get(command.id())))
                .toList();
    }

    private static @Nullable CommandState state(Checks checks, @Nullable String name) {
        if (name == null) {
            return null;
        }
        Optional<CommandState> state = CommandState.ofWireName(name);
        if (state.isEmpty()) {
            checks.bad("state", "is no state of a command");
        }
        return state.orElse(null);
    }

    @RequiresRole(value = Role.TECHNICIAN, audit = "command.cancel")
    @PostMapping("/{id}/cancel")
    ResponseEntity<CommandJson> cancel(
            HttpServletRequest request,
            Caller caller,
            @PathVariable String id,
            @RequestBody(required = false) @Nullable CancelRequest body) {
        Checks checks = new Checks();
        String reason = body == null ? null : checks.optionalText("reason", body.reason(), REASON_LENGTH);
        checks.done();
        CommandView command = visible.command(request, caller, id);
        return decided(commands.cancel(command.id(), reason, caller.name()).join(), "command-ended");
    }

    @RequiresRole(value = Role.TECHNICIAN, audit = "command.redeliver")
    @PostMapping("/{id}/redeliver")
    ResponseEntity<CommandJson> redeliver(HttpServletRequest request, Caller caller, @PathVariable String id) {
        CommandView command = visible.command(request, caller, id);
        return decided(
                commands.redeliver(command.id(), caller.name(), caller.tokenId())
                        .join(),
                "not-redeliverable");
    }

    private static ResponseEntity<CommandJson> decided(Decision decision, String conflictCode) {
        return switch (decision) {
            case Decision.Accepted(CommandView command) ->
                CommandCreation.accepted(command).body(CommandJson.of(command));
            case Decision.Conflict(CommandView unused, String why) ->
                throw Problem.conflict(conflictCode, why).exception();
            case Decision.NotFound() -> throw Problem.notFound().exception();
        };
    }
}
