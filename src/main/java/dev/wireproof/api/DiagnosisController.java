package dev.wireproof.api;

import dev.wireproof.access.Caller;
import dev.wireproof.access.Role;
import dev.wireproof.command.CommandView;
import dev.wireproof.diagnosis.Diagnoses;
import dev.wireproof.diagnosis.Diagnoses.Begun;
import dev.wireproof.diagnosis.Diagnosis;
import jakarta.servlet.http.HttpServletRequest;
import java.net.URI;
import java.time.Duration;
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

/** Where an agent's commands get lost: asks for a diagnosis, and shows what was found. */
@RestController
@RequestMapping("/api/v1")
class DiagnosisController {
    private static final int RETRY_AFTER_S = 10;

    private final Diagnoses diagnoses;
    private final Visible visible;
    private final VisibleCommands visibleCommands;
    private final Idempotency idempotency;

    DiagnosisController(
            Diagnoses diagnoses, Visible visible, VisibleCommands visibleCommands, Idempotency idempotency) {
        this.diagnoses = diagnoses;
        this.visible = visible;
        this.visibleCommands = visibleCommands;
        this.idempotency = idempotency;
    }

    record DiagnosisRequest(
            @Nullable Integer durationS, @Nullable Boolean evictAndRepeat) {}

    /** Begins a probe: it sends one Echo and one small command, and watches. A second one at the same time is told of the first. */
    @RequiresRole(value = Role.TECHNICIAN, audit = "diagnosis.create")
    @PostMapping("/agents/{id}/diagnoses")
    ResponseEntity<byte[]> create(
            HttpServletRequest request,
            Caller caller,
            @PathVariable String id,
            @RequestBody(required = false) @Nullable DiagnosisRequest body) {
        Checks checks = new Checks();
        int seconds = checks.range(
                "duration_s",
                body == null ? null : body.durationS(),
                (int) Diagnoses.SHORTEST.toSeconds(),
                (int) Diagnoses.LONGEST.toSeconds(),
                (int) Diagnoses.STANDARD.toSeconds());
        checks.done();
        Visible.At at = visible.agent(request, caller, id);
        boolean repeat = body != null && Boolean.TRUE.equals(body.evictAndRepeat());
        ResponseEntity<byte[]> made = idempotency.create(request, caller, () -> {
            Begun begun = diagnoses.probe(at.agent(), at.site(), Duration.ofSeconds(seconds), repeat, caller.name());
            return switch (begun) {
                case Begun.Running(Diagnosis diagnosis) ->
                    new Idempotency.Made(place(diagnosis.id()), DiagnosisJson.of(diagnosis));
                case Begun.Already(UUID running) ->
                    throw Problem.conflict(
                                    "diagnosis-running",
                                    "A diagnosis of this agent runs already: %s".formatted(place(running)))
                            .withHeader("Location", place(running).toString())
                            .exception();
                case Begun.TooMany() -> throw Problem.unavailable(RETRY_AFTER_S).exception();
            };
        });
        return ResponseEntity.status(HttpStatus.ACCEPTED)
                .headers(made.getHeaders())
                .body(made.getBody());
    }

    private static URI place(UUID diagnosis) {
        return URI.create("/api/v1/diagnoses/" + diagnosis);
    }

    @RequiresRole(Role.VIEWER)
    @GetMapping("/agents/{id}/diagnoses")
    PageJson<DiagnosisJson> ofAgent(
            HttpServletRequest request,
            Caller caller,
            @PathVariable String id,
            @RequestParam(required = false) @Nullable String limit,
            @RequestParam(required = false) @Nullable String cursor) {
        Checks checks = new Checks();
        Paging paging = Paging.of(checks, limit, cursor);
        UUID after = paging.afterId(checks);
        checks.done();
        Visible.At at = visible.agent(request, caller, id);
        return PageJson.of(
                diagnoses.ofAgent(at.agent(), caller.sites(), after, paging.limitAndOne()),
                paging,
                DiagnosisJson::of,
                Diagnosis::id);
    }

    @RequiresRole(Role.VIEWER)
    @GetMapping("/diagnoses/{id}")
    DiagnosisJson get(HttpServletRequest request, Caller caller, @PathVariable String id) {
        Diagnosis diagnosis = diagnoses
                .find(Visible.uuid(id))
                .orElseThrow(() -> Problem.notFound().exception());
        Visible.require(request, caller, diagnosis.siteId());
        return DiagnosisJson.of(diagnosis);
    }

    /** The newest that judges this command: made by the server when it ended without an ack, or the probe that it belongs to. */
    @RequiresRole(Role.VIEWER)
    @GetMapping("/commands/{id}/diagnosis")
    DiagnosisJson ofCommand(HttpServletRequest request, Caller caller, @PathVariable String id) {
        CommandView command = visibleCommands.command(request, caller, id);
        return diagnoses
                .ofCommand(command.id())
                .map(DiagnosisJson::of)
                .orElseThrow(() -> Problem.notFound().exception());
    }
}
