package dev.wireproof.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wireproof.id.AgentId;
import dev.wireproof.id.ConnectionId;
import dev.wireproof.protocol.AgentMessage;
import dev.wireproof.protocol.ServerMessage;
import dev.wireproof.protocol.WireTime;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A server that does nothing by itself: the test says each word. Its connections come out in the order they were made. */
final class ScriptedServer implements AutoCloseable {
    static final AgentId AGENT = AgentId.parse("0198c0de-0000-7000-8000-0000000000a1");
    static final int PATIENCE_S = 30;

    private final ServerSocket listening;
    private final BlockingQueue<ServerPeer> peers = new LinkedBlockingQueue<>();
    private long epoch;
    /** What AuthAck tells from now on. */
    volatile List<ServerMessage.SigningKey> signingKeys = List.of();

    ScriptedServer() throws IOException {
        listening = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        Thread.ofPlatform().name("scripted-server").daemon().start(this::acceptAll);
    }

    private void acceptAll() {
        try {
            while (true) {
                Socket socket = listening.accept();
                try {
                    peers.add(ServerPeer.upgrade(socket));
                } catch (IOException e) {
                    socket.close();
                }
            }
        } catch (IOException e) {
            // Closed with the test.
        }
    }

    URI uri() {
        return URI.create("ws://127.0.0.1:" + listening.getLocalPort() + "/ws");
    }

    /** The next connection, upgraded; nothing of it was read yet. */
    ServerPeer nextConnection() throws InterruptedException {
        ServerPeer peer = peers.poll(PATIENCE_S, TimeUnit.SECONDS);
        assertThat(peer).as("a connection of the agent").isNotNull();
        return peer;
    }

    /** The next connection, through Auth and ConfigUpdate to the first heartbeat. */
    ServerPeer nextSession() throws Exception {
        return nextSession(config(4));
    }

    ServerPeer nextSession(ServerMessage.AgentConfig config) throws Exception {
        ServerPeer peer = nextConnection();
        AgentMessage.Auth auth = peer.next(AgentMessage.Auth.class);
        peer.auth(auth);
        boolean enrolling = auth.credentials() instanceof AgentMessage.Credentials.Enrolling;
        peer.send(authAck(enrolling ? "key-1" : null, 90));
        peer.send(new ServerMessage.ConfigUpdate(7, config));
        assertThat(peer.next(AgentMessage.ConfigAck.class)).isEqualTo(new AgentMessage.ConfigAck(7, true, null));
        return peer;
    }

    ServerMessage.AuthAck authAck(@Nullable String key, int idleTimeoutS) {
        return new ServerMessage.AuthAck(
                AGENT,
                key,
                new ConnectionId(UUID.randomUUID()),
                ++epoch,
                30,
                20,
                idleTimeoutS,
                65_536,
                WireTime.parse(WireTime.format(Instant.now())),
                "test",
                signingKeys);
    }

    static ServerMessage.AgentConfig config(int concurrent) {
        return new ServerMessage.AgentConfig(
                30, concurrent, 1 << 20, List.of("sh", "bash", "python", "powershell", "cmd"), false);
    }

    @Override
    public void close() throws IOException {
        listening.close();
        for (ServerPeer peer : peers) {
            peer.close();
        }
    }
}
