package dev.wireproof.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class FaultPlanTest {

    @Test
    void shares_come_from_repeated_options_and_from_commas() {
        FaultPlan plan = FaultPlan.parse(List.of("text-deaf=5,unparsing=2", "frozen=1"));

        assertThat(plan.shares())
                .containsExactly(
                        new FaultPlan.Share(Fault.TEXT_DEAF, 5, Duration.ZERO),
                        new FaultPlan.Share(Fault.UNPARSING, 2, Duration.ZERO),
                        new FaultPlan.Share(Fault.FROZEN, 1, Duration.ZERO));
        assertThat(plan.total()).isEqualTo(8);
    }

    @Test
    void a_name_alone_is_one_agent() {
        assertThat(FaultPlan.parse(List.of("nacking")).shares())
                .containsExactly(new FaultPlan.Share(Fault.NACKING, 1, Duration.ZERO));
    }

    @Test
    void a_slow_ack_takes_seconds_and_then_a_count() {
        assertThat(FaultPlan.parse(List.of("slow-ack=7", "slow-ack=30:4")).shares())
                .containsExactly(
                        new FaultPlan.Share(Fault.SLOW_ACK, 1, Duration.ofSeconds(7)),
                        new FaultPlan.Share(Fault.SLOW_ACK, 4, Duration.ofSeconds(30)));
    }

    @Test
    void what_it_cannot_mean_is_refused_with_the_reason() {
        assertRefused("deaf=1", "no fault is called 'deaf'");
        assertRefused("healthy=1", "no fault is called 'healthy'");
        assertRefused("text-deaf=0", "not a number above 0");
        assertRefused("text-deaf=many", "not a number above 0");
        assertRefused("slow-ack", "slow-ack=SECONDS");
        assertRefused("slow-ack=5:x", "not a number above 0");
        assertRefused("", "no fault is called ''");
    }

    @Test
    void every_fault_of_the_documentation_is_known() throws Exception {
        String page = java.nio.file.Files.readString(java.nio.file.Path.of("docs/simulator.md"));
        for (Fault fault : Fault.values()) {
            if (fault != Fault.HEALTHY) {
                assertThat(page).contains("`" + fault.optionName());
            }
        }
    }

    private static void assertRefused(String option, String reason) {
        assertThatThrownBy(() -> FaultPlan.parse(List.of(option)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(reason);
    }
}
