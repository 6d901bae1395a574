package dev.wireproof.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wireproof.protocol.AgentMessage.Encoding;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class Utf8ChunksTest {
    private static byte[] bytes(int... values) {
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < values.length; i++) {
            bytes[i] = (byte) values[i];
        }
        return bytes;
    }

    @Test
    void a_character_that_is_not_complete_waits_for_its_rest() {
        Utf8Chunks chunks = new Utf8Chunks();
        assertThat(chunks.take(bytes('a', 0xE2, 0x82), 3).bytes()).isEqualTo(bytes('a'));
        Utf8Chunks.Chunk rest = chunks.take(bytes(0xAC, 'b'), 2);
        assertThat(rest.encoding()).isEqualTo(Encoding.UTF_8);
        assertThat(new String(rest.bytes(), StandardCharsets.UTF_8)).isEqualTo("€b");
        assertThat(chunks.rest().bytes()).isEmpty();
    }

    @Test
    void what_is_no_utf_8_and_half_a_character_at_the_end_are_base64() {
        Utf8Chunks chunks = new Utf8Chunks();
        assertThat(chunks.take(bytes('a', 0xFF), 2).encoding()).isEqualTo(Encoding.BASE64);
        assertThat(chunks.take(bytes(0xF0, 0x9F), 2).bytes()).isEmpty();
        assertThat(chunks.rest()).satisfies(rest -> {
            assertThat(rest.encoding()).isEqualTo(Encoding.BASE64);
            assertThat(rest.bytes()).hasSize(2);
        });
    }

    @Test
    void text_that_would_grow_too_long_in_json_is_base64() {
        byte[] controls = new byte[Utf8Chunks.room()];
        Arrays.fill(controls, (byte) 1);
        assertThat(new Utf8Chunks().take(controls, controls.length).encoding()).isEqualTo(Encoding.BASE64);
        Arrays.fill(controls, (byte) 'x');
        assertThat(new Utf8Chunks().take(controls, controls.length).encoding()).isEqualTo(Encoding.UTF_8);
    }

    @Test
    void whatever_the_bytes_and_wherever_they_are_cut_all_come_out_in_order() {
        Random random = new Random(7);
        for (int round = 0; round < 500; round++) {
            byte[] all = new byte[random.nextInt(300)];
            random.nextBytes(all);
            if (round % 2 == 0) {
                all = "aä€😀\u0000".repeat(random.nextInt(20)).getBytes(StandardCharsets.UTF_8);
            }
            Utf8Chunks chunks = new Utf8Chunks();
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            for (int at = 0; at < all.length; ) {
                int length = Math.min(all.length - at, 1 + random.nextInt(9));
                out.writeBytes(chunks.take(Arrays.copyOfRange(all, at, at + length), length)
                        .bytes());
                at += length;
            }
            out.writeBytes(chunks.rest().bytes());
            assertThat(out.toByteArray()).isEqualTo(all);
        }
    }

    @Test
    void a_cut_leaves_no_half_character() {
        byte[] text = "a€".getBytes(StandardCharsets.UTF_8);
        assertThat(Utf8Chunks.cut(text, Encoding.UTF_8, 3)).isEqualTo(bytes('a'));
        assertThat(Utf8Chunks.cut(text, Encoding.UTF_8, 4)).isEqualTo(text);
        assertThat(Utf8Chunks.cut(text, Encoding.BASE64, 3)).hasSize(3);
    }
}
