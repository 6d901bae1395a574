package dev.wireproof.protocol;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.temporal.ChronoUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Times on the wire and in the API: RFC 3339, UTC, exactly six fraction digits. */
public final class WireTime {
    private static final DateTimeFormatter FORMAT =
            new DateTimeFormatterBuilder().appendInstant(6).toFormatter();
    private static final int MAX_CHARACTERS = 64;
    /** There is no year 0 in PostgreSQL, and none of five digits in RFC 3339. */
    private static final Instant FIRST = Instant.parse("0001-01-01T00:00:00Z");

    private static final Instant END = Instant.parse("9999-12-31T23:59:59Z").plusSeconds(1);
    // RFC 3339 §5.6; ISO_OFFSET_DATE_TIME alone also takes years of nine digits, signs, and times without seconds.
    private static final Pattern RFC_3339 = Pattern.compile(
            "(\\d{4}-\\d{2}-\\d{2})[Tt](\\d{2}:\\d{2}:\\d{2})(?:\\.(\\d+))?(?:[Zz]|([+-]\\d{2}:\\d{2}))");

    private WireTime() {}

    public static String format(Instant at) {
        return FORMAT.format(at.truncatedTo(ChronoUnit.MICROS));
    }

    /**
     * Accepts any RFC 3339 offset and any number of fraction digits; keeps microseconds.
     *
     * @throws DateTimeException for anything else
     */
    public static Instant parse(String text) {
        Matcher parts = RFC_3339.matcher(text);
        if (text.length() > MAX_CHARACTERS || !parts.matches()) {
            throw new DateTimeException("not an RFC 3339 time");
        }
        String offset = parts.group(4);
        Instant at = LocalDateTime.parse(parts.group(1) + "T" + parts.group(2))
                .toInstant(offset == null ? ZoneOffset.UTC : ZoneOffset.of(offset))
                .plus(micros(parts.group(3)), ChronoUnit.MICROS);
        if (at.isBefore(FIRST) || !at.isBefore(END)) {
            throw new DateTimeException("not a year from 1 to 9999 in UTC");
        }
        return at;
    }

    private static long micros(@Nullable String fraction) {
        return fraction == null ? 0 : Long.parseLong((fraction + "000000").substring(0, 6));
    }
}
