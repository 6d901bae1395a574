package dev.wireproof.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wireproof.protocol.CloseCode;
import java.time.Duration;
import java.util.Random;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class BackoffTest {
    /** Always the most that is asked for. */
    private static final RandomGenerator HIGHEST = new Random() {
        @Override
        public long nextLong(long bound) {
            return bound - 1;
        }
    };

    private final Backoff backoff = new Backoff(HIGHEST);

    private long next(Duration connectedFor) {
        return backoff.next(connectedFor, null, null).toMillis();
    }

    @Test
    void the_delay_doubles_with_each_failure_up_to_a_minute() {
        for (long seconds : new long[] {1, 2, 4, 8, 16, 32, 60, 60, 60}) {
            assertThat(next(Duration.ZERO)).isEqualTo(seconds * 1000);
        }
    }

    @Test
    void it_starts_again_only_after_a_connection_that_lasted_a_minute() {
        next(Duration.ZERO);
        next(Duration.ZERO);
        assertThat(next(Duration.ofSeconds(59))).isEqualTo(4000);
        assertThat(next(Duration.ofSeconds(60))).isEqualTo(1000);
    }

    @Test
    void the_delay_is_anything_from_zero_to_its_bound() {
        Backoff random = new Backoff(new Random(1));
        for (int i = 0; i < 1000; i++) {
            assertThat(random.next(Duration.ofSeconds(60), 1001, null)).isBetween(Duration.ZERO, Duration.ofSeconds(1));
        }
    }

    @Test
    void what_the_server_asked_for_comes_on_top() {
        assertThat(backoff.next(Duration.ZERO, 4429, Duration.ofSeconds(30))).hasSeconds(31);
        assertThat(new Backoff(HIGHEST).next(Duration.ZERO, null, Duration.ofSeconds(7)))
                .hasSeconds(8);
    }

    @ParameterizedTest
    @EnumSource(CloseCode.class)
    void every_close_code_is_answered_with_the_wait_of_the_protocol(CloseCode code) {
        Duration delay = new Backoff(HIGHEST).next(Duration.ofMinutes(5), code.code(), null);
        Duration expected = switch (code.reaction()) {
            case NOT_BEFORE_RETRY_AFTER, WAIT_60_S_UNLESS_CONNECTED -> Duration.ofSeconds(61);
            case TRY_EACH_HOUR -> Duration.ofSeconds(3601);
            case NOTHING, RECONNECT_WITH_JITTER, BACK_OFF, STOP_AND_ENROL_AGAIN -> Duration.ofSeconds(1);
        };
        assertThat(delay).isEqualTo(expected);
    }
}
