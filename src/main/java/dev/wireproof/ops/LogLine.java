package dev.wireproof.ops;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import dev.wireproof.access.Steering;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import org.slf4j.event.KeyValuePair;
import org.springframework.boot.logging.structured.StructuredLogFormatter;

/**
 * One event a line: time, level, class, the event's name, its facts as {@code key="value"}, and a fault with its stack. Whatever would
 * begin a line of its own or colour a terminal is written as an escape, wherever it comes from: a host name, a close reason, the message
 * of an exception. So a line that looks like the server's is the server's.
 */
public final class LogLine implements StructuredLogFormatter<ILoggingEvent> {
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSXXX").withZone(ZoneOffset.UTC);
    private static final int LONGEST_VALUE = 2_000;

    @Override
    public String format(ILoggingEvent event) {
        StringBuilder line = new StringBuilder(160);
        TIME.formatTo(Instant.ofEpochMilli(event.getTimeStamp()), line);
        String level = event.getLevel().toString();
        line.append(' ').append(level).repeat(' ', Math.max(0, 5 - level.length()));
        String logger = event.getLoggerName();
        line.append(' ')
                .append(logger, logger.lastIndexOf('.') + 1, logger.length())
                .append(' ');
        escape(line, event.getFormattedMessage(), false);
        List<KeyValuePair> facts = event.getKeyValuePairs();
        if (facts != null) {
            for (KeyValuePair fact : facts) {
                line.append(' ').append(fact.key).append("=\"");
                escape(line, String.valueOf(fact.value), true);
                line.append('"');
            }
        }
        if (event.getThrowableProxy() != null) {
            line.append(" fault=\"");
            escape(line, ThrowableProxyUtil.asString(event.getThrowableProxy()).replaceAll("\\R\\s*", " | "), true);
            line.append('"');
        }
        return line.append(System.lineSeparator()).toString();
    }

    private static void escape(StringBuilder line, String text, boolean quoted) {
        int end = Math.min(text.length(), quoted ? 16 * LONGEST_VALUE : LONGEST_VALUE);
        for (int i = 0; i < end; i++) {
            char c = text.charAt(i);
            if (breaks(c)) {
                line.append("\\u%04x".formatted((int) c));
            } else if (quoted && (c == '"' || c == '\\')) {
                line.append('\\').append(c);
            } else {
                line.append(c);
            }
        }
        if (end < text.length()) {
            line.append('…');
        }
    }

    private static boolean breaks(char c) {
        return Steering.steers(c) || Character.isSurrogate(c);
    }
}
