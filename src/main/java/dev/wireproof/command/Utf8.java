package dev.wireproof.command;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Bytes of a process as text for people. */
final class Utf8 {
    private Utf8() {}

    /** The last bytes as text, not beginning in the middle of a character. */
    static String tail(byte @Nullable [] bytes, int most) {
        if (bytes == null) {
            return "";
        }
        int from = Math.max(0, bytes.length - most);
        int skipped = 0;
        while (from > 0 && from < bytes.length && skipped < 3 && (bytes[from] & 0xC0) == 0x80) {
            from++;
            skipped++;
        }
        return new String(Arrays.copyOfRange(bytes, from, bytes.length), StandardCharsets.UTF_8);
    }
}
