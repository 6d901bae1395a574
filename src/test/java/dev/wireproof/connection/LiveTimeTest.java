package dev.wireproof.connection;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class LiveTimeTest {
    private static final long MS = 1_000_000L;

    private final AtomicLong nanos = new AtomicLong(-5_000 * MS); // the machine's clock may begin anywhere
    private final LiveTime time = new LiveTime(nanos::get);

    private long pass(long ms) {
        nanos.addAndGet(ms * MS);
        return time.tick();
    }

    @Test
    void it_passes_as_the_machines_clock_does_while_the_server_runs() {
        pass(250);
        pass(2_000);
        assertThat(time.nowMs()).isEqualTo(2_250);
    }

    @Test
    void a_gap_of_over_two_seconds_counts_as_one_step() {
        pass(1_000);
        assertThat(pass(60_000)).isEqualTo(59_750 * MS);
        assertThat(time.nowMs()).isEqualTo(1_250);
        pass(1_000);
        assertThat(time.nowMs()).isEqualTo(2_250);
    }

    @Test
    void a_start_that_took_long_is_not_called_a_pause() {
        assertThat(pass(30_000)).isZero();
        assertThat(time.nowMs()).isEqualTo(250);
        assertThat(pass(30_000)).isEqualTo(29_750 * MS);
    }

    @Test
    void an_instant_before_a_pause_is_as_old_as_if_there_had_been_none() {
        long begin = nanos.get();
        pass(1_000);
        long sent = nanos.get();
        pass(60_000);
        pass(500);
        assertThat(time.msOf(begin)).isZero();
        assertThat(time.msOf(sent)).isEqualTo(1_000);
        assertThat(time.msOf(sent - 400 * MS)).isEqualTo(600);
        assertThat(time.msOf(nanos.get())).isEqualTo(1_750);
        assertThat(time.msOf(nanos.get() - 300 * MS)).isEqualTo(1_450);
    }

    @Test
    void an_instant_within_a_pause_stands_still() {
        pass(1_000);
        long before = nanos.get();
        pass(60_000);
        assertThat(time.msOf(before + 30_000 * MS)).isEqualTo(1_000);
        assertThat(time.msOf(before + 59_900 * MS)).isEqualTo(1_150);
    }

    @Test
    void an_instant_after_the_last_look_is_not_taken_for_a_later_one() {
        pass(1_000);
        long sentNow = nanos.addAndGet(90_000 * MS);
        assertThat(time.msOf(sentNow)).isEqualTo(1_000);
        time.tick();
        assertThat(time.msOf(sentNow)).isEqualTo(1_250);
    }

    @Test
    void many_pauses_are_all_left_out() {
        for (int i = 0; i < 10; i++) {
            pass(1_000);
            pass(10_000);
        }
        assertThat(time.nowMs()).isEqualTo(12_500);
        assertThat(time.msOf(nanos.get())).isEqualTo(12_500);
        long firstPause = -5_000 * MS + 1_000 * MS;
        assertThat(time.msOf(firstPause)).isEqualTo(1_000);
    }
}
