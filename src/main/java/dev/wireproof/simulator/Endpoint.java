package dev.wireproof.simulator;

import dev.wireproof.protocol.ProtocolLimits;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Where the server is, and the upgrade by which a connection begins (RFC 6455 §4). One key for all connections: it guards against
 * caches that answer for a server, and a fleet of one test needs that once.
 */
final class Endpoint {
    private static final String KEY = "d2lyZXByb29mLXNpbXVsYQ==";
    private static final String ACCEPT_SUFFIX = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    private static final int DEFAULT_PORT = 80;

    private final InetSocketAddress address;
    private final byte[] upgradeRequest;
    private final String accept;

    private Endpoint(InetSocketAddress address, byte[] upgradeRequest, String accept) {
        this.address = address;
        this.upgradeRequest = upgradeRequest;
        this.accept = accept;
    }

    /**
     * @param url {@code ws://host[:port][/path]}; without a path {@code /ws}
     * @throws IllegalArgumentException with a message for the user
     */
    static Endpoint of(String url) {
        return of(url, "");
    }

    /** @param moreHeaders lines of the upgrade request, each with its line end; such as a proxy would add */
    static Endpoint of(String url, String moreHeaders) {
        URI uri = URI.create(url);
        String host = uri.getHost();
        if (!"ws".equals(uri.getScheme()) || host == null) {
            throw new IllegalArgumentException(
                    "--server must be ws://host:port/ws (the simulator speaks no TLS), but was " + url);
        }
        int port = uri.getPort() < 0 ? DEFAULT_PORT : uri.getPort();
        String path = uri.getRawPath() == null || uri.getRawPath().isEmpty() ? "/ws" : uri.getRawPath();
        String request = "GET " + path + " HTTP/1.1\r\nHost: " + host + ":" + port
                + "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: " + KEY
                + "\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: " + ProtocolLimits.SUBPROTOCOL
                + "\r\nUser-Agent: wireproof-simulator\r\n" + moreHeaders + "\r\n";
        return new Endpoint(
                new InetSocketAddress(resolve(host), port),
                request.getBytes(StandardCharsets.ISO_8859_1),
                acceptFor(KEY));
    }

    private static InetAddress resolve(String host) {
        try {
            return InetAddress.getByName(host);
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException("--server: no address is known for " + host, e);
        }
    }

    static String acceptFor(String key) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-1")
                    .digest((key + ACCEPT_SUFFIX).getBytes(StandardCharsets.ISO_8859_1));
            return Base64.getEncoder().encodeToString(hash);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-1", e);
        }
    }

    InetSocketAddress address() {
        return address;
    }

    byte[] upgradeRequest() {
        return upgradeRequest;
    }

    /** @return null when this head of an answer opens the connection, else what is wrong with it */
    @Nullable
    String problemWith(String head) {
        String[] lines = head.split("\r\n", -1);
        if (!lines[0].startsWith("HTTP/1.1 101")) {
            return "upgrade refused: " + lines[0];
        }
        if (!accept.equals(header(lines, "sec-websocket-accept"))) {
            return "upgrade answered with a wrong Sec-WebSocket-Accept";
        }
        if (!ProtocolLimits.SUBPROTOCOL.equals(header(lines, "sec-websocket-protocol"))) {
            return "upgrade answered without the subprotocol " + ProtocolLimits.SUBPROTOCOL;
        }
        return header(lines, "sec-websocket-extensions") == null ? null : "upgrade answered with an extension";
    }

    private static @Nullable String header(String[] lines, String name) {
        for (String line : lines) {
            int colon = line.indexOf(':');
            if (colon > 0 && line.substring(0, colon).toLowerCase(Locale.ROOT).equals(name)) {
                return line.substring(colon + 1).strip();
            }
        }
        return null;
    }
}
