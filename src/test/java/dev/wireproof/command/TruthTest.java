package dev.wireproof.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * What the server says of a command is compared with what became of it: thousands of lives with an honest agent behind a bad network, which
 * loses, delays and repeats; with records that are lost or restored, and people who cancel and redeliver.
 */
class TruthTest {
    private static final int LIVES = 30_000;
    private static final int STEPS = 60;
    private static final long SEED = Long.getLong("wireproof.truth.seed", 4_711L);

    @Test
    void whatever_the_network_does_no_claim_is_untrue() {
        System.out.println("TruthTest: seed " + SEED + " (-Dwireproof.truth.seed=…)");
        int executed = 0;
        int notReceived = 0;
        int notRun = 0;
        int unknown = 0;
        for (int life = 0; life < LIVES; life++) {
            HonestWorld world = new HonestWorld(new Random(SEED + life));
            for (int step = 0; step < STEPS; step++) {
                world.step();
                check(world, life);
            }
            if (world.facts.state().ended()) {
                executed += world.facts.certainty() == Certainty.EXECUTED ? 1 : 0;
                notRun += world.facts.certainty() == Certainty.NOT_RUN ? 1 : 0;
                notReceived += world.facts.certainty() == Certainty.NOT_RECEIVED ? 1 : 0;
                unknown += world.facts.certainty() == Certainty.UNKNOWN ? 1 : 0;
            }
        }
        assertThat(new int[] {executed, notRun, notReceived, unknown})
                .as("the lives came far enough to prove something")
                .doesNotContain(0);
    }

    private static void check(HonestWorld world, int life) {
        Certainty said = world.facts.certainty();
        boolean true_ = switch (said) {
            case NOT_RECEIVED -> world.accepted == 0;
            case NOT_RUN -> world.executions == 0;
            case RECEIVED -> world.accepted > 0 || world.cancelsRead > 0;
            case EXECUTED -> world.executions > 0;
            case UNKNOWN -> true;
        };
        boolean once = world.facts.effect() != CommandEffect.ONCE || world.executions <= 1 + world.redeliveries;
        if (!true_ || !once) {
            assertThat(false)
                    .as(
                            "life %d of seed %d: said %s %s accepted %d times and with %d executions%n%s",
                            life,
                            SEED,
                            world.facts.state(),
                            said,
                            world.accepted,
                            world.executions,
                            String.join("\n", world.told))
                    .isTrue();
        }
    }
}
