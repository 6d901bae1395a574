package dev.wireproof.protocol;

import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.temporal.ChronoUnit;

/** Times on the wire and in the API: RFC 3339, UTC, exactly six fraction digits. */
public final class WireTime {
    private static final DateTimeFormatter FORMAT =
            new DateTimeFormatterBuilder().appendInstant(6).toFormatter();

    private WireTime() {}

    public static String format(Instant at) {
        return FORMAT.format(at.truncatedTo(ChronoUnit.MICROS));
    }

    /** Accepts any RFC 3339 offset and any number of fraction digits; keeps microseconds. */
    public static Instant parse(String text) {
        return DateTimeFormatter.ISO_OFFSET_DATE_TIME
                .parse(text, OffsetDateTime::from)
                .withOffsetSameInstant(ZoneOffset.UTC)
                .toInstant()
                .truncatedTo(ChronoUnit.MICROS);
    }
}
