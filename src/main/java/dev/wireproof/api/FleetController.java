package dev.wireproof.api;

import dev.wireproof.access.Caller;
import dev.wireproof.access.Role;
import dev.wireproof.diagnosis.FleetHealth;
import dev.wireproof.diagnosis.FleetHealth.Attribute;
import dev.wireproof.diagnosis.FleetHealth.Incident;
import dev.wireproof.diagnosis.FleetHealth.Summary;
import dev.wireproof.id.AgentId;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;

/** The fleet as a whole: how many are how, and which of them fail in the same way. */
@RestController
@RequestMapping("/api/v1/fleet")
class FleetController {
    private final FleetHealth health;

    FleetController(FleetHealth health) {
        this.health = health;
    }

    /** @param rung where the judged commands stopped */
    record SignatureJson(
            String verdict,
            @Nullable String rung,
            @Nullable Boolean attemptLimitReached,
            @Nullable String beganWith) {}

    record IncidentJson(
            SignatureJson signature,
            String summary,
            String faultDomain,
            String nextStep,
            Instant since,
            int count,
            List<UUID> agentIds,
            int healthy,
            boolean tooFewToSay,
            String says,
            List<String> separatedBy,
            List<Attribute> attributes) {
        static IncidentJson of(Incident incident) {
            return new IncidentJson(
                    new SignatureJson(
                            incident.verdict().wireName(),
                            incident.rung(),
                            incident.limitReached(),
                            incident.beganWith()),
                    incident.verdict().meaning(),
                    incident.verdict().faultDomain(),
                    incident.verdict().nextStep(),
                    incident.since(),
                    incident.agents().size(),
                    incident.agents().stream().map(AgentId::value).toList(),
                    incident.healthy(),
                    incident.tooFewToSay(),
                    incident.says(),
                    incident.separatedBy(),
                    incident.tested());
        }
    }

    @RequiresRole(Role.VIEWER)
    @GetMapping("/summary")
    Summary summary(Caller caller) {
        return health.summary(caller.sites());
    }

    @RequiresRole(Role.VIEWER)
    @GetMapping("/incidents")
    PageJson<IncidentJson> incidents(Caller caller) {
        return new PageJson<>(
                health.incidents(caller.sites()).stream().map(IncidentJson::of).toList(), null);
    }
}
