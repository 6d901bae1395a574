package dev.wireproof.command;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.slf4j.LoggerFactory;

/**
 * Thousands of short histories of the command room in a world that goes wrong ({@link SimulatedWorld}). A failure names its seed:
 * {@code -Dwireproof.simulation.seed=N} plays that one again, {@code -Dwireproof.simulation.seconds=3600} looks for longer.
 */
class DeterministicSimulationTest {
    private static final long FIRST = Long.getLong("wireproof.simulation.seed", 1);
    private static final long SECONDS = Long.getLong("wireproof.simulation.seconds", 15);
    private static final int AT_LEAST = 2_000;
    private static final int BATCH = 200;
    private static final int SHOWN = 3;

    private static final Logger LOG = (Logger) LoggerFactory.getLogger("dev.wireproof.command");

    @BeforeAll
    static void silence() {
        LOG.setLevel(Level.OFF); // each simulated trouble is a warning
    }

    @AfterAll
    static void speakAgain() {
        LOG.setLevel(null);
    }

    @Test
    void the_same_seed_is_the_same_history() {
        for (long seed = 1; seed <= 20; seed++) {
            assertThat(SimulatedWorld.of(seed).lines())
                    .isEqualTo(SimulatedWorld.of(seed).lines());
        }
        assertThat(SimulatedWorld.of(1).lines())
                .isNotEqualTo(SimulatedWorld.of(2).lines());
    }

    @Test
    void whatever_goes_wrong_nothing_is_lost_doubled_or_claimed_too_much() {
        boolean one = System.getProperty("wireproof.simulation.seed") != null;
        long endNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
        List<SimulatedWorld.History> failed = new ArrayList<>();
        long next = FIRST;
        do {
            failed.addAll(broken(next, one ? 1 : BATCH, SimulatedWorld.Flaw.NONE));
            next += one ? 1 : BATCH;
        } while (!one && failed.isEmpty() && (next - FIRST < AT_LEAST || System.nanoTime() - endNs < 0));
        System.out.printf("simulation: seeds=%d..%d failed=%d%n", FIRST, next - 1, failed.size());
        assertThat(failed.stream().limit(SHOWN)).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "NONE")
    void a_world_that_breaks_a_promise_is_found_out(SimulatedWorld.Flaw flaw) {
        assertThat(broken(1, BATCH, flaw)).isNotEmpty();
    }

    /** Each world is alone on its thread, so many may play at a time. */
    private static List<SimulatedWorld.History> broken(long first, long count, SimulatedWorld.Flaw flaw) {
        return LongStream.range(first, first + count)
                .parallel()
                .mapToObj(seed -> SimulatedWorld.of(seed, flaw))
                .filter(history -> !history.broken().isEmpty())
                .toList();
    }
}
