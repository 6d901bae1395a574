package dev.wireproof.agent;

import java.io.IOException;
import java.io.OutputStream;
import java.security.SecureRandom;

/** Writes single frames, masked as a client must (RFC 6455 §5.3). Used by one thread. */
final class FrameWriter {
    static final int TEXT = 0x1;
    static final int CLOSE = 0x8;
    static final int PONG = 0xA;

    private static final int MAX_HEADER = 14;

    private final OutputStream out;
    private final SecureRandom random = new SecureRandom();

    FrameWriter(OutputStream out) {
        this.out = out;
    }

    /** Blocks until the kernel has all bytes; one write call, so that a frame is never left half by an interrupt. */
    void write(int opcode, byte[] payload) throws IOException {
        byte[] frame = new byte[MAX_HEADER + payload.length];
        int at = 0;
        frame[at++] = (byte) (0x80 | opcode);
        if (payload.length < 126) {
            frame[at++] = (byte) (0x80 | payload.length);
        } else if (payload.length < 65_536) {
            frame[at++] = (byte) (0x80 | 126);
            frame[at++] = (byte) (payload.length >> 8);
            frame[at++] = (byte) payload.length;
        } else {
            throw new IOException("no message of an agent is longer than 64 KiB");
        }
        byte[] mask = new byte[4];
        random.nextBytes(mask);
        System.arraycopy(mask, 0, frame, at, 4);
        at += 4;
        for (int i = 0; i < payload.length; i++) {
            frame[at++] = (byte) (payload[i] ^ mask[i & 3]);
        }
        out.write(frame, 0, at);
        out.flush();
    }
}
