package dev.wireproof.agent;

import dev.wireproof.protocol.ProtocolLimits;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.Base64;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/**
 * Opens the socket and upgrades it (RFC 6455 §4.1). With {@code wss} the certificate and the host name are checked. No
 * redirect is followed and no extension offered: the length of a frame on the wire is its length in the log.
 */
final class WebSocketHandshake {
    private static final int TIMEOUT_MS = 15_000;
    /**
     * So much may wait in the kernel, where no Pong can overtake it: at 64 kbit/s these are 8 s, and the server gives a path up whose
     * Pongs are 45 s late. What the kernel would take by itself are megabytes.
     */
    private static final int SEND_BUFFER_BYTES = 64 * 1024;

    private static final int MAX_HEADER_BYTES = 16 * 1024;
    /** The longest time a server may keep this agent away with Retry-After. */
    private static final int MAX_RETRY_AFTER_S = 24 * 3600;
    // RFC 6455 §1.3.
    private static final String ACCEPT_SUFFIX = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

    private WebSocketHandshake() {}

    /** The server answered and did not upgrade. */
    static final class Refused extends IOException {
        private final @Nullable Duration retryAfter;

        Refused(String message, @Nullable Duration retryAfter) {
            super(message);
            this.retryAfter = retryAfter;
        }

        @Nullable
        Duration retryAfter() {
            return retryAfter;
        }
    }

    /** @return a socket that speaks WebSocket from its next byte on; no read timeout is set */
    static Socket open(AgentOptions options) throws IOException {
        Socket socket = new Socket();
        try {
            socket.setTcpNoDelay(true);
            socket.setKeepAlive(true);
            socket.setSendBufferSize(SEND_BUFFER_BYTES);
            String host = options.server().getHost().replaceAll("^\\[|\\]$", "");
            socket.connect(new InetSocketAddress(host, options.port()), TIMEOUT_MS);
            socket.setSoTimeout(TIMEOUT_MS);
            Socket plain = socket;
            if (options.secure()) {
                socket = secured(plain, host, options);
            }
            upgrade(socket, options);
            socket.setSoTimeout(0);
            return socket;
        } catch (IOException | RuntimeException e) {
            socket.close();
            throw e;
        }
    }

    private static Socket secured(Socket plain, String host, AgentOptions options) throws IOException {
        try {
            SSLContext context = options.certificateAuthority() == null
                    ? SSLContext.getDefault()
                    : trusting(options.certificateAuthority());
            SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket(plain, host, options.port(), true);
            SSLParameters parameters = socket.getSSLParameters();
            // Without this line Java checks the chain only, and any valid certificate would do.
            parameters.setEndpointIdentificationAlgorithm("HTTPS");
            parameters.setProtocols(new String[] {"TLSv1.3", "TLSv1.2"});
            socket.setSSLParameters(parameters);
            socket.startHandshake();
            return socket;
        } catch (GeneralSecurityException e) {
            throw new IOException("TLS cannot be set up: " + e.getMessage(), e);
        }
    }

    private static SSLContext trusting(Path authorities) throws IOException, GeneralSecurityException {
        KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
        trusted.load(null, null);
        try (InputStream in = new FileInputStream(authorities.toFile())) {
            int count = 0;
            for (Certificate one : CertificateFactory.getInstance("X.509").generateCertificates(in)) {
                trusted.setCertificateEntry("ca-" + count++, one);
            }
        }
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(trusted);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(ownKeys(), factory.getTrustManagers(), null);
        return context;
    }

    /** The certificate that a proxy may ask for, where the JVM was told of one, as in {@link SSLContext#getDefault}. */
    private static KeyManager @Nullable [] ownKeys() throws IOException, GeneralSecurityException {
        String file = System.getProperty("javax.net.ssl.keyStore", "");
        if (file.isEmpty()) {
            return null;
        }
        char[] password =
                System.getProperty("javax.net.ssl.keyStorePassword", "").toCharArray();
        KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        factory.init(KeyStore.getInstance(Path.of(file).toFile(), password), password);
        return factory.getKeyManagers();
    }

    private static void upgrade(Socket socket, AgentOptions options) throws IOException {
        byte[] nonce = new byte[16];
        new SecureRandom().nextBytes(nonce);
        String key = Base64.getEncoder().encodeToString(nonce);
        String path = options.server().getRawPath();
        String query = options.server().getRawQuery();
        String request = "GET " + (path == null || path.isEmpty() ? "/" : path) + (query == null ? "" : "?" + query)
                + " HTTP/1.1\r\nHost: " + options.server().getRawAuthority()
                + "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: " + key
                + "\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: " + ProtocolLimits.SUBPROTOCOL
                + "\r\nUser-Agent: wireproof-agent\r\n\r\n";
        OutputStream out = socket.getOutputStream();
        out.write(request.getBytes(StandardCharsets.US_ASCII));
        out.flush();
        String[] lines = readHeader(socket.getInputStream()).split("\r\n", -1);
        Map<String, String> fields = new HashMap<>();
        for (int i = 1; i < lines.length; i++) {
            int colon = lines[i].indexOf(':');
            if (colon > 0) {
                String name = lines[i].substring(0, colon).strip().toLowerCase(Locale.ROOT);
                fields.merge(name, lines[i].substring(colon + 1).strip(), (one, two) -> one + ", " + two);
            }
        }
        check(lines[0], fields, key);
    }

    private static void check(String statusLine, Map<String, String> fields, String key) throws IOException {
        if (!statusLine.matches("HTTP/1\\.1 101( .*)?")) {
            throw new Refused("the server answered " + statusLine, retryAfter(fields.get("retry-after")));
        }
        if (!"websocket".equalsIgnoreCase(fields.get("upgrade"))
                || !accept(key).equals(fields.get("sec-websocket-accept"))) {
            throw new Refused("the answer is no WebSocket upgrade", null);
        }
        if (!ProtocolLimits.SUBPROTOCOL.equals(fields.get("sec-websocket-protocol"))) {
            throw new Refused("the server does not speak " + ProtocolLimits.SUBPROTOCOL, null);
        }
        if (fields.containsKey("sec-websocket-extensions")) {
            throw new Refused("the server uses an extension that was not offered", null);
        }
    }

    private static @Nullable Duration retryAfter(@Nullable String value) {
        // The form with a date is not used by this protocol's servers.
        if (value == null || !value.matches("\\d{1,9}")) {
            return null;
        }
        return Duration.ofSeconds(Math.min(Integer.parseInt(value), MAX_RETRY_AFTER_S));
    }

    private static String accept(String key) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-1")
                    .digest((key + ACCEPT_SUFFIX).getBytes(StandardCharsets.US_ASCII));
            return Base64.getEncoder().encodeToString(digest);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java platform has SHA-1", e);
        }
    }

    /** Byte by byte, because what follows the header already belongs to the frames. */
    private static String readHeader(InputStream in) throws IOException {
        StringBuilder header = new StringBuilder();
        while (header.length() < MAX_HEADER_BYTES) {
            int next = in.read();
            if (next < 0) {
                throw new IOException("the server closed the connection during the upgrade");
            }
            header.append((char) next);
            if (next == '\n'
                    && header.length() >= 4
                    && header.substring(header.length() - 4).equals("\r\n\r\n")) {
                return header.substring(0, header.length() - 4);
            }
        }
        throw new IOException("the answer's header is longer than " + MAX_HEADER_BYTES + " bytes");
    }
}
