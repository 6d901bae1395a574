package dev.wireproof.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FramesTest {
    private static final int LIMIT = 1024 * 1024;

    private record Frame(boolean fin, int opcode, String payload) {}

    @Test
    void a_masked_text_is_the_one_of_the_rfc() { // RFC 6455 §5.7: a single-frame masked text message, "Hello"
        ByteBuffer out = ByteBuffer.allocate(64);
        byte[] hello = "Hello".getBytes(StandardCharsets.UTF_8);

        Frames.write(out, Frames.TEXT, hello, 0, hello.length, 0x37fa213d);

        assertThat(written(out)).containsExactly(0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 7, 8, 9, 125, 126, 127, 4_096, 65_535, 65_536, 200_000})
    void every_length_is_masked_back_to_what_it_was(int length) {
        byte[] payload = new byte[length];
        for (int i = 0; i < length; i++) {
            payload[i] = (byte) (i * 31);
        }
        ByteBuffer out = ByteBuffer.allocate(Frames.room(length));
        int mask = 0xA1B2C3D4;

        Frames.write(out, Frames.BINARY, payload, 0, length, mask);

        out.flip();
        int header = length < 126 ? 6 : length <= 0xFFFF ? 8 : 14;
        assertThat(out.remaining()).isEqualTo(header + length);
        for (int i = 0; i < length; i++) {
            byte key = (byte) (mask >>> (3 - i % 4) * 8);
            assertThat((byte) (out.get(header + i) ^ key)).isEqualTo(payload[i]);
        }
    }

    @Test
    void frames_that_come_together_are_all_read_and_a_part_of_one_is_left() {
        byte[] text = serverFrame(0x81, "one");
        byte[] ping = serverFrame(0x89, "0123456789abcdef");
        byte[] buffer = joined(text, ping, serverFrame(0x81, "cut"));
        List<Frame> frames = new ArrayList<>();

        int used = Frames.read(buffer, 0, buffer.length - 1, LIMIT, collect(frames));

        assertThat(used).isEqualTo(text.length + ping.length);
        assertThat(frames)
                .containsExactly(new Frame(true, Frames.TEXT, "one"), new Frame(true, Frames.PING, "0123456789abcdef"));
    }

    @Test
    void nothing_is_read_of_a_frame_until_its_last_byte_is_there() {
        byte[] frame = serverFrame(0x81, "x".repeat(70_000));
        for (int end : new int[] {0, 1, 2, 5, 9, 10, 11, frame.length - 1}) {
            assertThat(Frames.read(frame, 0, end, LIMIT, collect(new ArrayList<>())))
                    .isZero();
        }
        assertThat(Frames.read(frame, 0, frame.length, LIMIT, collect(new ArrayList<>())))
                .isEqualTo(frame.length);
    }

    @Test
    void a_server_that_breaks_the_framing_is_told_so() {
        assertThatThrownBy(() -> read(new byte[] {(byte) 0xC1, 0})).hasMessageContaining("reserved");
        assertThatThrownBy(() -> read(new byte[] {(byte) 0x81, (byte) 0x80, 0, 0, 0, 0}))
                .hasMessageContaining("masked");
        assertThatThrownBy(() -> read(new byte[] {(byte) 0x83, 0})).hasMessageContaining("opcode");
        assertThatThrownBy(() -> read(new byte[] {0x09, 0})).hasMessageContaining("control");
        assertThatThrownBy(() -> read(new byte[] {(byte) 0x89, 126, 0, (byte) 126}))
                .hasMessageContaining("control");
        assertThatThrownBy(() -> read(serverFrame(0x81, "x".repeat(LIMIT + 1))))
                .isInstanceOfSatisfying(
                        Frames.Violation.class, e -> assertThat(e.closeCode).isEqualTo(1009));
        byte[] negative = {(byte) 0x81, 127, -1, -1, -1, -1, -1, -1, -1, -1};
        assertThatThrownBy(() -> read(negative)).isInstanceOf(Frames.Violation.class);
    }

    private static int read(byte[] bytes) {
        return Frames.read(bytes, 0, bytes.length, LIMIT, collect(new ArrayList<>()));
    }

    private static Frames.Sink collect(List<Frame> frames) {
        return (fin, opcode, buffer, offset, length) ->
                frames.add(new Frame(fin, opcode, new String(buffer, offset, length, StandardCharsets.UTF_8)));
    }

    private static int[] written(ByteBuffer out) {
        out.flip();
        int[] bytes = new int[out.remaining()];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = out.get() & 0xFF;
        }
        return bytes;
    }

    static byte[] serverFrame(int first, String payload) {
        byte[] utf8 = payload.getBytes(StandardCharsets.UTF_8);
        ByteBuffer out = ByteBuffer.allocate(utf8.length + 10).put((byte) first);
        if (utf8.length < 126) {
            out.put((byte) utf8.length);
        } else if (utf8.length <= 0xFFFF) {
            out.put((byte) 126).putShort((short) utf8.length);
        } else {
            out.put((byte) 127).putLong(utf8.length);
        }
        out.put(utf8).flip();
        byte[] frame = new byte[out.remaining()];
        out.get(frame);
        return frame;
    }

    private static byte[] joined(byte[]... parts) {
        ByteBuffer out = ByteBuffer.allocate(1_000);
        for (byte[] part : parts) {
            out.put(part);
        }
        byte[] all = new byte[out.position()];
        out.flip().get(all);
        return all;
    }
}
