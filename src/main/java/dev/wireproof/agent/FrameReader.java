package dev.wireproof.agent;

import dev.wireproof.protocol.CloseCode;
import dev.wireproof.protocol.ProtocolLimits;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;

/** Reads what a server may send (RFC 6455 §5): unmasked, no extension, at most 1 MiB. Used by one thread. */
final class FrameReader {
    private static final int MAX_CONTROL = 125;

    /** One whole message or control frame. */
    record Frame(Opcode opcode, byte[] payload) {}

    enum Opcode {
        TEXT,
        PING,
        PONG,
        CLOSE
    }

    /** The server broke the framing; the code is what to close with. */
    static final class Violation extends IOException {
        private final CloseCode code;

        Violation(CloseCode code, String message) {
            super(message);
            this.code = code;
        }

        CloseCode code() {
            return code;
        }
    }

    private final DataInputStream in;
    private byte[] fragments = {};
    private boolean inMessage;

    FrameReader(InputStream in) {
        this.in = new DataInputStream(in);
    }

    /** Blocks. Control frames come out as they arrive, also between the fragments of a text. */
    Frame next() throws IOException {
        while (true) {
            int first = in.readUnsignedByte();
            boolean last = (first & 0x80) != 0;
            int opcode = first & 0x0F;
            if ((first & 0x70) != 0) {
                throw new Violation(CloseCode.PROTOCOL_ERROR, "reserved bits are set");
            }
            byte[] payload = payload(opcode, last);
            switch (opcode) {
                case 0x0, 0x1 -> {
                    if ((opcode == 0x0) != inMessage) {
                        throw new Violation(CloseCode.PROTOCOL_ERROR, "a continuation is where none can be");
                    }
                    inMessage = !last;
                    byte[] whole = opcode == 0x1 ? payload : joined(payload);
                    fragments = last ? new byte[0] : whole;
                    if (last) {
                        return new Frame(Opcode.TEXT, whole);
                    }
                }
                case 0x2 -> throw new Violation(CloseCode.UNSUPPORTED_DATA, "a binary message");
                case 0x8 -> {
                    return new Frame(Opcode.CLOSE, payload);
                }
                case 0x9 -> {
                    return new Frame(Opcode.PING, payload);
                }
                case 0xA -> {
                    return new Frame(Opcode.PONG, payload);
                }
                default -> throw new Violation(CloseCode.PROTOCOL_ERROR, "opcode " + opcode);
            }
        }
    }

    private byte[] joined(byte[] payload) {
        byte[] whole = Arrays.copyOf(fragments, fragments.length + payload.length);
        System.arraycopy(payload, 0, whole, fragments.length, payload.length);
        return whole;
    }

    private byte[] payload(int opcode, boolean last) throws IOException {
        int second = in.readUnsignedByte();
        if ((second & 0x80) != 0) {
            throw new Violation(CloseCode.PROTOCOL_ERROR, "a server's frame is masked");
        }
        long length = switch (second) {
            case 126 -> in.readUnsignedShort();
            case 127 -> in.readLong();
            default -> second;
        };
        if (opcode >= 0x8 && (length > MAX_CONTROL || !last)) {
            throw new Violation(CloseCode.PROTOCOL_ERROR, "a control frame is too long or in pieces");
        }
        // Checked before anything is allocated: a length is only a claim.
        if (length < 0 || length + fragments.length > ProtocolLimits.SERVER_MESSAGE_BYTES) {
            throw new Violation(CloseCode.TOO_BIG, "a message is longer than 1 MiB");
        }
        byte[] payload = in.readNBytes((int) length);
        if (payload.length < length) {
            throw new EOFException("the connection ended inside a frame");
        }
        return payload;
    }
}
