package dev.wireproof.protocol;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The 16 bytes of a server Ping: a big-endian counter that rises by one per Ping of a connection, and 8 random bytes.
 * A Pong proves something only when all 16 match a Ping that was sent.
 */
public record PingPayload(long counter, long nonce) {

    /** @return null when the length is not 16; the buffer's position is left alone */
    public static @Nullable PingPayload read(ByteBuffer payload) {
        if (payload.remaining() != ProtocolLimits.PING_PAYLOAD_BYTES) {
            return null;
        }
        return new PingPayload(payload.getLong(payload.position()), payload.getLong(payload.position() + Long.BYTES));
    }

    public ByteBuffer toBuffer() {
        return ByteBuffer.allocate(ProtocolLimits.PING_PAYLOAD_BYTES)
                .putLong(counter)
                .putLong(nonce)
                .flip();
    }
}
