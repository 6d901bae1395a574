package dev.wireproof.agent;

import dev.wireproof.protocol.AgentMessage;
import dev.wireproof.protocol.AgentMessage.LastError;
import dev.wireproof.protocol.CloseCode;
import dev.wireproof.protocol.ServerMessage.AuthAck;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What happens by the clock on a connection: heartbeats out, and the verdict on a connection that went silent. Owned by
 * the core's thread.
 */
final class Pulse {
    private static final Duration AUTH_PATIENCE = Duration.ofSeconds(15);
    private static final long STARTED_NANOS = System.nanoTime();
    /** Three Echo intervals, each of which the server may stretch by a tenth. */
    private static final double SILENT_INTERVALS = 3 * 1.1;

    private final CommandRoom room;
    private final MachineMetrics metrics;
    private final Duration echoInterval;
    private Duration interval = Duration.ofSeconds(30);
    private Duration idleTimeout = Duration.ofSeconds(90);
    private long nextHeartbeatNanos;
    private long seq;
    private @Nullable LastError lastError;

    Pulse(CommandRoom room, MachineMetrics metrics, Duration echoInterval) {
        this.room = room;
        this.metrics = metrics;
        this.echoInterval = echoInterval;
    }

    /** Kept and told with each heartbeat, past reconnects: the cause travels up while nothing gets down. */
    void lastError(LastError error) {
        lastError = error;
    }

    void begin(Session session, AuthAck ack) {
        idleTimeout = Duration.ofSeconds(ack.idleTimeoutS());
        interval(Duration.ofSeconds(ack.heartbeatIntervalS()));
        beat(session);
    }

    void interval(Duration fresh) {
        nextHeartbeatNanos += fresh.toNanos() - interval.toNanos();
        interval = fresh;
    }

    void tick(@Nullable Session session) {
        if (session == null) {
            return;
        }
        session.endOverdueClose();
        if (!session.isOpen()) {
            return;
        }
        long now = System.nanoTime();
        if (session.authAck() == null) {
            if (now - session.openedNanos() > AUTH_PATIENCE.toNanos()) {
                session.abort("no answer to Auth");
            }
        } else if (now - session.lastReceivedNanos() > idleTimeout.toNanos()) {
            session.abort("idle: nothing came in for " + idleTimeout.toSeconds() + " s");
        } else if (isTextSilent(session, now)) {
            session.close(CloseCode.GOING_AWAY, "text_silent");
        } else if (now - nextHeartbeatNanos >= 0) {
            beat(session);
        }
    }

    private boolean isTextSilent(Session session, long now) {
        double silence = now - session.lastTextNanos();
        // Only where Pings still come: else it is plain silence, which the idle timeout judges.
        boolean pinged = session.lastPingNanos() - session.lastTextNanos() > 0;
        return pinged && silence > echoInterval.toNanos() * SILENT_INTERVALS;
    }

    private void beat(Session session) {
        nextHeartbeatNanos = System.nanoTime() + interval.toNanos();
        session.send(new AgentMessage.Heartbeat(
                ++seq,
                Duration.ofNanos(System.nanoTime() - STARTED_NANOS).toSeconds(),
                session.counters().rx(),
                session.counters().tx(),
                room.runningCommands(),
                room.waitingCommands(),
                lastError,
                metrics.now()));
    }
}
