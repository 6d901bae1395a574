package dev.wireproof.connection;

import dev.wireproof.id.ConnectionId;
import dev.wireproof.kernel.SocketAddresses;
import dev.wireproof.kernel.SocketCensus;
import dev.wireproof.kernel.SocketDiag;
import dev.wireproof.kernel.SocketReading;
import dev.wireproof.kernel.SocketView;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks at the sockets of connections where something waits: a text that nobody is known to have read a tenth of a second after it was
 * written, a frame that has been in writing for a quarter of a second, or an agent that has proven nothing for half of the time it has. A
 * connection whose Pongs come quickly is never looked at, and costs a look at two of its fields, ten times a second.
 *
 * <p>Runs on a thread of its own and holds no lock while it asks the kernel: one question for each socket while they are few, one census
 * for all when they are many.
 */
public final class SocketWatch implements SocketProbe {
    private static final Logger log = LoggerFactory.getLogger(SocketWatch.class);
    static final long UNREAD_NS = 100_000_000L;
    static final long WRITING_NS = 250_000_000L;

    private final SocketDiag kernel;
    private final LiveConnections registry;
    private volatile boolean saidUnknown;

    SocketWatch(SocketDiag kernel, LiveConnections registry) {
        this.kernel = kernel;
        this.registry = registry;
    }

    /** What the kernel knows of a connection's socket now. Takes some tens of microseconds and waits for nothing. */
    public SocketReading read(ConnectionId id) {
        SocketAddresses socket =
                registry.find(id).flatMap(Connection::addresses).orElse(null);
        if (socket == null) {
            return new SocketReading.Unknown("no open socket of this connection here");
        }
        return kernel.read(socket);
    }

    @Override
    public Optional<State> look(ConnectionId id) {
        Connection connection = registry.find(id).orElse(null);
        return connection == null
                ? Optional.empty()
                : read(id).ifSeen().map(view -> state(view, connection.peer().proxiedFor() != null));
    }

    private static State state(SocketView view, boolean proxied) {
        return new State(
                proxied ? "proxy" : "peer",
                told(view.unackedBytes()),
                told(view.unsentBytes()),
                told(view.retransmits()),
                told(view.rttMicros()),
                view.zeroWindow());
    }

    private static @Nullable Long told(long value) {
        return value == SocketView.UNKNOWN ? null : (Long) value;
    }

    /** Used by one thread at a time. */
    void lookOnce() {
        if (!kernel.answers()) {
            return;
        }
        Map<SocketAddresses, Connection> due = new LinkedHashMap<>();
        for (Connection connection : registry.all()) {
            if (wanted(connection)) {
                connection.addresses().ifPresent(socket -> due.put(socket, connection));
            }
        }
        if (due.isEmpty()) {
            return;
        }
        due.values().forEach(SocketWatch::noteWritten);
        switch (kernel.readAll(due.keySet())) {
            case SocketCensus.Taken(Map<SocketAddresses, SocketView> views) ->
                due.forEach((socket, connection) -> {
                    SocketView view = views.get(socket);
                    if (view == null) {
                        connection.socketEvidence().unseen(connection.board().nowMs());
                    } else {
                        saw(connection, view);
                    }
                });
            case SocketCensus.Unknown(String why) -> unknown(due, why);
        }
    }

    /** Whether it is worth a look now; forgets what was seen where nothing waits any more. */
    private static boolean wanted(Connection connection) {
        SocketEvidence evidence = connection.socketEvidenceOrNull();
        long nowNs = connection.nowNs();
        long unread = connection.outbound().pings().newestUnread(nowNs - UNREAD_NS);
        boolean textWaits = evidence == null ? unread >= 0 : evidence.waits() || unread > evidence.newestFence();
        Outgoing writing = connection.outbox().writing();
        boolean stuck = writing != null && writing.startedNs >= 0 && nowNs - writing.startedNs > WRITING_NS;
        if (textWaits || stuck || connection.unprovenForLong()) {
            return evidence == null
                    || unread > evidence.newestFence()
                    || evidence.due(connection.board().nowMs());
        }
        if (evidence != null && unread < 0 && evidence.stall() == null) {
            connection.forgetSocketEvidence();
        }
        return false;
    }

    /** Before the kernel is asked: the write of each of these texts is over. */
    private static void noteWritten(Connection connection) {
        SocketEvidence evidence = connection.socketEvidence();
        connection.outbound().pings().unread(evidence.newestFence(), evidence::written);
    }

    private static void saw(Connection connection, SocketView view) {
        long nowNs = connection.nowNs();
        SocketEvidence evidence = connection.socketEvidence();
        var acked = evidence.saw(
                view, connection.board().nowMs(), connection.outbound().pings());
        if (connection.course().socketEnd() != null) {
            return; // its addresses may be another socket's by now
        }
        for (SendObserver observer : acked) {
            try {
                observer.tcpAcked(nowNs);
            } catch (RuntimeException e) {
                connection.outbound().observerFailed(e);
            }
        }
    }

    private void unknown(Map<SocketAddresses, Connection> due, String why) {
        due.values()
                .forEach(connection ->
                        connection.socketEvidence().unseen(connection.board().nowMs()));
        if (!saidUnknown) {
            saidUnknown = true;
            log.atWarn().addKeyValue("why", why).log("connection.kernel_view_unknown");
        }
    }
}
