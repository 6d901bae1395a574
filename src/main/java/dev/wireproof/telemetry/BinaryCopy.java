package dev.wireproof.telemetry;

import dev.wireproof.id.ConnectionId;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Rows in PostgreSQL's binary COPY format (its documentation, "COPY", "Binary Format"): the cheapest way in, and nothing to escape. */
final class BinaryCopy {
    private static final byte[] SIGNATURE = {'P', 'G', 'C', 'O', 'P', 'Y', '\n', (byte) 0xFF, '\r', '\n', 0};
    private static final int NULL = -1;
    private static final long MICROS_1970_TO_2000 = 946_684_800_000_000L;
    /** Types of elements: {@code SELECT oid FROM pg_type}. */
    static final int BYTEA = 17;

    static final int INT8 = 20;
    static final int TEXT = 25;
    static final int FLOAT8 = 701;
    static final int UUID = 2950;

    private ByteBuffer out;

    BinaryCopy(int expectedBytes) {
        out = ByteBuffer.allocate(Math.max(64, expectedBytes));
        out.put(SIGNATURE).putInt(0).putInt(0);
    }

    BinaryCopy row(int fields) {
        room(2).putShort((short) fields);
        return this;
    }

    BinaryCopy uuid(@Nullable UUID value) {
        if (value == null) {
            return none();
        }
        room(20).putInt(16).putLong(value.getMostSignificantBits()).putLong(value.getLeastSignificantBits());
        return this;
    }

    BinaryCopy uuid(ConnectionId id) {
        return uuid(id.value());
    }

    BinaryCopy bigint(long value) {
        room(12).putInt(8).putLong(value);
        return this;
    }

    /** {@link FrameRecord#NONE} becomes null. */
    BinaryCopy bigintOrNone(long value) {
        return value == FrameRecord.NONE ? none() : bigint(value);
    }

    BinaryCopy integer(int value) {
        room(8).putInt(4).putInt(value);
        return this;
    }

    BinaryCopy bool(boolean value) {
        room(5).putInt(1).put((byte) (value ? 1 : 0));
        return this;
    }

    BinaryCopy instant(long microsSince1970) {
        return bigint(microsSince1970 - MICROS_1970_TO_2000);
    }

    BinaryCopy instant(@Nullable Instant at) {
        return at == null ? none() : instant(ChronoUnit.MICROS.between(Instant.EPOCH, at));
    }

    BinaryCopy text(@Nullable String value) {
        return value == null ? none() : bytes(value.getBytes(StandardCharsets.UTF_8));
    }

    BinaryCopy hex(@Nullable String value) {
        return value == null ? none() : bytes(HexFormat.of().parseHex(value));
    }

    private BinaryCopy bytes(byte[] value) {
        room(4 + value.length).putInt(value.length).put(value);
        return this;
    }

    BinaryCopy doubles(List<Optional<Double>> values) {
        return values.isEmpty() ? none() : arrayOfSome(FLOAT8, values, (value, to) -> to.float8(value.orElse(null)));
    }

    private BinaryCopy float8(@Nullable Double value) {
        if (value == null) {
            return none();
        }
        room(12).putInt(8).putDouble(value);
        return this;
    }

    /** Writes one element, as it would write a field. */
    interface Element<T> {
        void write(T item, BinaryCopy to);
    }

    /** An array of one dimension. @param type of an element, as PostgreSQL numbers it; @param items at least one */
    <T> BinaryCopy array(int type, List<T> items, Element<T> element) {
        int start = room(24).position();
        elements(type, items, element);
        out.putInt(start, out.position() - start - 4);
        return this;
    }

    /** As {@link #array}, or null when no item has such a value. */
    <T> BinaryCopy arrayOfSome(int type, List<T> items, Element<T> element) {
        int start = room(24).position();
        if (elements(type, items, element)) {
            out.putInt(start, out.position() - start - 4);
            return this;
        }
        out.position(start);
        return none();
    }

    /** @return whether any of them is not null */
    private <T> boolean elements(int type, List<T> items, Element<T> element) {
        out.putInt(0).putInt(1).putInt(1).putInt(type).putInt(items.size()).putInt(1);
        boolean some = false;
        for (T item : items) {
            int at = out.position();
            element.write(item, this);
            some |= out.getInt(at) != NULL;
        }
        return some;
    }

    private BinaryCopy none() {
        room(4).putInt(NULL);
        return this;
    }

    private ByteBuffer room(int bytes) {
        if (out.remaining() < bytes) {
            int size = Math.max(out.capacity() * 2, out.position() + bytes);
            out = ByteBuffer.wrap(Arrays.copyOf(out.array(), size)).position(out.position());
        }
        return out;
    }

    /** Ends the rows; nothing can be added after. */
    ByteBuffer finish() {
        room(2).putShort((short) -1);
        return out.flip();
    }
}
