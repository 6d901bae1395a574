package dev.wireproof.testkit;

import dev.wireproof.id.AgentId;
import dev.wireproof.protocol.AgentMessage;
import dev.wireproof.protocol.AgentMessageCodec;
import dev.wireproof.protocol.Decoded;
import dev.wireproof.protocol.ServerMessage;
import dev.wireproof.protocol.ServerMessageCodec;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A WebSocket client made of a plain socket: nothing is sent, answered or checked unless the test says so. So it can do what no
 * library would: unmasked frames, bad opcodes, fragments, half a frame, no Pong, no reading at all.
 */
public final class RawPeer implements AutoCloseable {
    public static final int CONTINUATION = 0;
    public static final int TEXT = 1;
    public static final int BINARY = 2;
    public static final int CLOSE = 8;
    public static final int PING = 9;
    public static final int PONG = 10;

    private static final int PATIENCE_MS = 15_000;
    private static final byte[] MASK = {0x12, 0x34, 0x56, 0x78};

    private final Socket socket;
    private final DataInputStream in;
    private final OutputStream out;
    private boolean answersPings = true;

    /** A frame as it came: each fragment by itself. */
    public record Frame(int opcode, boolean fin, byte[] payload) {
        public String text() {
            return new String(payload, StandardCharsets.UTF_8);
        }

        /** Of a Close; 1005 when it carries none. */
        public int closeCode() {
            return payload.length < 2 ? 1005 : ByteBuffer.wrap(payload).getShort() & 0xFFFF;
        }

        public String closeReason() {
            return payload.length < 2 ? "" : new String(payload, 2, payload.length - 2, StandardCharsets.UTF_8);
        }
    }

    /** An HTTP answer. @param headers as they came, names in lower case */
    public record HttpAnswer(int status, Map<String, String> headers, String body) {}

    private RawPeer(Socket socket) throws IOException {
        this.socket = socket;
        this.in = new DataInputStream(socket.getInputStream());
        this.out = socket.getOutputStream();
    }

    /** A TCP connection on which nothing was said yet. */
    public static RawPeer connect(int port) {
        return connect(port, 0);
    }

