package dev.wireproof.kernel;

import static dev.wireproof.kernel.SocketView.UNKNOWN;
import static org.assertj.core.api.Assertions.assertThat;

import dev.wireproof.kernel.InetDiagMessages.Outcome;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class InetDiagMessagesTest {
    private static final int SEQUENCE = 7;
    private static final int INFO_OF_6_18 = 280;

    private final Map<SocketAddresses, SocketView> seen = new HashMap<>();

    /** A message for 10.0.0.1:8080 to 10.0.0.2:40000, with so many bytes of tcp_info, each 32-bit word holding its own offset. */
    private static ByteBuffer message(int state, int infoBytes) {
        int length = 16 + 72 + 4 + infoBytes;
        ByteBuffer message = ByteBuffer.allocate(length).order(ByteOrder.nativeOrder());
        message.putInt(length)
                .putShort((short) 20)
                .putShort((short) 0)
                .putInt(SEQUENCE)
                .putInt(0);
        message.put((byte) 2).put((byte) state).putShort((short) 0);
        message.order(ByteOrder.BIG_ENDIAN).putShort((short) 8080).putShort((short) 40000);
        message.putInt(0x0A000001).position(16 + 4 + 20);
        message.putInt(0x0A000002);
        message.order(ByteOrder.nativeOrder()).putInt(16 + 60, 5_000);
        message.position(16 + 72);
        message.putShort((short) (4 + infoBytes)).putShort((short) 2);
        for (int at = 0; at + 4 <= infoBytes; at += 4) {
            message.putInt(16 + 72 + 4 + at, at);
        }
        return message.position(0);
    }

    private Outcome read(ByteBuffer datagram) {
        return InetDiagMessages.read(datagram, SEQUENCE, seen::put);
    }

    /** A 64-bit number whose two words hold their offsets. */
    private static long words(int at) {
        ByteBuffer both = ByteBuffer.allocate(8).order(ByteOrder.nativeOrder());
        return both.putInt(at).putInt(at + 4).getLong(0);
    }

    @Test
    void each_number_is_read_where_the_kernels_header_puts_it() {
        assertThat(read(message(1, INFO_OF_6_18))).isEqualTo(new Outcome.Messages(1));
        assertThat(seen)
                .containsExactly(Map.entry(
                        new SocketAddresses(
                                0,
                                SocketAddresses.mapped(0x0A000001),
                                8080,
                                0,
                                SocketAddresses.mapped(0x0A000002),
                                40000),
                        new SocketView(
                                TcpState.ESTABLISHED,
                                5_000,
                                144,
                                24,
                                words(120),
                                words(200),
                                100,
                                68,
                                228,
                                words(176))));
    }

    @Test
    void a_shorter_tcp_info_of_an_older_kernel_leaves_the_rest_unknown() {
        read(message(1, 104)); // Linux 3.14: ends before bytes_acked
        SocketView view = seen.values().iterator().next();
        assertThat(view.retransmits()).isEqualTo(100);
        assertThat(view.bytesAcked()).isEqualTo(UNKNOWN);
        assertThat(view.unsentBytes()).isEqualTo(UNKNOWN);
        assertThat(view.handedOver()).isEqualTo(UNKNOWN);
        assertThat(view.unackedBytes()).isEqualTo(UNKNOWN);
        assertThat(view.zeroWindow()).isNull();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 3, 23, 24, 27, 119, 120, 124, 127, 147, 207, 231})
    void a_number_that_is_not_there_whole_is_unknown(int infoBytes) {
        read(message(1, infoBytes));
        SocketView view = seen.values().iterator().next();
        assertThat(view.sendQueueBytes()).isEqualTo(5_000);
        assertThat(view.unackedPackets()).isEqualTo(infoBytes >= 28 ? 24 : UNKNOWN);
        assertThat(view.bytesAcked()).isEqualTo(infoBytes >= 128 ? words(120) : UNKNOWN);
        assertThat(view.unsentBytes()).isEqualTo(infoBytes >= 148 ? 144 : UNKNOWN);
        assertThat(view.bytesSent()).isEqualTo(infoBytes >= 208 ? words(200) : UNKNOWN);
        assertThat(view.sendWindowBytes()).isEqualTo(UNKNOWN);
    }

    @Test
    void a_length_beyond_the_datagram_is_not_believed() {
        ByteBuffer message = message(1, INFO_OF_6_18);
        message.putInt(0, message.limit() + 1);
        assertThat(read(message)).isEqualTo(new Outcome.Malformed());
        message.putInt(0, -16);
        assertThat(read(message)).isEqualTo(new Outcome.Malformed());
        ByteBuffer longAttribute = message(1, INFO_OF_6_18);
        longAttribute.putShort(16 + 72, (short) 0xFFFF);
        assertThat(read(longAttribute)).isEqualTo(new Outcome.Messages(1));
        assertThat(seen.values()).extracting(SocketView::bytesAcked).containsExactly(UNKNOWN);
    }

    @Test
    void a_listener_is_no_answer_to_a_question_about_a_connection() {
        read(message(10, INFO_OF_6_18));
        assertThat(seen).isEmpty();
    }

    @Test
    void messages_of_another_conversation_are_passed_over() {
        assertThat(InetDiagMessages.read(message(1, 8), SEQUENCE + 1, seen::put))
                .isEqualTo(new Outcome.Messages(0));
        assertThat(seen).isEmpty();
    }

    @Test
    void an_error_is_told_with_its_number() {
        ByteBuffer error = ByteBuffer.allocate(20).order(ByteOrder.nativeOrder());
        error.putInt(20)
                .putShort((short) 2)
                .putShort((short) 0)
                .putInt(SEQUENCE)
                .putInt(0)
                .putInt(-2);
        assertThat(read(error.flip())).isEqualTo(new Outcome.Failed(2));
    }

    @Test
    void no_bytes_make_the_reader_fail_or_read_beyond_them() {
        Random random = new Random(20_261_125);
        for (int i = 0; i < 20_000; i++) {
            ByteBuffer message = message(1 + random.nextInt(12), random.nextInt(300));
            for (int change = random.nextInt(8); change >= 0; change--) {
                message.put(random.nextInt(message.limit()), (byte) random.nextInt());
            }
            message.putInt(8, SEQUENCE).limit(random.nextInt(message.limit() + 1));
            assertThat(read(message)).isNotNull();
        }
        assertThat(seen.values())
                .allSatisfy(view -> assertThat(view.bytesAcked()).isGreaterThanOrEqualTo(UNKNOWN));
    }
}
