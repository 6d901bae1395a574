package dev.wireproof.id;

import java.util.UUID;

/** Names one site, the unit that tokens are limited to. */
public record SiteId(UUID value) implements Comparable<SiteId> {
    /** The site {@code default}, which is there from the first start. */
    public static final SiteId DEFAULT = new SiteId(UUID.fromString("00000000-0000-7000-8000-000000000001"));

    /** @throws IllegalArgumentException when the text is not a UUID in its 36-character form */
    public static SiteId parse(String text) {
        return new SiteId(Uuids.parse(text));
    }

    @Override
    public int compareTo(SiteId other) {
        return value.compareTo(other.value);
    }

    /** The 36-character form, as on the wire. */
    @Override
    public String toString() {
        return value.toString();
    }
}
