package dev.wireproof.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;

/** Ends TLS in front of a server, as a reverse proxy does, with a self-signed certificate for {@code localhost}. */
public final class TlsFront implements AutoCloseable {
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
            TestCertificate certificate = TestCertificate.of("dns:localhost", folder);
            TlsFront front = new TlsFront(certificate.listen(), serverPort, certificate.authority());
            Thread.ofVirtual().name("tls-accept").start(front::accept);
            return front;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
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