    /** @param receiveBuffer bytes, small to make the server feel early that nobody reads; 0 for the kernel's choice */
    public static RawPeer connect(int port, int receiveBuffer) {
        try {
            Socket socket = new Socket();
            socket.setTcpNoDelay(true);
            if (receiveBuffer > 0) {
                socket.setReceiveBufferSize(receiveBuffer);
            }
            socket.connect(new InetSocketAddress("127.0.0.1", port));
            socket.setSoTimeout(PATIENCE_MS);
            return new RawPeer(socket);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** On a socket that the caller connected, for example by TLS. */
    public static RawPeer over(Socket socket) {
        try {
            socket.setSoTimeout(PATIENCE_MS);
            return new RawPeer(socket);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A WebSocket with the agents' subprotocol. */
    public static RawPeer upgraded(int port) {
        return upgraded(port, 0);
    }

    public static RawPeer upgraded(int port, int receiveBuffer) {
        RawPeer peer = connect(port, receiveBuffer);
        HttpAnswer answer = peer.handshake(List.of("Sec-WebSocket-Protocol: rmm.v1"));
        if (answer.status() != 101) {
            throw new IllegalStateException("not upgraded: " + answer);
        }
        return peer;
    }

    /** Sends a WebSocket handshake to {@code /ws} with more header lines, and reads the answer. */
    public HttpAnswer handshake(List<String> headers) {
        return request("GET /ws HTTP/1.1", handshakeHeaders(headers));
    }

    private static List<String> handshakeHeaders(List<String> more) {
        var headers = new java.util.ArrayList<>(List.of(
                "Upgrade: websocket",
                "Connection: Upgrade",
                "Sec-WebSocket-Version: 13",
                "Sec-WebSocket-Key: " + Base64.getEncoder().encodeToString(new byte[16])));
        headers.addAll(more);
        return headers;
    }

    /** Sends the handshake and what follows in one write, without waiting for the answer. */
    public HttpAnswer handshakeAnd(List<String> headers, byte[] next) {
        return request("GET /ws HTTP/1.1", handshakeHeaders(headers), next);
    }

    public HttpAnswer request(String requestLine, List<String> headers) {
        return request(requestLine, headers, new byte[0]);
    }

    /** Sends a request and what follows in one write. */
    public HttpAnswer request(String requestLine, List<String> headers, byte[] next) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        all.writeBytes((requestLine + "\r\nHost: localhost\r\n" + String.join("\r\n", headers) + "\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII));
        all.writeBytes(next);
        raw(all.toByteArray());
        try {
            return readAnswer();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private HttpAnswer readAnswer() throws IOException {
        String status = line();
        Map<String, String> headers = new java.util.LinkedHashMap<>();
        for (String header = line(); !header.isEmpty(); header = line()) {
            int colon = header.indexOf(':');
            headers.put(
                    header.substring(0, colon).toLowerCase(java.util.Locale.ROOT),
                    header.substring(colon + 1).strip());
        }
        int length = Integer.parseInt(headers.getOrDefault("content-length", "0"));
        byte[] body = in.readNBytes(length);
        return new HttpAnswer(
                Integer.parseInt(status.split(" ")[1]), headers, new String(body, StandardCharsets.UTF_8));
    }

    private String line() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int c = in.read(); c != '\n'; c = in.read()) {
            if (c < 0) {
                throw new EOFException("the server closed while " + line + " was read");
            }
            if (c != '\r') {
                line.write(c);
            }
        }
        return line.toString(StandardCharsets.US_ASCII);
    }

    // ---- sending

    public RawPeer text(String text) {
        return frame(TEXT, true, text.getBytes(StandardCharsets.UTF_8));
    }

    public RawPeer send(AgentMessage message) {
        return text(AgentMessageCodec.encode(message));
    }

    public RawPeer close(int code, String reason) {
        byte[] text = reason.getBytes(StandardCharsets.UTF_8);
        return frame(
                CLOSE,
                true,
                ByteBuffer.allocate(2 + text.length)
                        .putShort((short) code)
                        .put(text)
                        .array());
    }

    /** A masked frame. */
    public RawPeer frame(int opcode, boolean fin, byte[] payload) {
        return raw(encoded((fin ? 0x80 : 0) | opcode, true, payload));
    }

    public RawPeer unmasked(int opcode, byte[] payload) {
        return raw(encoded(0x80 | opcode, false, payload));
    }

    /** @param first the whole first byte: FIN, the reserved bits, the opcode */
    public static byte[] encoded(int first, boolean masked, byte[] payload) {
        ByteBuffer frame = ByteBuffer.allocate(payload.length + 14).put((byte) first);
        int mask = masked ? 0x80 : 0;
        if (payload.length < 126) {
            frame.put((byte) (mask | payload.length));
        } else if (payload.length < 65_536) {
            frame.put((byte) (mask | 126)).putShort((short) payload.length);
        } else {
            frame.put((byte) (mask | 127)).putLong(payload.length);
        }
        if (masked) {
            frame.put(MASK);
        }
        for (int i = 0; i < payload.length; i++) {
            frame.put((byte) (masked ? payload[i] ^ MASK[i & 3] : payload[i]));
        }
        return java.util.Arrays.copyOf(frame.array(), frame.position());
    }

    public RawPeer raw(byte[] bytes) {
        try {
            out.write(bytes);
            out.flush();
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Sends as much as the other end takes: it may have closed at the first bytes. */
    public RawPeer rawUntilReset(byte[] bytes) {
        try {
            out.write(bytes);
            out.flush();
        } catch (IOException e) {
            // What it answered before is still there to be read.
        }
        return this;
    }

    // ---- reading

    /** Whether {@link #awaitText} answers the Pings that it meets on its way; it does at first. */
    public RawPeer answersPings(boolean answers) {
        answersPings = answers;
        return this;
    }

    /** How long it reads without hearing anything before it takes the connection for dead; 15 s at first. */
    public void hearsNothingFor(Duration patience) {
        try {
            socket.setSoTimeout(Math.toIntExact(patience.toMillis()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** @return null at the end of the stream; a reset counts as one */
    public @Nullable Frame read() {
        return read(Integer.MAX_VALUE, () -> {});
    }

    /** The same over a slow link. @param afterEach what happens whenever so many bytes of payload came */
    public @Nullable Frame read(int chunk, Runnable afterEach) {
        try {
            int first = in.read();
            if (first < 0) {
                return null;
            }
            int second = in.readUnsignedByte();
            long length = second & 0x7F;
            if (length == 126) {
                length = in.readUnsignedShort();
            } else if (length == 127) {
                length = in.readLong();
            }
            byte[] payload = new byte[(int) length];
            for (int at = 0; at < payload.length; at += Math.min(chunk, payload.length - at)) {
                if (at > 0) {
                    afterEach.run();
                }
                in.readFully(payload, at, Math.min(chunk, payload.length - at));
            }
            return new Frame(first & 0x0F, (first & 0x80) != 0, payload);
        } catch (SocketException | EOFException e) {
            return null;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Takes up to so many bytes from the socket, wherever in a frame they are; from then on frames cannot be read. */
    public void readRaw(int most) {
        try {
            if (in.readNBytes(most).length == 0) {
                throw new AssertionError("the stream ended");
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The next frame, whatever it is. */
    public Frame next() {
        Frame frame = read();
        if (frame == null) {
            throw new AssertionError("the stream ended");
        }
        return frame;
    }

    /** Reads on to a text of that type. */
    public Frame awaitText(String type) {
        return await(frame -> frame.opcode() == TEXT && frame.text().contains("\"type\":\"" + type + "\""), type);
    }

    public ServerMessage awaitMessage(String type) {
        String text = awaitText(type).text();
        if (ServerMessageCodec.decode(text) instanceof Decoded.Usable<ServerMessage>(ServerMessage message)) {
            return message;
        }
        throw new AssertionError("not a message: " + text);
    }

    public Frame awaitClose() {
        return await(frame -> frame.opcode() == CLOSE, "a Close");
    }

    public Frame awaitPing() {
        boolean before = answersPings;
        answersPings = false;
        try {
            return await(frame -> frame.opcode() == PING, "a Ping");
        } finally {
            answersPings = before;
        }
    }

    public Frame await(java.util.function.Predicate<Frame> wanted, String what) {
        StringBuilder seen = new StringBuilder();
        for (Frame frame = read(); frame != null; frame = read()) {
            if (wanted.test(frame)) {
                return frame;
            }
            if (frame.opcode() == PING && answersPings) {
                frame(PONG, true, frame.payload());
            }
            seen.append("\n  ").append(frame.opcode()).append(' ').append(frame.text());
        }
        throw new AssertionError("the stream ended before " + what + "; it had:" + seen);
    }

    /** Reads on until the server is gone. */
    public void awaitEnd() {
        while (read() != null) {
            // whatever it was
        }
    }

    /** Answers each Ping and Close, and hands on each message that can be used, until the stream ends. */
    public void serve(Consumer<ServerMessage> each) {
        for (Frame frame = read(); frame != null; frame = read()) {
            switch (frame.opcode()) {
                case PING -> frame(PONG, true, frame.payload());
                case CLOSE -> frame(CLOSE, true, frame.payload());
                case TEXT -> {
                    if (ServerMessageCodec.decode(frame.text()) instanceof Decoded.Usable<ServerMessage>(var message)) {
                        each.accept(message);
                    }
                }
                default -> {}
            }
        }
    }

    // ---- being an agent

    /** An Auth of an enrolled agent, as a fresh process would send it. */
    public static AgentMessage.Auth auth(AgentMessage.Credentials credentials, UUID instanceId) {
        return new AgentMessage.Auth(
                credentials,
                "peer.example",
                new AgentMessage.Os("linux", "Debian", "12", "amd64"),
                "0.0.0-peer",
                instanceId,
                "boot-1",
                null,
                Map.of(),
                List.of(),
                null,
                null,
                null,
                null,
                List.of());
    }

    /** Authenticates and reads up to ConfigUpdate. @return the server's AuthAck */
    public ServerMessage.AuthAck authenticate(AgentMessage.Auth auth) {
        send(auth);
        ServerMessage.AuthAck ack = (ServerMessage.AuthAck) awaitMessage("AuthAck");
        awaitText("ConfigUpdate");
        return ack;
    }

    public ServerMessage.AuthAck authenticate(AgentId agent, String key) {
        return authenticate(auth(new AgentMessage.Credentials.Enrolled(agent, key), UUID.randomUUID()));
    }

    // ---- ending

    /** Says that no more will be sent, and keeps reading. */
    public void halfClose() {
        try {
            socket.shutdownOutput();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Ends with a reset instead of a FIN. */
    public void reset() {
        try {
            socket.setSoLinger(true, 0);
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
