package dev.wireproof.simulator;

import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** @param head status line and headers as they came */
record ApiResponse(int status, String head, byte[] body) {

    /** @return null when there is none of this name */
    @Nullable
    String header(String name) {
        String wanted = "\n" + name.toLowerCase(Locale.ROOT) + ":";
        String lower = head.toLowerCase(Locale.ROOT);
        int at = lower.indexOf(wanted);
        if (at < 0) {
            return null;
        }
        int from = at + wanted.length();
        int to = head.indexOf('\r', from);
        return head.substring(from, to < 0 ? head.length() : to).strip();
    }

    String text() {
        return new String(body, StandardCharsets.UTF_8);
    }
}
