package dev.wireproof.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wireproof.testkit.Shows;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class AuthFailuresTest {
    private static final String ADDRESS = "192.0.2.1";

    private final AtomicLong now = new AtomicLong();
    private final AuthFailures failures = new AuthFailures(3, now::get);

    @Test
    void an_address_is_suspect_after_so_many_failures_in_a_minute_and_no_other_one_with_it() {
        assertThat(failures.failed(ADDRESS)).isEqualTo(1);
        failures.failed(ADDRESS);
        assertThat(failures.tooMany(ADDRESS)).isFalse();
        assertThat(failures.limitReachedAt(failures.failed(ADDRESS))).isTrue();
        assertThat(failures.tooMany(ADDRESS)).isTrue();
        assertThat(failures.tooMany("192.0.2.2")).isFalse();
    }

    @Test
    void a_minute_later_it_starts_anew() {
        for (int i = 0; i < 5; i++) {
            failures.failed(ADDRESS);
        }
        now.addAndGet(Duration.ofSeconds(61).toNanos());
        assertThat(failures.tooMany(ADDRESS)).isFalse();
        assertThat(failures.failed(ADDRESS)).isEqualTo(1);
    }

    @Test
    @Shows("S9")
    void suspects_are_checked_two_at_a_time_so_a_good_key_still_gets_its_turn() {
        assertThat(failures.mayCheckSuspect()).isTrue();
        assertThat(failures.mayCheckSuspect()).isTrue();
        assertThat(failures.mayCheckSuspect()).isFalse();
        failures.checked();
        assertThat(failures.mayCheckSuspect()).isTrue();
    }

    @Test
    @Shows("S9")
    void a_key_that_passed_before_is_known() {
        failures.passed(42);
        assertThat(failures.passedBefore(42)).isTrue();
        assertThat(failures.passedBefore(43)).isFalse();
    }
}
