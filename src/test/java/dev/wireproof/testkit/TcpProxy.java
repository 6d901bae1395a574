package dev.wireproof.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A bad network between a client and a server on this machine: between an agent and Wireproof, or between Wireproof and PostgreSQL. It
 * forwards bytes and does to them what the test says, each direction by itself; nothing is done to them at first.
 *
 * <p>Towards PostgreSQL put {@code prepareThreshold=0} into the JDBC URL ({@link #jdbcUrl} does), else the driver sends the text of a
 * statement only once for each connection. The answer to a COMMIT is recognised on its way {@link #down()} by {@link #COMMITTED}.
 */
public final class TcpProxy implements AutoCloseable {
    /** How PostgreSQL answers a COMMIT that is done: cut before it, and the server cannot know. */
    public static final String COMMITTED = "COMMIT\0";

    private static final int CONNECT_TIMEOUT_MS = 5_000;

    private final ServerSocket listener;
    private final int receiveBuffer;
    private final Leg up = new Leg();
    private final Leg down = new Leg();
    private final Set<Link> links = ConcurrentHashMap.newKeySet();
    private final AtomicLong accepted = new AtomicLong();
    private volatile InetSocketAddress target;
    private volatile boolean refusing;
    private volatile Duration idle = Duration.ZERO;

    private TcpProxy(InetSocketAddress target, int receiveBuffer) throws IOException {
        this.target = target;
        this.receiveBuffer = receiveBuffer;
        this.listener = new ServerSocket(0, 1_024, InetAddress.getLoopbackAddress());
        Thread.ofVirtual().name("proxy-accept").start(this::accept);
    }

    /** In front of a port of this machine. */
    public static TcpProxy to(int port) {
        return to(port, 0);
    }

    /** @param receiveBuffer bytes of SO_RCVBUF on both sides, small to make a held direction felt early; 0 for the kernel's choice */
    public static TcpProxy to(int port, int receiveBuffer) {
        try {
            return new TcpProxy(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), receiveBuffer);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** In front of the PostgreSQL of that URL; see {@link #jdbcUrl}. */
    public static TcpProxy toDatabase(String jdbcUrl) {
        return to(portOf(jdbcUrl));
    }

    static int portOf(String jdbcUrl) {
        return URI.create(jdbcUrl.substring("jdbc:".length())).getPort();
    }

    /** The same database, reached through this proxy, with every statement's text on the wire. */
    public String jdbcUrl(String direct) {
        URI uri = URI.create(direct.substring("jdbc:".length()));
        String query = uri.getQuery() == null ? "" : "&" + uri.getQuery();
        return "jdbc:postgresql://127.0.0.1:%d%s?prepareThreshold=0%s".formatted(port(), uri.getPath(), query);
    }

    public int port() {
        return listener.getLocalPort();
    }

    /** From the client to the server. */
    public Leg up() {
        return up;
    }

    /** From the server to the client. */
    public Leg down() {
        return down;
    }

    /**
     * The answer to the COMMIT of the first transaction in which the pattern goes up is held: it has happened, and its maker does not know.
     * What the maker does not hear of, such as the next statement of that connection, waits as well.
     */
    public Trap holdCommitOf(String pattern) {
        return commitOf(pattern, Trap.Act.HOLD_BEFORE);
    }

    /** The answer to that COMMIT is lost with its connection. */
    public Trap cutCommitOf(String pattern) {
        return commitOf(pattern, Trap.Act.CUT_BEFORE);
    }

    private Trap commitOf(String pattern, Trap.Act act) {
        Set<Link> marked = ConcurrentHashMap.newKeySet();
        Trap answer = down.set(new Trap(COMMITTED, act, marked));
        up.set(new Trap(pattern, Trap.Act.MARK, marked));
        return answer;
    }

    /** Where new connections go from now on. */
    public void retarget(int port) {
        target = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    }

    /** Connections that come are ended, by a FIN to both ends, once nothing came from one of them for so long; zero: never. */
    public void endIdle(Duration after) {
        idle = after;
    }

    /** From now on new connections are reset at once; {@link #admit} ends that. */
    public void refuse() {
        refusing = true;
    }

    public void admit() {
        refusing = false;
    }

    /** Resets every connection, towards both ends. New ones are let in. */
    public void cutAll() {
        links.forEach(Link::reset);
    }

    /** Holds both directions: as if the path had died. Connecting still works, up to the proxy. */
    public void hold() {
        up.hold();
        down.hold();
    }

    public void release() {
        up.release();
        down.release();
    }

    /** How many connections are open through it. */
    public int open() {
        return links.size();
    }

    /** How many connections it ever let in. */
    public long accepted() {
        return accepted.get();
    }

    private void accept() {
        while (!listener.isClosed()) {
            try {
                Socket client = listener.accept();
                Thread.ofVirtual().name("proxy-connect").start(() -> connect(client));
            } catch (IOException e) {
                return; // closed
            }
        }
    }

    private void connect(Socket client) {
        Socket server = new Socket();
        try {
            client.setTcpNoDelay(true);
            server.setTcpNoDelay(true);
            if (receiveBuffer > 0) {
                client.setReceiveBufferSize(receiveBuffer);
                server.setReceiveBufferSize(receiveBuffer);
            }
            if (refusing) {
                Link.abort(client);
                return;
            }
            server.connect(target, CONNECT_TIMEOUT_MS);
            client.setSoTimeout((int) idle.toMillis());
            server.setSoTimeout((int) idle.toMillis());
        } catch (IOException e) {
            Link.abort(client);
            Link.abort(server);
            return;
        }
        accepted.incrementAndGet();
        Link link = new Link(client, server, links::remove);
        links.add(link);
        link.start(up, down);
    }

    @Override
    public void close() {
        try {
            listener.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        up.release();
        down.release();
        cutAll();
    }
}
