package dev.wireproof.command;

import static dev.wireproof.command.RolloutState.CANCELLED;
import static dev.wireproof.command.RolloutState.DONE;
import static dev.wireproof.command.RolloutState.HELD;
import static dev.wireproof.command.RolloutState.RUNNING;
import static dev.wireproof.command.RolloutState.STOPPED;
import static org.assertj.core.api.Assertions.assertThat;

import dev.wireproof.command.RolloutLifecycle.Facts;
import dev.wireproof.command.RolloutLifecycle.Next;
import dev.wireproof.testkit.Shows;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Shows("S15")
class RolloutLifecycleTest {
    private static Facts running(int most, int maxErrors, int waiting, int inFlight, int succeeded, int failed) {
        return new Facts(RUNNING, most, maxErrors, waiting, inFlight, inFlight, succeeded, failed, false, true);
    }

    @Test
    void it_begins_with_one_and_lets_one_more_in_for_each_that_succeeded() {
        assertThat(RolloutLifecycle.next(running(10, 0, 50, 0, 0, 0))).isEqualTo(new Next.Release(1));
        assertThat(RolloutLifecycle.next(running(10, 0, 50, 1, 0, 0))).isEqualTo(new Next.Rest());
        assertThat(RolloutLifecycle.next(running(10, 0, 50, 0, 1, 0))).isEqualTo(new Next.Release(2));
        assertThat(RolloutLifecycle.next(running(10, 0, 50, 4, 30, 0))).isEqualTo(new Next.Release(6));
    }

    @Test
    void never_so_many_are_in_flight_that_more_could_fail_than_may() {
        assertThat(RolloutLifecycle.next(running(10, 3, 50, 0, 30, 0))).isEqualTo(new Next.Release(3));
        assertThat(RolloutLifecycle.next(running(10, 3, 50, 1, 30, 2))).isEqualTo(new Next.Rest());
        assertThat(RolloutLifecycle.next(running(10, 3, 50, 5, 30, 3)))
                .isEqualTo(new Next.Move(STOPPED, "3 executions failed"));
    }

    @Test
    void it_is_done_when_none_waits_and_none_is_open() {
        assertThat(RolloutLifecycle.next(running(10, 0, 0, 1, 5, 0))).isEqualTo(new Next.Rest());
        assertThat(RolloutLifecycle.next(running(10, 0, 0, 0, 5, 0)))
                .isEqualTo(new Next.Move(DONE, "every target has ended"));
    }

    @Test
    void what_waits_past_its_time_gets_nothing_any_more() {
        assertThat(RolloutLifecycle.next(new Facts(RUNNING, 10, 0, 5, 0, 0, 5, 0, true, true)))
                .isEqualTo(new Next.Expire());
        assertThat(RolloutLifecycle.next(new Facts(HELD, 10, 0, 5, 0, 0, 0, 0, true, true)))
                .isInstanceOf(Next.Move.class);
    }

    @Test
    void what_is_held_waits_and_nothing_goes_out_for_one_who_may_not_ask_any_more() {
        assertThat(RolloutLifecycle.next(new Facts(HELD, 10, 0, 5, 0, 0, 0, 0, false, true)))
                .isEqualTo(new Next.Rest());
        for (RolloutState state : new RolloutState[] {HELD, RUNNING}) {
            assertThat(RolloutLifecycle.next(new Facts(state, 10, 0, 5, 0, 0, 0, 0, false, false)))
                    .isEqualTo(new Next.Move(CANCELLED, "the token that asked for it may not do so any more"));
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = RolloutState.class,
            names = {"STOPPED", "CANCELLED", "DONE"})
    void what_has_ended_does_nothing(RolloutState state) {
        RandomGenerator random = RandomGeneratorFactory.getDefault().create(4711);
        for (int i = 0; i < 200; i++) {
            assertThat(RolloutLifecycle.next(new Facts(
                            state,
                            1 + random.nextInt(9),
                            random.nextInt(3),
                            random.nextInt(9),
                            random.nextInt(9),
                            random.nextInt(9),
                            random.nextInt(9),
                            random.nextInt(9),
                            random.nextBoolean(),
                            random.nextBoolean())))
                    .isEqualTo(new Next.Rest());
        }
    }
}
