package dev.wireproof.simulator;

import java.nio.ByteBuffer;

/** RFC 6455 §5 framing, the client's side: what is written is masked, what is read is not. */
final class Frames {
    static final int CONTINUATION = 0x0;
    static final int TEXT = 0x1;
    static final int BINARY = 0x2;
    static final int CLOSE = 0x8;
    static final int PING = 0x9;
    static final int PONG = 0xA;

    private static final int FIN = 0x80;
    private static final int RSV = 0x70;
    private static final int MASKED = 0x80;
    private static final int LENGTH_16 = 126;
    private static final int LENGTH_64 = 127;
    private static final int MASK_BYTES = 4;
    private static final int LARGEST_HEADER = 14;

    private Frames() {}

    /** Takes one frame; the bytes are only there during the call. */
    interface Sink {
        void frame(boolean fin, int opcode, byte[] buffer, int offset, int length);
    }

    /** The peer broke the framing. Carries no stack: it is an answer to a peer. */
    static final class Violation extends RuntimeException {
        final int closeCode;

        Violation(int closeCode, String message) {
            super(message, null, false, false);
            this.closeCode = closeCode;
        }
    }

    /** The most that a frame with this payload takes on the wire. */
    static int room(int payload) {
        return payload + LARGEST_HEADER;
    }

    static void write(ByteBuffer out, int opcode, byte[] payload, int offset, int length, int mask) {
        out.put((byte) (FIN | opcode));
        if (length < LENGTH_16) {
            out.put((byte) (MASKED | length));
        } else if (length <= 0xFFFF) {
            out.put((byte) (MASKED | LENGTH_16)).putShort((short) length);
        } else {
            out.put((byte) (MASKED | LENGTH_64)).putLong(length);
        }
        out.putInt(mask);
        int at = out.position();
        out.put(payload, offset, length);
        long wide = (long) mask << Integer.SIZE | mask & 0xFFFF_FFFFL;
        int i = 0;
        for (; i + Long.BYTES <= length; i += Long.BYTES) {
            out.putLong(at + i, out.getLong(at + i) ^ wide);
        }
        for (; i < length; i++) {
            out.put(at + i, (byte) (out.get(at + i) ^ mask >>> (MASK_BYTES - 1 - i % MASK_BYTES) * Byte.SIZE));
        }
    }

    /**
     * Hands every complete frame in {@code from…to} to the sink.
     *
     * @param limit largest payload that is taken
     * @return how many bytes were used; a frame that is not complete stays
     * @throws Violation for a masked frame, a reserved bit, a broken control frame, or one above the limit
     */
    static int read(byte[] buffer, int from, int to, int limit, Sink sink) {
        int at = from;
        while (to - at >= 2) {
            int first = buffer[at];
            int second = buffer[at + 1];
            int opcode = first & 0x0F;
            check(first, second, opcode);
            int short7 = second & 0x7F;
            int header = short7 < LENGTH_16 ? 2 : short7 == LENGTH_16 ? 4 : 10;
            if (to - at < header) {
                break;
            }
            long length = short7 < LENGTH_16 ? short7 : bigEndian(buffer, at + 2, header - 2);
            if (length < 0 || length > limit) {
                throw new Violation(1009, "a frame of " + length + " bytes");
            }
            if (to - at - header < length) {
                break;
            }
            sink.frame((first & FIN) != 0, opcode, buffer, at + header, (int) length);
            at += header + (int) length;
        }
        return at - from;
    }

    private static void check(int first, int second, int opcode) {
        if ((first & RSV) != 0) {
            throw new Violation(1002, "a reserved bit is set");
        }
        if ((second & MASKED) != 0) {
            throw new Violation(1002, "a frame of a server must not be masked");
        }
        if (opcode >= CLOSE && ((first & FIN) == 0 || (second & 0x7F) >= LENGTH_16)) {
            throw new Violation(1002, "a control frame that is long or in parts");
        }
        if (opcode > PONG || opcode > BINARY && opcode < CLOSE) {
            throw new Violation(1002, "an unknown opcode");
        }
    }

    private static long bigEndian(byte[] buffer, int offset, int bytes) {
        long value = 0;
        for (int i = 0; i < bytes; i++) {
            value = value << Byte.SIZE | buffer[offset + i] & 0xFF;
        }
        return value;
    }
}
