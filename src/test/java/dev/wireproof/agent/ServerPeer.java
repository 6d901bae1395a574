package dev.wireproof.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import dev.wireproof.protocol.AgentMessage;
import dev.wireproof.protocol.AgentMessageCodec;
import dev.wireproof.protocol.Decoded;
import dev.wireproof.protocol.PingPayload;
import dev.wireproof.protocol.ServerMessage;
import dev.wireproof.protocol.ServerMessageCodec;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The server's end of one connection, byte by byte. Reads into a queue by itself; a test may stop it from reading. */
final class ServerPeer implements AutoCloseable {
    static final int TEXT = 1;
    static final int CLOSE = 8;
    static final int PING = 9;
    static final int PONG = 10;

    record Frame(int opcode, byte[] payload) {
        String text() {
            return new String(payload, StandardCharsets.UTF_8);
        }

        int closeCode() {
            return (payload[0] & 0xFF) << 8 | payload[1] & 0xFF;
        }
    }

    private static final Frame END = new Frame(-1, new byte[0]);

    private final Socket socket;
    private final DataInputStream in;
    private final DataOutputStream out;
    private final String request;
    private final BlockingQueue<Frame> frames = new LinkedBlockingQueue<>();
    private final List<AgentMessage> seen = new ArrayList<>();
    private final List<AgentMessage> unclaimed = new ArrayList<>();
    private final Semaphore reading = new Semaphore(1);
    private AgentMessage.@Nullable Auth auth;

    private ServerPeer(Socket socket, DataInputStream in, String request) throws IOException {
        this.socket = socket;
        this.in = in;
        this.out = new DataOutputStream(new BufferedOutputStream(socket.getOutputStream()));
        this.request = request;
    }

    static ServerPeer upgrade(Socket socket) throws IOException {
        socket.setTcpNoDelay(true);
        DataInputStream in = new DataInputStream(new BufferedInputStream(socket.getInputStream()));
        StringBuilder request = new StringBuilder();
        while (request.indexOf("\r\n\r\n") < 0) {
            request.append((char) in.readUnsignedByte());
        }
        ServerPeer peer = new ServerPeer(socket, in, request.toString());
        peer.out.writeBytes("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                + "Sec-WebSocket-Accept: " + accept(peer.header("Sec-WebSocket-Key"))
                + "\r\nSec-WebSocket-Protocol: rmm.v1\r\n\r\n");
        peer.out.flush();
        Thread.ofPlatform().name("scripted-peer").daemon().start(peer::readAll);
        return peer;
    }

