package dev.wireproof.connection;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wireproof.connection.Deadlines.Facts;
import dev.wireproof.connection.Deadlines.Phase;
import dev.wireproof.connection.Deadlines.Socket;
import dev.wireproof.connection.Deadlines.Verdict;
import org.junit.jupiter.api.Test;

/** What the kernel's view changes in the judgement of a connection. */
class SlowLinkTest {
    private static final int MEGABYTE = 1 << 20;

    private final Deadlines deadlines = new Deadlines(LineUnderTest.properties());

    private Verdict writing(long nowMs, int bytes, Socket socket) {
        return deadlines.judge(nowMs, new Facts(Phase.OPEN, 0, nowMs, nowMs, 0, 0, bytes, false, socket));
    }

    private Verdict unproven(long nowMs, long bytes, Socket socket) {
        return deadlines.judge(nowMs, new Facts(Phase.OPEN, 0, nowMs, 0, bytes, -1, 0, false, socket));
    }

    @Test
    void a_write_stalls_fifteen_seconds_after_the_last_byte_that_was_acknowledged() {
        assertThat(writing(15_000, MEGABYTE, new Socket(true, -1, -1))).isEqualTo(Verdict.NONE);
        assertThat(writing(15_001, MEGABYTE, new Socket(true, -1, -1))).isEqualTo(Verdict.WRITE_STALL);
        assertThat(writing(600_000, MEGABYTE, new Socket(true, 585_000, -1))).isEqualTo(Verdict.NONE);
        assertThat(writing(600_001, MEGABYTE, new Socket(true, 585_000, -1))).isEqualTo(Verdict.WRITE_STALL);
    }

    @Test
    void without_the_kernels_view_each_eight_kilobytes_get_a_second_more() {
        assertThat(writing(143_000, MEGABYTE, Socket.UNKNOWN)).isEqualTo(Verdict.NONE);
        assertThat(writing(143_001, MEGABYTE, Socket.UNKNOWN)).isEqualTo(Verdict.WRITE_STALL);
        assertThat(writing(15_001, 200, Socket.UNKNOWN)).isEqualTo(Verdict.WRITE_STALL);
    }

    @Test
    void a_slow_link_at_work_is_not_evicted_as_unproven_and_one_that_stopped_is() {
        assertThat(unproven(300_000, MEGABYTE, new Socket(true, 299_000, 299_000)))
                .isEqualTo(Verdict.NONE);
        assertThat(unproven(344_001, MEGABYTE, new Socket(true, 299_000, 299_000)))
                .isEqualTo(Verdict.OUTBOUND_UNPROVEN);
    }

    @Test
    void a_peer_whose_tcp_alone_acknowledges_is_as_unproven_as_one_whose_does_not() {
        assertThat(unproven(45_001, 0, new Socket(true, 45_000, -1))).isEqualTo(Verdict.OUTBOUND_UNPROVEN);
        assertThat(unproven(45_001, 0, new Socket(true, -1, -1))).isEqualTo(Verdict.OUTBOUND_UNPROVEN);
    }
}
