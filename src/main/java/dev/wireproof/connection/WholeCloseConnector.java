package dev.wireproof.connection;

import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import org.eclipse.jetty.io.ManagedSelector;
import org.eclipse.jetty.io.SocketChannelEndPoint;
import org.eclipse.jetty.server.ConnectionFactory;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.thread.Scheduler;
import org.eclipse.jetty.websocket.core.WebSocketConnection;

/**
 * Accepts sockets that a WebSocket's Close does not cut in half. Jetty ends our direction of the TCP connection as soon as its Close is
 * written. nginx, and many a library, take that for the end of everything: an ack or result that was on its way is dropped, the answer to the
 * Close with it, and what an agent still says on a connection that a newer one replaced is never seen. The protocol gives the agent 5 s.
 */
final class WholeCloseConnector extends ServerConnector {
    /** Who may wait to be accepted, by the kernel's leave (somaxconn): after a restart a whole fleet calls. Java's own 50 are reset. */
    private static final int CALLERS_AT_ONCE = 4_096;

    WholeCloseConnector(Server server) {
        super(server);
    }

    private WholeCloseConnector(ServerConnector like) {
        super(
                like.getServer(),
                like.getAcceptors(),
                like.getSelectorManager().getSelectorCount(),
                like.getConnectionFactories().toArray(ConnectionFactory[]::new));
        setHost(like.getHost());
        setPort(like.getPort());
        setIdleTimeout(like.getIdleTimeout());
        setAcceptQueueSize(Math.max(like.getAcceptQueueSize(), CALLERS_AT_ONCE));
        setReuseAddress(like.getReuseAddress());
    }

    /** Puts one of these in the place of each plain connector, before the server starts. */
    static void replaceIn(Server server) {
        Connector[] connectors = server.getConnectors();
        for (int i = 0; i < connectors.length; i++) {
            if (connectors[i] instanceof ServerConnector plain) {
                connectors[i] = new WholeCloseConnector(plain);
            }
        }
        server.setConnectors(connectors);
    }

    @Override
    protected SocketChannelEndPoint newEndPoint(SocketChannel channel, ManagedSelector selector, SelectionKey key) {
        SocketChannelEndPoint accepted = new EndPoint(channel, selector, key, getScheduler());
        accepted.setIdleTimeout(getIdleTimeout());
        return accepted;
    }

    private static final class EndPoint extends SocketChannelEndPoint {
        EndPoint(SocketChannel channel, ManagedSelector selector, SelectionKey key, Scheduler scheduler) {
            super(channel, selector, key, scheduler);
        }

        @Override
        protected void doShutdownOutput() {
            if (!(getConnection() instanceof WebSocketConnection)) {
                super.doShutdownOutput(); // HTTP: "Connection: close"
            }
        }
    }
}