    private static String accept(String key) {
        try {
            return Base64.getEncoder()
                    .encodeToString(MessageDigest.getInstance("SHA-1")
                            .digest((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")
                                    .getBytes(StandardCharsets.US_ASCII)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    String header(String name) {
        for (String line : request.split("\r\n")) {
            if (line.regionMatches(true, 0, name + ":", 0, name.length() + 1)) {
                return line.substring(name.length() + 1).strip();
            }
        }
        return "";
    }

    private void readAll() {
        try {
            while (true) {
                reading.acquireUninterruptibly();
                reading.release();
                int first = in.readUnsignedByte();
                int second = in.readUnsignedByte();
                assertThat(first & 0x70).as("reserved bits").isZero();
                assertThat(second & 0x80).as("a client masks").isEqualTo(0x80);
                int length = (second & 0x7F) == 126 ? in.readUnsignedShort() : second & 0x7F;
                assertThat(length).as("64-bit lengths are not needed").isNotEqualTo(127);
                byte[] mask = in.readNBytes(4);
                byte[] payload = in.readNBytes(length);
                for (int i = 0; i < length; i++) {
                    payload[i] ^= mask[i & 3];
                }
                frames.add(new Frame(first & 0x0F, payload));
            }
        } catch (IOException | AssertionError e) {
            frames.add(END);
        }
    }

    void send(ServerMessage message) throws IOException {
        sendText(ServerMessageCodec.encode(message));
    }

    void sendText(String text) throws IOException {
        sendFrame(TEXT, text.getBytes(StandardCharsets.UTF_8));
    }

    void ping(long counter) throws IOException {
        sendFrame(PING, new PingPayload(counter, 42).toBuffer().array());
    }

    void sendClose(int code, String reason) throws IOException {
        byte[] text = reason.getBytes(StandardCharsets.UTF_8);
        byte[] payload = new byte[2 + text.length];
        payload[0] = (byte) (code >> 8);
        payload[1] = (byte) code;
        System.arraycopy(text, 0, payload, 2, text.length);
        sendFrame(CLOSE, payload);
    }

    void sendFrame(int opcode, byte[] payload) throws IOException {
        sendPiece(opcode, payload, true);
    }

    /** Whatever these bytes are. */
    synchronized void sendRaw(byte[] bytes) throws IOException {
        out.write(bytes);
        out.flush();
    }

    /** Raw bytes and a text in one write. */
    synchronized void sendTogether(byte[] raw, ServerMessage message) throws IOException {
        out.write(raw);
        send(message);
    }

    /** From now on nothing is read, until {@link #readOn}; one frame may still come. */
    void stopReading() {
        reading.acquireUninterruptibly();
    }

    void readOn() {
        reading.release();
    }

    synchronized void sendPiece(int opcode, byte[] payload, boolean last) throws IOException {
        out.writeByte((last ? 0x80 : 0) ^ opcode);
        if (payload.length < 126) {
            out.writeByte(payload.length);
        } else if (payload.length < 65_536) {
            out.writeByte(126);
            out.writeShort(payload.length);
        } else {
            out.writeByte(127);
            out.writeLong(payload.length);
        }
        out.write(payload);
        out.flush();
    }

    void auth(AgentMessage.Auth message) {
        auth = message;
    }

    AgentMessage.Auth auth() {
        return Objects.requireNonNull(auth);
    }

    Frame nextFrame() throws InterruptedException {
        Frame frame = frames.poll(ScriptedServer.PATIENCE_S, TimeUnit.SECONDS);
        if (frame == null) {
            return fail("no frame of the agent; seen before: " + seen);
        }
        return frame;
    }

    /** The first text of this type that no call before returned; the others are kept for later calls. */
    <M extends AgentMessage> M next(Class<M> type) throws InterruptedException {
        return next(type, _ -> true);
    }

    <M extends AgentMessage> M next(Class<M> type, Predicate<M> wanted) throws InterruptedException {
        for (AgentMessage message : unclaimed) {
            if (type.isInstance(message) && wanted.test(type.cast(message))) {
                unclaimed.remove(message);
                return type.cast(message);
            }
        }
        while (true) {
            Frame frame = nextFrame();
            if (frame == END) {
                return fail("the connection ended before " + type.getSimpleName() + "; seen: " + seen);
            }
            if (frame.opcode() != TEXT) {
                continue;
            }
            AgentMessage message = switch (AgentMessageCodec.decode(frame.text())) {
                case Decoded.Usable<AgentMessage>(var usable) -> usable;
                case Decoded.Unusable<AgentMessage> unusable -> fail(unusable + ": " + frame.text());
            };
            seen.add(message);
            if (type.isInstance(message) && wanted.test(type.cast(message))) {
                return type.cast(message);
            }
            unclaimed.add(message);
        }
    }

    byte[] nextPong() throws InterruptedException {
        while (true) {
            Frame frame = nextFrame();
            if (frame.opcode() == PONG) {
                return frame.payload();
            }
            assertThat(frame).isNotEqualTo(END);
        }
    }

    /** Reads to the end of the connection. @return the agent's Close frame, or one with opcode -1 */
    Frame awaitEnd() throws InterruptedException {
        while (true) {
            Frame frame = nextFrame();
            if (frame.opcode() == CLOSE || frame == END) {
                return frame;
            }
        }
    }

    /** All texts read so far. */
    List<AgentMessage> seen() {
        return seen;
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
