package dev.wireproof.agent;

import dev.wireproof.protocol.WireTime;
import java.io.PrintStream;
import java.time.InstantSource;
import org.jspecify.annotations.Nullable;

/**
 * One line per event on standard error: time, level, event name, facts. Values that hold anything but plain printable
 * characters are quoted and escaped, so that no text from outside forges a line. Safe for many threads.
 */
final class AgentLog {
    private static final int MAX_VALUE = 500;

    private final PrintStream out;
    private final InstantSource clock;

    AgentLog(PrintStream out, InstantSource clock) {
        this.out = out;
        this.clock = clock;
    }

    /** @param facts names and values in turn */
    void info(String event, @Nullable Object... facts) {
        line("INFO", event, facts);
    }

    /** @param facts names and values in turn */
    void warn(String event, @Nullable Object... facts) {
        line("WARN", event, facts);
    }

    private void line(String level, String event, @Nullable Object[] facts) {
        StringBuilder line = new StringBuilder(WireTime.format(clock.instant()))
                .append(' ')
                .append(level)
                .append(' ')
                .append(event);
        for (int i = 0; i + 1 < facts.length; i += 2) {
            line.append(' ').append(facts[i]).append('=').append(shown(String.valueOf(facts[i + 1])));
        }
        // One print call: lines of several threads do not mix.
        out.print(line.append('\n'));
        out.flush();
    }

    private static String shown(String value) {
        boolean plain = !value.isEmpty()
                && value.length() <= MAX_VALUE
                && value.chars().allMatch(c -> c > ' ' && c < 0x7F && c != '"' && c != '\\');
        if (plain) {
            return value;
        }
        StringBuilder quoted = new StringBuilder("\"");
        for (int i = 0; i < value.length() && i < MAX_VALUE; i++) {
            char c = value.charAt(i);
            if (c == '"' || c == '\\') {
                quoted.append('\\').append(c);
            } else if (c >= ' ' && c < 0x7F) {
                quoted.append(c);
            } else {
                quoted.append("\\u").append(String.format("%04x", (int) c));
            }
        }
        return quoted.append(value.length() > MAX_VALUE ? "…\"" : "\"")
                .toString()
                .replace("…", "...");
    }
}
