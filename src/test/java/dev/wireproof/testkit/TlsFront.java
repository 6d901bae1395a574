package dev.wireproof.testkit;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Base64;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/** Ends TLS in front of a server, as a reverse proxy does, with a self-signed certificate for {@code localhost}. */
public final class TlsFront implements AutoCloseable {
    private static final String PASSWORD = "changeit";

    private final ServerSocket listener;
    private final int serverPort;
    private final Path authority;

    private TlsFront(ServerSocket listener, int serverPort, Path authority) {
        this.listener = listener;
        this.serverPort = serverPort;
        this.authority = authority;
    }

    /** @param folder an empty one of its own, for its keys */
    public static TlsFront of(int serverPort, Path folder) {
        try {
            Files.createDirectories(folder);
            KeyStore keys = certificate(folder.resolve("keys.p12"));
            Path authority = Files.writeString(
                    folder.resolve("ca.pem"),
                    "-----BEGIN CERTIFICATE-----\n"
                            + Base64.getMimeEncoder()
                                    .encodeToString(keys.getCertificate("front").getEncoded())
                            + "\n-----END CERTIFICATE-----\n");
            KeyManagerFactory managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            managers.init(keys, PASSWORD.toCharArray());
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(managers.getKeyManagers(), null, null);
            TlsFront front = new TlsFront(
                    context.getServerSocketFactory().createServerSocket(0, 64, InetAddress.getLoopbackAddress()),
                    serverPort,
                    authority);
            Thread.ofVirtual().name("tls-accept").start(front::accept);
            return front;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    private static KeyStore certificate(Path store) throws IOException, GeneralSecurityException {
        try {
            Process made = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "keytool")
                                    .toString(),
                            "-genkeypair",
                            "-alias",
                            "front",
                            "-keyalg",
                            "EC",
                            "-dname",
                            "CN=test",
                            "-ext",
                            "san=dns:localhost",
                            "-keystore",
                            store.toString(),
                            "-storepass",
                            PASSWORD,
                            "-validity",
                            "2")
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            if (made.waitFor() != 0) {
                throw new IOException("keytool: " + made.exitValue());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        }
        KeyStore keys = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(store)) {
            keys.load(in, PASSWORD.toCharArray());
        }
        return keys;
    }

    public int port() {
        return listener.getLocalPort();
    }

    /** What a client must trust: a PEM file. */
    public Path authority() {
        return authority;
    }

    private void accept() {
        while (!listener.isClosed()) {
            try {
                Socket client = listener.accept();
                Thread.ofVirtual().name("tls-front").start(() -> carry(client));
            } catch (IOException e) {
                return; // closed
            }
        }
    }

    private void carry(Socket client) {
        try {
            Socket server = new Socket(InetAddress.getLoopbackAddress(), serverPort);
            server.setTcpNoDelay(true);
            client.setTcpNoDelay(true);
            Thread.ofVirtual().name("tls-down").start(() -> copy(server, client));
            copy(client, server);
        } catch (IOException e) {
            Link.abort(client);
        }
    }

    /** A broken record, or the end of one side, ends both. */
    private static void copy(Socket from, Socket to) {
        try (from;
                to) {
            from.getInputStream().transferTo(to.getOutputStream());
        } catch (IOException e) {
            // closed on both sides
        }
    }

    @Override
    public void close() {
        try {
            listener.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
