package dev.wireproof.access;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wireproof.access.TokenFailures.Refusal;
import dev.wireproof.testkit.Shows;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

@Shows({"S9", "S37"})
class TokenFailuresTest {
    private static final String GOOD = "wpt_good00-and-the-rest-of-it";
    private static final String HERE = "198.51.100.1";
    private static final String THERE = "198.51.100.2";

    private final AtomicLong now = new AtomicLong();
    private final TokenFailures failures = new TokenFailures(3, now::get);

    private void fail(int times, String address, String likeThis) {
        for (int i = 0; i < times; i++) {
            failures.failed(address, likeThis.formatted(i));
        }
    }

    @Test
    void an_address_is_suspect_once_it_failed_too_often_and_no_other_is() {
        fail(2, HERE, "wpt_%d-a");
        assertThat(failures.suspect(HERE, GOOD)).isFalse();
        fail(1, HERE, "wpt_%d-a");
        assertThat(failures.suspect(HERE, GOOD)).isTrue();
        assertThat(failures.suspect(THERE, GOOD)).isFalse();
    }

    @Test
    void guesses_of_the_rest_of_one_token_are_suspect_wherever_they_come_from() {
        for (int i = 0; i < 3; i++) {
            failures.failed("192.0.2." + i, "wpt_good00-guess" + i);
        }
        assertThat(failures.suspect(THERE, "wpt_good00-guess4")).isTrue();
        assertThat(failures.suspect(THERE, "wpt_other0-guess4")).isFalse();
    }

    @Test
    void a_token_that_passed_is_never_suspect_whatever_others_do_with_its_address_or_its_beginning() {
        failures.passed(GOOD);
        fail(10, HERE, GOOD.substring(0, 10) + "%d");
        assertThat(failures.suspect(HERE, GOOD)).isFalse();
        assertThat(failures.suspect(HERE, "wpt_good00-another")).isTrue();
    }

    @Test
    void suspects_are_checked_two_at_a_time() {
        assertThat(failures.mayCheckSuspect()).isTrue();
        assertThat(failures.mayCheckSuspect()).isTrue();
        assertThat(failures.mayCheckSuspect()).isFalse();
        failures.checked();
        assertThat(failures.mayCheckSuspect()).isTrue();
    }

    @Test
    void a_minute_later_it_is_forgotten() {
        fail(3, HERE, "wpt_%d-a");
        now.addAndGet(Duration.ofMinutes(1).toNanos() + 1);
        assertThat(failures.suspect(HERE, GOOD)).isFalse();
    }

    @Test
    void the_first_of_a_minute_and_the_limit_are_told_once() {
        assertThat(List.of(
                        failures.failed(HERE, "a"),
                        failures.failed(HERE, "b"),
                        failures.failed(HERE, "c"),
                        failures.failed(HERE, "d")))
                .containsExactly(Refusal.FIRST, Refusal.ONE_MORE, Refusal.AT_LIMIT, Refusal.ONE_MORE);
        assertThat(failures.failed(THERE, "e")).isEqualTo(Refusal.FIRST);
    }
}
