package dev.wireproof.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wireproof.testkit.Shows;
import dev.wireproof.testkit.TestCertificate;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import javax.net.ssl.SSLHandshakeException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The upgrade over TLS and its refusals, on real sockets. */
class AgentTlsIT {
    @TempDir
    Path directory;

    @Test
    @Shows("S18")
    void a_certificate_counts_only_from_a_trusted_authority_and_for_the_very_host() throws Exception {
        TestCertificate certificate = TestCertificate.of("dns:localhost", directory);
        Path authority = certificate.authority();
        try (ServerSocket listening = certificate.listen()) {
            Thread.ofPlatform().daemon().start(() -> acceptAll(listening));
            int port = listening.getLocalPort();
            try (Socket socket = WebSocketHandshake.open(options("wss://localhost:" + port + "/ws", authority))) {
                assertThat(socket.isConnected()).isTrue();
            }
            assertThatThrownBy(() -> WebSocketHandshake.open(options("wss://127.0.0.1:" + port + "/ws", authority)))
                    .as("another name than the certificate's")
                    .isInstanceOf(SSLHandshakeException.class);
            assertThatThrownBy(() -> WebSocketHandshake.open(options("wss://localhost:" + port + "/ws", null)))
                    .as("an authority that nobody trusts")
                    .isInstanceOf(SSLHandshakeException.class);
        }
    }

    @Test
    @Shows("S13")
    void a_proxy_that_asks_for_a_certificate_sees_the_one_that_the_jvm_was_told_of(@TempDir Path folder)
            throws Exception {
        TestCertificate proxy = TestCertificate.of("dns:localhost", folder.resolve("proxy"));
        TestCertificate agent = TestCertificate.of("dns:agent", folder.resolve("agent"));
        TestCertificate stranger = TestCertificate.of("dns:agent", folder.resolve("stranger"));
        try (ServerSocket listening = proxy.listen(agent)) {
            Thread.ofPlatform().daemon().start(() -> acceptAll(listening));
            AgentOptions options = options("wss://localhost:" + listening.getLocalPort() + "/ws", proxy.authority());
            assertThatThrownBy(() -> WebSocketHandshake.open(options))
                    .as("none at all")
                    .isInstanceOf(IOException.class);
            System.setProperty("javax.net.ssl.keyStorePassword", TestCertificate.PASSWORD);
            try {
                System.setProperty("javax.net.ssl.keyStore", stranger.keyStore().toString());
                assertThatThrownBy(() -> WebSocketHandshake.open(options))
                        .as("one of the same name that nobody vouches for")
                        .isInstanceOf(IOException.class);
                System.setProperty("javax.net.ssl.keyStore", agent.keyStore().toString());
                try (Socket socket = WebSocketHandshake.open(options)) {
                    assertThat(socket.isConnected()).isTrue();
                }
            } finally {
                System.clearProperty("javax.net.ssl.keyStore");
                System.clearProperty("javax.net.ssl.keyStorePassword");
            }
        }
    }

    @Test
    @Shows("S18")
    void a_redirect_is_not_followed_and_a_busy_server_is_left_alone_as_long_as_it_asks() throws Exception {
        assertRefused("HTTP/1.1 302 Found\r\nLocation: ws://127.0.0.1:1/ws\r\n\r\n", "302 Found");
        WebSocketHandshake.Refused busy =
                assertRefused("HTTP/1.1 503 Service Unavailable\r\nRetry-After: 7\r\n\r\n", "503");
        assertThat(busy.retryAfter()).hasSeconds(7);
        assertRefused("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n", "no WebSocket upgrade");
    }

    private static WebSocketHandshake.Refused assertRefused(String answer, String why) throws Exception {
        try (ServerSocket listening = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            Thread.ofPlatform().daemon().start(() -> {
                try (Socket socket = listening.accept()) {
                    readRequest(socket.getInputStream());
                    socket.getOutputStream().write(answer.getBytes(StandardCharsets.US_ASCII));
                } catch (IOException e) {
                    // The test sees it.
                }
            });
            String uri = "ws://127.0.0.1:" + listening.getLocalPort() + "/ws";
            try (Socket socket = WebSocketHandshake.open(options(uri, null))) {
                throw new AssertionError("upgraded: " + socket);
            } catch (WebSocketHandshake.Refused e) {
                assertThat(e).hasMessageContaining(why);
                return e;
            }
        }
    }

    private static void readRequest(InputStream in) throws IOException {
        int newlines = 0;
        while (newlines < 2) {
            int next = in.read();
            newlines = next == '\n' ? newlines + 1 : next == '\r' ? newlines : 0;
        }
    }

    private static void acceptAll(ServerSocket listening) {
        try {
            while (true) {
                Socket socket = listening.accept();
                Thread.ofPlatform().daemon().start(() -> {
                    try {
                        ServerPeer.upgrade(socket);
                    } catch (IOException e) {
                        // The refused handshakes.
                    }
                });
            }
        } catch (IOException e) {
            // Closed with the test.
        }
    }

    private static AgentOptions options(String uri, @Nullable Path authority) {
        return new AgentOptions(URI.create(uri), "t", Path.of("/tmp"), Map.of(), null, authority, 60);
    }
}
