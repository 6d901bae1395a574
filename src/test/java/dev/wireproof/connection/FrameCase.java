package dev.wireproof.connection;

import dev.wireproof.testkit.RawPeer;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Bytes that a peer sends after its upgrade, and what the server has to do with them.
 *
 * @param authenticated whether the peer is an agent that was let in before
 * @param oneByOne whether each byte leaves in a segment of its own
 */
record FrameCase(String name, boolean authenticated, boolean oneByOne, byte[] bytes, Expected expected) {

    /** What shows that the server took the bytes as RFC 6455 says. */
    sealed interface Expected {
        /** A Close with that code; 1005 stands for one without. */
        record Close(int code) implements Expected {}

        /** The same, and the peer's answer is more of the payload that it announced: the socket ends when the server gives up on it. */
        record CloseAlone(int code) implements Expected {}

        /** A ProtocolError that names length and hash of this text: it was put together right. The connection goes on. */
        record TextSeen(byte[] text) implements Expected {}

        /** A Pong with that payload, and the connection goes on. */
        record Pong(byte[] payload) implements Expected {}

        /** Nothing comes back, and the connection goes on. */
        record Nothing() implements Expected {}
    }

    @Override
    public String toString() {
        return name;
    }

    static FrameCase closes(String name, int code, byte[]... frames) {
        return new FrameCase(name, true, false, joined(frames), new Expected.Close(code));
    }

    FrameCase unanswerably(int code) {
        return new FrameCase(name, authenticated, oneByOne, bytes, new Expected.CloseAlone(code));
    }

    static FrameCase seen(String name, byte[] text, byte[]... frames) {
        return new FrameCase(name, true, false, joined(frames), new Expected.TextSeen(text));
    }

    static FrameCase pongs(String name, byte[] payload, byte[]... frames) {
        return new FrameCase(name, true, false, joined(frames), new Expected.Pong(payload));
    }

    static FrameCase ignored(String name, byte[]... frames) {
        return new FrameCase(name, true, false, joined(frames), new Expected.Nothing());
    }

    FrameCase beforeAuth() {
        return new FrameCase(name + ", before authentication", false, oneByOne, bytes, expected);
    }

    FrameCase inSingleBytes() {
        return new FrameCase(name + ", in single bytes", authenticated, true, bytes, expected);
    }

    // ---- frames

    static byte[] text(byte[] payload) {
        return RawPeer.encoded(0x80 | RawPeer.TEXT, true, payload);
    }

    static byte[] text(String payload) {
        return text(utf8(payload));
    }

    /** The first of several fragments. */
    static byte[] begin(byte[] payload) {
        return RawPeer.encoded(RawPeer.TEXT, true, payload);
    }

    static byte[] more(byte[] payload) {
        return RawPeer.encoded(RawPeer.CONTINUATION, true, payload);
    }

    static byte[] last(byte[] payload) {
        return RawPeer.encoded(0x80 | RawPeer.CONTINUATION, true, payload);
    }

    static byte[] ping(byte[] payload) {
        return RawPeer.encoded(0x80 | RawPeer.PING, true, payload);
    }

    static byte[] pong(byte[] payload) {
        return RawPeer.encoded(0x80 | RawPeer.PONG, true, payload);
    }

    static byte[] close(byte[] payload) {
        return RawPeer.encoded(0x80 | RawPeer.CLOSE, true, payload);
    }

    static byte[] close(int code, String reason) {
        return close(closePayload(code, utf8(reason)));
    }

    static byte[] closePayload(int code, byte[] reason) {
        return ByteBuffer.allocate(2 + reason.length)
                .putShort((short) code)
                .put(reason)
                .array();
    }

    /** A masked frame whose header says what it likes of its length. @param lengthBits 7, 16 or 64 */
    static byte[] lying(int first, int lengthBits, long length, byte[] payload) {
        ByteBuffer frame = ByteBuffer.allocate(14 + payload.length).put((byte) first);
        switch (lengthBits) {
            case 7 -> frame.put((byte) (0x80 | length));
            case 16 -> frame.put((byte) (0x80 | 126)).putShort((short) length);
            default -> frame.put((byte) (0x80 | 127)).putLong(length);
        }
        frame.putInt(0).put(payload); // a mask of zeros
        return Arrays.copyOf(frame.array(), frame.position());
    }

    // ---- payloads

    static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static byte[] bytes(int... values) {
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < values.length; i++) {
            bytes[i] = (byte) values[i];
        }
        return bytes;
    }

    static byte[] filled(int length) {
        byte[] bytes = new byte[length];
        Arrays.fill(bytes, (byte) 'x');
        return bytes;
    }

    static byte[] slice(byte[] bytes, int from, int to) {
        return Arrays.copyOfRange(bytes, from, to);
    }

    static byte[] joined(byte[]... parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }
}
