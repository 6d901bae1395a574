package dev.wireproof.simulator;

import dev.wireproof.id.AgentId;
import dev.wireproof.id.ConnectionId;
import dev.wireproof.protocol.AgentMessage;
import dev.wireproof.protocol.AgentMessageCodec;
import dev.wireproof.protocol.Decoded;
import dev.wireproof.protocol.PingPayload;
import dev.wireproof.protocol.ServerMessage;
import dev.wireproof.protocol.ServerMessageCodec;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The other end for the simulator's tests: real sockets, plain blocking code, and a login that it answers by itself. */
final class ScriptedServer implements AutoCloseable {
    private static final long PATIENCE_S = 10;

    private final ServerSocket listening;
    private final BlockingQueue<Peer> loggedIn = new LinkedBlockingQueue<>();
    private volatile int heartbeatS = 1;
    volatile boolean configured = true;

    ScriptedServer() throws IOException {
        listening = new ServerSocket(0, 100, InetAddress.getLoopbackAddress());
        Thread.ofVirtual().start(this::acceptAll);
    }

    Endpoint endpoint() {
        return Endpoint.of("ws://127.0.0.1:" + listening.getLocalPort() + "/ws");
    }

    /** The next connection that sent its Auth and got its AuthAck (and ConfigUpdate). */
    Peer nextPeer() throws InterruptedException {
        Peer peer = loggedIn.poll(PATIENCE_S, TimeUnit.SECONDS);
        if (peer == null) {
            throw new AssertionError("no agent logged in");
        }
        return peer;
    }

    private void acceptAll() {
        try {
            while (true) {
                Socket socket = listening.accept();
                Thread.ofVirtual().start(() -> serve(socket));
            }
        } catch (IOException e) {
            // The test is over.
        }
    }

    private void serve(Socket socket) {
        try (socket) {
            Peer peer = new Peer(socket);
            peer.handshake();
            peer.readAll();
        } catch (IOException e) {
            // The agent went away.
        }
    }

    static ServerMessage.ConfigUpdate config(long version, int heartbeatS) {
        return new ServerMessage.ConfigUpdate(
                version, new ServerMessage.AgentConfig(heartbeatS, 4, 1_000_000, List.of("sh"), false));
    }

    /** One agent's connection. */
    final class Peer {
        private final Socket socket;
        private final DataInputStream in;
        private final OutputStream out;
        final BlockingQueue<AgentMessage> messages = new LinkedBlockingQueue<>();
        /** Each usable message in the order in which it came, Auth included: heartbeats fall where they like. */
        private final List<AgentMessage> heard = new CopyOnWriteArrayList<>();

        final BlockingQueue<String> unusable = new LinkedBlockingQueue<>();
        final BlockingQueue<PingPayload> pongs = new LinkedBlockingQueue<>();
        final BlockingQueue<Integer> closes = new LinkedBlockingQueue<>();
        final AgentId agentId = new AgentId(UUID.randomUUID());
        private volatile AgentMessage.@Nullable Auth auth;

        Peer(Socket socket) throws IOException {
            this.socket = socket;
            this.in = new DataInputStream(socket.getInputStream());
            this.out = socket.getOutputStream();
        }

        private void handshake() throws IOException {
            StringBuilder head = new StringBuilder();
            while (head.indexOf("\r\n\r\n") < 0) {
                head.append((char) in.readByte());
            }
            String key = head.toString()
                    .lines()
                    .filter(line -> line.startsWith("Sec-WebSocket-Key: "))
                    .findFirst()
                    .orElseThrow()
                    .substring("Sec-WebSocket-Key: ".length());
            out.write(("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                            + "Sec-WebSocket-Accept: " + Endpoint.acceptFor(key)
                            + "\r\nSec-WebSocket-Protocol: rmm.v1\r\n\r\n")
                    .getBytes(StandardCharsets.ISO_8859_1));
        }

