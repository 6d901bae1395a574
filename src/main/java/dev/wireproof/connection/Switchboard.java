package dev.wireproof.connection;

import dev.wireproof.connection.Course.Ending;
import dev.wireproof.fleet.AgentAdmission;
import dev.wireproof.id.AgentId;
import dev.wireproof.id.ConnectionId;
import dev.wireproof.id.Uuids;
import dev.wireproof.protocol.AgentMessage;
import dev.wireproof.telemetry.FrameRecorder;
import java.security.SecureRandom;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What all connections of this server share, and where they tell of their beginning and end. */
final class Switchboard {
    private static final Logger log = LoggerFactory.getLogger(Switchboard.class);

    private final ConnectionProperties settings;
    private final InstantSource clock;
    private final LongSupplier nanos;
    private final FrameRecorder recorder;
    private final LiveConnections registry;
    private final ConnectionRows rows;
    private final AgentAdmission admission;
    private final List<ConnectionListener> listeners;
    private final ConnectionMetrics metrics;
    private final LiveTime time;
    private final Deadlines deadlines;
    private final AgentHistory history = new AgentHistory();
    private final Strangers strangers;
    private final SecureRandom random = new SecureRandom();
    private volatile boolean draining;

    Switchboard(
            ConnectionProperties settings,
            InstantSource clock,
            LongSupplier nanos,
            FrameRecorder recorder,
            LiveConnections registry,
            ConnectionRows rows,
            AgentAdmission admission,
            List<ConnectionListener> listeners,
            ConnectionMetrics metrics) {
        this.settings = settings;
        this.strangers = new Strangers(settings.maxUnauthenticatedPerAddress());
        this.clock = clock;
        this.nanos = nanos;
        this.recorder = recorder;
        this.registry = registry;
        this.rows = rows;
        this.admission = admission;
        this.listeners = List.copyOf(listeners);
        this.metrics = metrics;
        this.time = new LiveTime(nanos);
        this.deadlines = new Deadlines(settings);
    }

    /** A socket was upgraded. */
    Connection open(Connection.Peer peer, Connection.Socket socket) {
        Connection connection = new Connection(this, new ConnectionId(Uuids.version7(now())), peer, socket);
        registry.opened(connection);
        strangers.came(peer.agentAddress());
        metrics.opened();
        return connection;
    }

    /** It begins to leave: nothing is offered on it any more. Called once for each connection, on any thread. */
    void left(Connection connection, Ending how) {
        boolean wasLive = registry.leave(connection);
        metrics.closed(how.code(), connection.nowNs());
        if (connection.identity() != null) {
            rows.closed(connection, how);
            if (wasLive && connection.course().mayTellClosed()) {
                Thread.startVirtualThread(() -> tellClosed(connection, how));
            }
        }
    }

    /** Its socket is gone. */
    void ended(Connection connection) {
        registry.ended(connection);
        Ending how = connection.course().ending();
        if (connection.identity() != null && how != null) {
            rows.closed(connection, how);
            if (connection.wasSuperseded() && connection.course().mayTellClosed()) {
                Thread.startVirtualThread(() -> tellClosed(connection, how));
            }
        }
    }

    /** On the virtual thread that admitted it. Its end, should it come meanwhile, is told after this. */
    void tellOpened(Connection connection, AgentMessage.Auth auth, Instant at) {
        connection.course().openingTold();
        for (ConnectionListener listener : listeners) {
            try {
                listener.opened(connection, auth, at);
            } catch (RuntimeException e) {
                listenerFailed(connection, e);
            }
        }
        Ending meanwhile = connection.course().openedTold();
        if (meanwhile != null) {
            tellClosed(connection, meanwhile);
        }
    }

    private void tellClosed(Connection connection, Ending how) {
        for (ConnectionListener listener : listeners) {
            try {
                listener.closed(connection, how.code(), how.reason(), how.at());
            } catch (RuntimeException e) {
                listenerFailed(connection, e);
            }
        }
    }

    private static void listenerFailed(Connection connection, RuntimeException fault) {
        log.atError()
                .addKeyValue("connection", connection.connectionId())
                .setCause(fault)
                .log("connection.listener_failed");
    }

    void observerFailed(Connection connection, RuntimeException fault) {
        log.atError()
                .addKeyValue("connection", connection.connectionId())
                .setCause(fault)
                .log("connection.observer_failed");
    }

    void enrollmentConfirmed(AgentId agent) {
        admission.enrollmentConfirmed(agent);
    }

    boolean mayEvictUnproven(Connection connection) {
        return history.mayEvict(connection.agentId(), nowMs());
    }

    /** Looks at every connection once: what is due, and whose time is over. */
    void sweepOnce() {
        long gapNs = time.tick();
        if (gapNs > 0) {
            log.atWarn().addKeyValue("ms", gapNs / 1_000_000L).log("connection.server_was_paused");
        }
        long nowMs = time.nowMs();
        for (Connection connection : registry.all()) {
            try {
                connection.timers().sweep(nowMs);
            } catch (RuntimeException e) {
                log.atError()
                        .addKeyValue("connection", connection.connectionId())
                        .setCause(e)
                        .log("connection.sweep_failed");
            }
        }
    }

    /** From now on nobody is let in. */
    void drain() {
        draining = true;
    }

    boolean draining() {
        return draining;
    }

    /** @return null when one more socket is welcome, else why not */
    @Nullable
    String refusal() {
        if (draining) {
            return "the server is about to restart";
        }
        return registry.openSockets() >= settings.maxConnections()
                ? "the server has all connections it can hold"
                : null;
    }

    Strangers strangers() {
        return strangers;
    }

    ConnectionProperties settings() {
        return settings;
    }

    Deadlines deadlines() {
        return deadlines;
    }

    FrameRecorder recorder() {
        return recorder;
    }

    LiveConnections registry() {
        return registry;
    }

    ConnectionRows rows() {
        return rows;
    }

    AgentHistory history() {
        return history;
    }

    ConnectionMetrics metrics() {
        return metrics;
    }

    Instant now() {
        return clock.instant();
    }

    long nanos() {
        return nanos.getAsLong();
    }

    long nowMs() {
        return time.nowMs();
    }

    /** An instant of {@link #nanos} on the scale of {@link #nowMs}. */
    long liveMs(long atNanos) {
        return time.msOf(atNanos);
    }

    long random() {
        return random.nextLong();
    }
}
