package dev.wireproof.connection;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wireproof.kernel.SocketView;
import dev.wireproof.kernel.TcpState;
import java.util.List;
import org.junit.jupiter.api.Test;

class SocketEvidenceTest {
    private static final SendObserver TEXT = new SendObserver() {};
    private static final SendObserver LATER_TEXT = new SendObserver() {};

    private final PingBook pings = new PingBook();
    private final SocketEvidence evidence = new SocketEvidence();

    private static SocketView view(long acked, long queued) {
        return new SocketView(TcpState.ESTABLISHED, queued, 0, 1, acked, acked + queued, 0, 100, 65_536, 0);
    }

    private void written(SendObserver text) {
        long counter = pings.nextCounter();
        pings.started(counter, counter, counter, text);
        pings.unread(evidence.newestFence(), evidence::written);
    }

    private List<SendObserver> saw(long ms, long acked, long queued) {
        return evidence.saw(view(acked, queued), ms, pings);
    }

    @Test
    void a_text_is_acknowledged_once_all_that_was_handed_over_by_the_first_look_is() {
        written(TEXT);
        assertThat(saw(0, 1_000, 500)).isEmpty();
        assertThat(saw(125, 1_499, 900))
                .as("one byte short, and more written behind it")
                .isEmpty();
        assertThat(saw(375, 1_500, 899)).containsExactly(TEXT);
        assertThat(saw(875, 2_399, 0)).as("told once").isEmpty();
        assertThat(evidence.waits()).isFalse();
    }

    @Test
    void a_look_that_finds_nothing_queued_proves_every_text_written_before_it() {
        written(TEXT);
        written(LATER_TEXT);
        assertThat(saw(0, 1_000, 0)).containsExactly(TEXT, LATER_TEXT);
    }

    @Test
    void a_text_written_after_a_look_is_not_proven_by_the_sum_of_that_look() {
        written(TEXT);
        assertThat(saw(0, 1_000, 500)).isEmpty();
        written(LATER_TEXT);
        assertThat(saw(125, 1_500, 300)).containsExactly(TEXT);
        assertThat(saw(375, 1_799, 1)).isEmpty();
        assertThat(saw(875, 1_800, 0)).containsExactly(LATER_TEXT);
    }

    @Test
    void of_a_text_that_was_read_meanwhile_nothing_is_told() {
        written(TEXT);
        assertThat(saw(0, 1_000, 500)).isEmpty();
        pings.confirm(1, 1, 10, (_, _) -> {});
        assertThat(saw(125, 1_500, 0)).isEmpty();
        assertThat(evidence.waits()).isFalse();
    }

    @Test
    void a_counter_that_runs_backwards_proves_nothing() {
        written(TEXT);
        assertThat(saw(0, 1_000, 500)).isEmpty();
        assertThat(saw(125, 999, 0)).isEmpty();
        assertThat(saw(375, 5_000, 0)).isEmpty();
    }

    @Test
    void a_kernel_that_does_not_count_acknowledged_bytes_leaves_all_unknown() {
        written(TEXT);
        assertThat(saw(0, SocketView.UNKNOWN, 0)).isEmpty();
        assertThat(evidence.fresh(0)).isNull();
    }

    @Test
    void acknowledged_bytes_are_progress_and_with_more_behind_them_a_slow_link() {
        assertThat(evidence.progressMs()).isEqualTo(-1);
        saw(1_000, 10, 0);
        assertThat(evidence.progressMs()).isEqualTo(1_000);
        saw(2_000, 10, 6);
        assertThat(evidence.progressMs()).isEqualTo(1_000);
        saw(3_000, 16, 0);
        assertThat(evidence.progressMs()).isEqualTo(3_000);
        assertThat(evidence.backlogProgressMs())
                .as("a Ping that was acknowledged")
                .isEqualTo(-1);
        saw(4_000, 16, 9_000);
        saw(5_000, 1_016, 8_000);
        assertThat(evidence.backlogProgressMs()).isEqualTo(5_000);
    }

    @Test
    void a_view_is_fresh_for_five_seconds() {
        saw(1_000, 10, 0);
        assertThat(evidence.fresh(6_000)).isEqualTo(view(10, 0));
        assertThat(evidence.fresh(6_001)).isNull();
    }

    @Test
    void looks_at_what_waits_long_become_rare_and_never_rarer_than_one_a_second() {
        written(TEXT);
        long at = 0;
        for (int pause : new int[] {125, 250, 500, 1_000, 1_000}) {
            saw(at, 1_000, 500);
            assertThat(evidence.due(at + pause - 1)).isFalse();
            assertThat(evidence.due(at + pause)).isTrue();
            at += pause;
        }
    }
}