        private void readAll() throws IOException {
            while (true) {
                int opcode = in.readUnsignedByte() & 0x0F;
                int length = in.readUnsignedByte() & 0x7F;
                int size = length == 126 ? in.readUnsignedShort() : length == 127 ? (int) in.readLong() : length;
                byte[] mask = in.readNBytes(4);
                byte[] payload = in.readNBytes(size);
                for (int i = 0; i < size; i++) {
                    payload[i] ^= mask[i % 4];
                }
                frame(opcode, payload);
            }
        }

        private void frame(int opcode, byte[] payload) throws IOException {
            switch (opcode) {
                case Frames.TEXT -> text(new String(payload, StandardCharsets.UTF_8));
                case Frames.PONG -> {
                    PingPayload pong = PingPayload.read(ByteBuffer.wrap(payload));
                    if (pong != null) {
                        pongs.add(pong);
                    }
                }
                case Frames.CLOSE -> {
                    closes.add(
                            payload.length < 2 ? 1005 : ByteBuffer.wrap(payload).getShort() & 0xFFFF);
                    drop();
                }
                default -> throw new IOException("opcode " + opcode);
            }
        }

        private void text(String text) throws IOException {
            Decoded<AgentMessage> decoded = AgentMessageCodec.decode(text);
            if (decoded instanceof Decoded.Usable<AgentMessage>(var message)) {
                heard.add(message);
            }
            switch (decoded) {
                case Decoded.Usable<AgentMessage>(AgentMessage.Auth message) -> {
                    auth = message;
                    logIn();
                }
                case Decoded.Usable<AgentMessage>(var message) -> messages.add(message);
                case Decoded.Unusable<AgentMessage> _ -> unusable.add(text);
            }
        }

        /** How many Texts had come on this connection when this very message did. */
        int textsBefore(AgentMessage message) {
            for (int i = 0; i < heard.size(); i++) {
                if (heard.get(i) == message) {
                    return i;
                }
            }
            throw new AssertionError("never came: " + message);
        }

        AgentMessage.Auth auth() {
            return Objects.requireNonNull(auth);
        }

        private void logIn() throws IOException {
            boolean enrolling = auth().credentials() instanceof AgentMessage.Credentials.Enrolling;
            send(new ServerMessage.AuthAck(
                    agentId,
                    enrolling ? "key-of-" + agentId : null,
                    new ConnectionId(UUID.randomUUID()),
                    1,
                    heartbeatS,
                    20,
                    90,
                    65_536,
                    Instant.EPOCH,
                    "scripted",
                    List.of()));
            if (configured) {
                send(config(1, heartbeatS));
            }
            loggedIn.add(this);
        }

        void send(ServerMessage message) throws IOException {
            sendFrame(0x81, ServerMessageCodec.encode(message).getBytes(StandardCharsets.UTF_8));
        }

        void sendText(String text) throws IOException {
            sendFrame(0x81, text.getBytes(StandardCharsets.UTF_8));
        }

        void ping(long counter) throws IOException {
            byte[] payload = new byte[16];
            new PingPayload(counter, 99).toBuffer().get(payload);
            sendFrame(0x89, payload);
        }

        void close(int code) throws IOException {
            sendFrame(0x88, new byte[] {(byte) (code >>> 8), (byte) code});
        }

        synchronized void sendFrame(int first, byte[] payload) throws IOException {
            ByteArrayOutputStream frame = new ByteArrayOutputStream();
            frame.write(first);
            if (payload.length < 126) {
                frame.write(payload.length);
            } else {
                frame.write(127);
                frame.writeBytes(ByteBuffer.allocate(8).putLong(payload.length).array());
            }
            frame.writeBytes(payload);
            out.write(frame.toByteArray());
            out.flush();
        }

        /** The next message of this type; others before it are skipped. */
        <M extends AgentMessage> M next(Class<M> type) throws InterruptedException {
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_S);
            while (true) {
                AgentMessage message = messages.poll(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
                if (message == null) {
                    throw new AssertionError("no " + type.getSimpleName() + " came");
                }
                if (type.isInstance(message)) {
                    return type.cast(message);
                }
            }
        }

        void drop() throws IOException {
            socket.close();
        }
    }

    @Override
    public void close() throws IOException {
        listening.close();
    }
}
