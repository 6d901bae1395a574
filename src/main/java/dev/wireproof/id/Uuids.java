package dev.wireproof.id;

import java.security.SecureRandom;
import java.time.Instant;
import java.util.UUID;

/** Makes and reads UUIDs. Made here and not by a library because the agent's jar carries the JDK and Jackson only. */
public final class Uuids {
    private static final SecureRandom RANDOM = new SecureRandom();
    private static final int TEXT_LENGTH = 36;

    private Uuids() {}

    /**
     * A version 7 UUID (RFC 9562 §5.7): milliseconds, then 12 bits of the fraction below (§6.2, method 3), then random.
     *
     * @param at becomes the leading 60 bits, so that ids of one clock sort by time
     */
    public static UUID version7(Instant at) {
        long millis = at.toEpochMilli();
        long fraction = (at.getNano() % 1_000_000L) * 4096 / 1_000_000L;
        long high = (millis << 16) | 0x7000L | fraction;
        long low = (RANDOM.nextLong() & 0x3FFF_FFFF_FFFF_FFFFL) | 0x8000_0000_0000_0000L;
        return new UUID(high, low);
    }

    /** @throws IllegalArgumentException for anything but the 36-character form ({@link UUID#fromString} is laxer) */
    static UUID parse(String text) {
        if (text.length() != TEXT_LENGTH) {
            throw new IllegalArgumentException("not a UUID");
        }
        for (int i = 0; i < TEXT_LENGTH; i++) {
            char c = text.charAt(i);
            boolean dash = i == 8 || i == 13 || i == 18 || i == 23;
            if (dash ? c != '-' : c > 'f' || Character.digit(c, 16) < 0) {
                throw new IllegalArgumentException("not a UUID");
            }
        }
        return UUID.fromString(text);
    }
}
