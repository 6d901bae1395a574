package dev.wireproof.testkit;

import java.io.IOException;
import java.net.Socket;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/** One connection through a {@link TcpProxy}: two sockets and a pump for each direction. */
final class Link {
    private final Socket client;
    private final Socket server;
    private final Consumer<Link> gone;
    private final AtomicInteger ended = new AtomicInteger();

    Link(Socket client, Socket server, Consumer<Link> gone) {
        this.client = client;
        this.server = server;
        this.gone = gone;
    }

    void start(Leg up, Leg down) {
        new Pump(this, up, client, server).start();
        new Pump(this, down, server, client).start();
    }

    /** One direction came to its end; with the second one the connection is over. */
    void directionEnded() {
        if (ended.incrementAndGet() == 2) {
            reset();
        }
    }

    /** Ends it towards both sides with a reset. */
    void reset() {
        abort(client);
        abort(server);
        gone.accept(this);
    }

    /** Ends it towards both sides with a FIN, as a reverse proxy does that has waited long enough. */
    void end() {
        try {
            client.close();
            server.close();
        } catch (IOException e) {
            // it was closed already
        }
        gone.accept(this);
    }

    static void abort(Socket socket) {
        try {
            if (!socket.isClosed()) {
                socket.setSoLinger(true, 0);
            }
            socket.close();
        } catch (IOException e) {
            // it was closed already
        }
    }
}
