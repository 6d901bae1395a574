package dev.wireproof.simulator;

import dev.wireproof.protocol.ProtocolLimits;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * The client's end of one WebSocket connection: handshake, frames, closing. It answers nothing by itself, not even a Ping: whether
 * an agent pongs is a question of its health. Every method on the loop's thread.
 */
final class Wire implements LoopSocket.Handler {
    private static final int HANDSHAKE_LIMIT = 16 * 1024;
    private static final int CLOSE_PAYLOAD = 125;

    /** Told in the order of arrival, on the loop's thread; byte arrays are only valid during the call. */
    interface Listener {
        void opened();

        void text(byte[] buffer, int offset, int length);

        void ping(byte[] buffer, int offset, int length);

        void closeReceived(int code, String reason);

        /** Once; no call comes after it. */
        void ended(String why);
    }

    private final Endpoint endpoint;
    private final SplittableRandom random;
    private final Listener listener;
    private final LoopSocket socket;
    private boolean open;
    private boolean closeSent;
    private byte @Nullable [] fragments;

    Wire(EventLoop loop, Endpoint endpoint, int receiveBuffer, SplittableRandom random, Listener listener)
            throws IOException {
        this.endpoint = endpoint;
        this.random = random;
        this.listener = listener;
        this.socket = new LoopSocket(loop, endpoint.address(), receiveBuffer, this);
    }

    @Override
    public void connected() {
        byte[] request = endpoint.upgradeRequest();
        socket.room(request.length).put(request);
    }

    @Override
    public int received(byte[] buffer, int from, int to) {
        int used = 0;
        try {
            if (!open) {
                used = handshake(buffer, from, to);
                if (used == 0) {
                    return 0;
                }
            }
            return used + Frames.read(buffer, from + used, to, ProtocolLimits.SERVER_MESSAGE_BYTES, this::frame);
        } catch (Frames.Violation e) {
            sendClose(e.closeCode, String.valueOf(e.getMessage()));
            socket.flush();
            socket.abort("the server broke the framing: " + e.getMessage());
            return to - from;
        }
    }

    private int handshake(byte[] buffer, int from, int to) {
        for (int i = from; i + 3 < to; i++) {
            if (buffer[i] == '\r' && buffer[i + 1] == '\n' && buffer[i + 2] == '\r' && buffer[i + 3] == '\n') {
                String answer = new String(buffer, from, i - from, StandardCharsets.ISO_8859_1);
                String problem = endpoint.problemWith(answer);
                if (problem != null) {
                    socket.abort(problem);
                    return to - from;
                }
                open = true;
                listener.opened();
                return i + 4 - from;
            }
        }
        if (to - from > HANDSHAKE_LIMIT) {
            socket.abort("the answer to the upgrade does not end");
        }
        return 0;
    }

    private void frame(boolean fin, int opcode, byte[] buffer, int offset, int length) {
        if (socket.ended()) {
            return;
        }
        switch (opcode) {
            case Frames.TEXT, Frames.CONTINUATION -> textFrame(fin, opcode, buffer, offset, length);
            case Frames.PING -> listener.ping(buffer, offset, length);
            case Frames.PONG -> {} // This client sends no Ping, and a Pong without one is no error.
            case Frames.CLOSE -> closeFrame(buffer, offset, length);
            default -> throw new Frames.Violation(1003, "a server of rmm.v1 sends no binary");
        }
    }

    private void textFrame(boolean fin, int opcode, byte[] buffer, int offset, int length) {
        byte[] before = fragments;
        if ((before == null) == (opcode == Frames.CONTINUATION)) {
            throw new Frames.Violation(1002, "a fragment out of order");
        }
        if (fin && before == null) {
            listener.text(buffer, offset, length);
            return;
        }
        byte[] joined = before == null ? new byte[length] : Arrays.copyOf(before, before.length + length);
        System.arraycopy(buffer, offset, joined, joined.length - length, length);
        if (joined.length > ProtocolLimits.SERVER_MESSAGE_BYTES) {
            throw new Frames.Violation(1009, "a message of over 1 MiB");
        }
        fragments = fin ? null : joined;
        if (fin) {
            listener.text(joined, 0, joined.length);
        }
    }

    private void closeFrame(byte[] buffer, int offset, int length) {
        int code = length < 2 ? 1005 : (buffer[offset] & 0xFF) << 8 | buffer[offset + 1] & 0xFF;
        String reason = length < 2 ? "" : new String(buffer, offset + 2, length - 2, StandardCharsets.UTF_8);
        listener.closeReceived(code, reason);
    }

    /** @return the payload's length */
    int sendText(String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        send(Frames.TEXT, utf8, 0, utf8.length);
        return utf8.length;
    }

    /** Sends any frame; nothing is sent behind a Close. */
    void send(int opcode, byte[] payload, int offset, int length) {
        if (open && !closeSent && !socket.ended()) {
            ByteBuffer out = socket.room(Frames.room(length));
            Frames.write(out, opcode, payload, offset, length, random.nextInt());
        }
    }

    void sendClose(int code, String reason) {
        byte[] text = reason.getBytes(StandardCharsets.UTF_8);
        int length = Math.min(CLOSE_PAYLOAD, 2 + text.length);
        byte[] payload = new byte[length];
        payload[0] = (byte) (code >>> 8);
        payload[1] = (byte) code;
        System.arraycopy(text, 0, payload, 2, length - 2);
        send(Frames.CLOSE, payload, 0, length);
        closeSent = true;
    }

    boolean closeSent() {
        return closeSent;
    }

    void stopReading() {
        socket.stopReading();
    }

    void flush() {
        socket.flush();
    }

    boolean isOpen() {
        return open && !socket.ended();
    }

    void abort(String why) {
        socket.abort(why);
    }

    @Override
    public void ended(String why) {
        listener.ended(why);
    }
}
