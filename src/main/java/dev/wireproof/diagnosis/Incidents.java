package dev.wireproof.diagnosis;

import dev.wireproof.diagnosis.FleetHealth.Attribute;
import dev.wireproof.diagnosis.FleetHealth.Incident;
import dev.wireproof.id.AgentId;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Groups failing agents by how they fail, and asks what each group has in common. Pure. */
final class Incidents {

    /** How an agent fails: never its name, never a guess. */
    record Signature(
            Verdict verdict,
            @Nullable String rung,
            @Nullable Boolean limitReached,
            @Nullable String beganWith) {}

    /** @param failing null: it is healthy */
    record Member(AgentId agent, @Nullable Signature failing, Instant since, Map<String, String> attributes) {
        Member {
            attributes = Map.copyOf(attributes);
        }
    }

    private Incidents() {}

    static List<Incident> of(List<Member> fleet) {
        List<Map<String, String>> healthy = fleet.stream()
                .filter(member -> member.failing() == null)
                .map(Member::attributes)
                .toList();
        Map<Signature, List<Member>> groups = new LinkedHashMap<>();
        for (Member member : fleet) {
            Signature how = member.failing();
            if (how != null) {
                groups.computeIfAbsent(how, _ -> new ArrayList<>()).add(member);
            }
        }
        return groups.entrySet().stream()
                .map(group -> incident(group.getKey(), group.getValue(), healthy))
                .sorted(Comparator.comparingInt(
                                (Incident incident) -> incident.agents().size())
                        .reversed()
                        .thenComparing(Incident::since))
                .toList();
    }

    private static Incident incident(Signature how, List<Member> members, List<Map<String, String>> healthy) {
        Separation.Finding found =
                Separation.of(members.stream().map(Member::attributes).toList(), healthy);
        List<Attribute> tested = found.tests().stream()
                .map(t -> new Attribute(
                        t.attribute(),
                        t.value(),
                        t.inGroup(),
                        t.group(),
                        t.inHealthy(),
                        t.healthy(),
                        t.p(),
                        t.corrected(),
                        !found.tooFew() && t.separates()))
                .toList();
        List<Attribute> separating =
                tested.stream().filter(Attribute::separates).toList();
        return new Incident(
                how.verdict(),
                how.rung(),
                how.limitReached(),
                how.beganWith(),
                members.stream()
                        .map(Member::since)
                        .min(Comparator.naturalOrder())
                        .orElse(Instant.EPOCH),
                members.stream().map(Member::agent).toList(),
                healthy.size(),
                found.tooFew(),
                says(members.size(), healthy.size(), found.tooFew(), separating),
                separating.stream().map(Attribute::attribute).toList(),
                tested);
    }

    private static String says(int group, int healthy, boolean tooFew, List<Attribute> separating) {
        if (tooFew) {
            return "too few to say what sets them apart: %d failing and %d healthy".formatted(group, healthy);
        }
        if (separating.isEmpty()) {
            return "no attribute sets the %d apart from the %d healthy ones".formatted(group, healthy);
        }
        Attribute first = separating.getFirst();
        return String.format(
                Locale.ROOT,
                "%d of the %d have %s %s, as have %d of the %d healthy ones (p = %.2g after correction)%s",
                first.inGroup(),
                first.group(),
                first.attribute(),
                first.value(),
                first.inHealthy(),
                first.healthy(),
                first.pCorrected(),
                separating.size() == 1 ? "" : "; and " + (separating.size() - 1) + " more attributes set them apart");
    }
}
