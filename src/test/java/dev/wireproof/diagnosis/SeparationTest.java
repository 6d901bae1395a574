package dev.wireproof.diagnosis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.wireproof.diagnosis.FleetHealth.Incident;
import dev.wireproof.diagnosis.Incidents.Member;
import dev.wireproof.diagnosis.Incidents.Signature;
import dev.wireproof.id.AgentId;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What sets a group apart, and when one must not say. */
class SeparationTest {
    private static final Signature DEAF = new Signature(Verdict.AGENT_TEXT_UNPARSED, "PEER_READ", true, "reconnect");
    private static final Signature SLOW = new Signature(Verdict.AGENT_SLOW_ACK, "ACKED", false, "nothing_seen");

    private static Map<String, String> at(String site, String proxy) {
        return Map.of("site", site, "proxy", proxy, "agent_version", "1.2", "os", "linux Debian 12");
    }

    private static Member member(int number, @Nullable Signature failing, Map<String, String> attributes) {
        return new Member(new AgentId(new UUID(0, number + 1)), failing, Instant.EPOCH.plusSeconds(number), attributes);
    }

    @Test
    void fishers_test_is_the_one_of_the_textbook() {
        // The lady tasting tea: all four of four right, of eight cups.
        assertThat(Separation.fisher(4, 4, 0, 4)).isCloseTo(1.0 / 70, within(1e-12));
        assertThat(Separation.fisher(3, 4, 1, 4)).isCloseTo(17.0 / 70, within(1e-12));
        assertThat(Separation.fisher(0, 4, 4, 4)).isEqualTo(1);
    }

    @Test
    void holm_multiplies_the_smallest_most_and_never_falls() {
        List<Separation.Test> raw = List.of(test("a", 0.01), test("b", 0.04), test("c", 0.03), test("d", 0.005));
        assertThat(Separation.holm(raw)).extracting(Separation.Test::attribute).containsExactly("d", "a", "c", "b");
        assertThat(Separation.holm(raw).stream()
                        .mapToDouble(Separation.Test::corrected)
                        .toArray())
                .containsExactly(new double[] {0.02, 0.03, 0.06, 0.06}, within(1e-12));
    }

    private static Separation.Test test(String name, double p) {
        return new Separation.Test(name, "x", 1, 1, 1, 1, p, 1);
    }

    @Test
    void forty_agents_with_two_behind_one_gateway_and_a_slow_one_elsewhere_are_two_incidents() {
        List<Member> fleet = new ArrayList<>();
        IntStream.range(0, 37).forEach(n -> fleet.add(member(n, null, at("site " + n % 4, "none"))));
        fleet.add(member(37, DEAF, at("site 1", "198.51.100.1")));
        fleet.add(member(38, DEAF, at("site 2", "198.51.100.1")));
        fleet.add(member(39, SLOW, at("site 3", "none")));

        List<Incident> incidents = Incidents.of(fleet);

        assertThat(incidents).hasSize(2);
        Incident gateway = incidents.getFirst();
        assertThat(gateway.verdict()).isEqualTo(Verdict.AGENT_TEXT_UNPARSED);
        assertThat(gateway.agents()).hasSize(2);
        assertThat(gateway.separatedBy()).containsExactly("proxy");
        assertThat(gateway.says()).startsWith("2 of the 2 have proxy 198.51.100.1, as have 0 of the 37 healthy ones");
        Incident slow = incidents.getLast();
        assertThat(slow.verdict()).isEqualTo(Verdict.AGENT_SLOW_ACK);
        assertThat(slow.separatedBy()).isEmpty();
        assertThat(slow.says()).startsWith("too few to say");
    }

    @Test
    void the_same_verdict_with_another_signature_is_another_incident() {
        List<Member> fleet = List.of(
                member(0, DEAF, at("a", "none")),
                member(1, new Signature(DEAF.verdict(), "PEER_READ", true, "config_update"), at("a", "none")),
                member(2, null, at("a", "none")));
        assertThat(Incidents.of(fleet)).hasSize(2);
    }

    @Test
    void with_no_healthy_agent_or_very_few_nothing_is_said() {
        assertThat(Incidents.of(List.of(member(0, DEAF, at("a", "p"))))
                        .getFirst()
                        .tooFewToSay())
                .isTrue();
        List<Member> few = new ArrayList<>(List.of(member(0, DEAF, at("a", "p")), member(1, DEAF, at("a", "p"))));
        IntStream.range(2, 6).forEach(n -> few.add(member(n, null, at("b", "none"))));
        assertThat(Incidents.of(few).getFirst().tooFewToSay()).isTrue();
        assertThat(Incidents.of(few).getFirst().separatedBy()).isEmpty();
    }

    @Test
    void what_the_healthy_have_as_often_separates_nothing() {
        List<Member> fleet = new ArrayList<>();
        IntStream.range(0, 20).forEach(n -> fleet.add(member(n, DEAF, at("a", "none"))));
        IntStream.range(20, 60).forEach(n -> fleet.add(member(n, null, at("a", "none"))));
        assertThat(Incidents.of(fleet).getFirst().separatedBy()).isEmpty();
        assertThat(Incidents.of(fleet).getFirst().says()).startsWith("no attribute sets the 20 apart");
    }
}
