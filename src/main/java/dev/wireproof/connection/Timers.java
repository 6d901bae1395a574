package dev.wireproof.connection;

import dev.wireproof.connection.ConnectionMetrics.Eviction;
import dev.wireproof.connection.Deadlines.Facts;
import dev.wireproof.connection.Deadlines.Phase;
import dev.wireproof.connection.Deadlines.Socket;
import dev.wireproof.connection.Deadlines.Verdict;
import dev.wireproof.kernel.SocketView;
import dev.wireproof.protocol.CloseCode;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The timers of one connection: a few numbers that one thread looks at, four times a second, for all connections. Used by the sweeping
 * thread only, but for {@link #traceFor} and {@link #begin}.
 */
final class Timers {
    private static final Logger log = LoggerFactory.getLogger(Timers.class);
    private static final long TRACE_PING_MS = 5_000;

    private final Connection connection;
    private volatile long nextPingMs;
    private volatile long nextEchoMs;
    /** When an Echo was due last, sent or not. */
    private volatile long echoWasDueMs;

    private volatile long traceUntilMs;
    private long writingSeq;
    private long writingSinceMs;
    private Verdict condemned = Verdict.NONE;
    private boolean spared;

    Timers(Connection connection) {
        this.connection = connection;
    }

    /** The agent was let in. Its first Ping is due at a random time, so that a fleet that came at once is not asked at once. */
    void begin() {
        long now = connection.board().nowMs();
        long interval = connection.board().settings().pingInterval().toMillis();
        nextPingMs = now + ThreadLocalRandom.current().nextLong(interval);
        nextEchoMs = now + echoPause();
        echoWasDueMs = now; // the one behind ConfigUpdate
    }

    void traceFor(Duration duration) {
        traceUntilMs = connection.board().nowMs() + duration.toMillis();
        nextPingMs = connection.board().nowMs();
    }

    void sweep(long nowMs) {
        Phase phase = connection.course().phase();
        if (phase == Phase.OPEN) {
            ping(nowMs);
            echo(nowMs);
        }
        noteEchoes(nowMs);
        Verdict verdict = connection.board().deadlines().judge(nowMs, facts(nowMs, phase));
        boolean again = verdict == condemned;
        condemned = verdict;
        if (again) {
            act(verdict);
        }
    }

    private void ping(long nowMs) {
        if (nowMs < nextPingMs) {
            return;
        }
        long interval = nowMs < traceUntilMs
                ? TRACE_PING_MS
                : connection.board().settings().pingInterval().toMillis();
        nextPingMs = Math.max(nextPingMs + interval, nowMs + interval / 2);
        connection.outbox().ping();
    }

    private void echo(long nowMs) {
        Vitals vitals = connection.vitals();
        boolean silentPong = nowMs - vitals.lastPongMs > Deadlines.SILENT_PONG_MS
                && vitals.lastEchoSentMs < vitals.lastPongMs + Deadlines.SILENT_PONG_MS;
        boolean due = nowMs >= nextEchoMs;
        if (!due && !silentPong) {
            return;
        }
        nextEchoMs = nowMs + echoPause();
        if (silentPong) {
            connection.board().metrics().pongMissed();
        }
        // An ack stands in for one Echo, not for all that follow: an agent to which no text comes for three of them
        // goes away.
        if (silentPong || vitals.lastAckMs < echoWasDueMs) {
            connection.sendEcho(null);
        }
        echoWasDueMs = nowMs;
    }

    private long echoPause() {
        long interval = connection.board().settings().echoInterval().toMillis();
        long vary = Math.max(1, interval / 10);
        return interval - vary + ThreadLocalRandom.current().nextLong(2 * vary);
    }

    private void noteEchoes(long nowMs) {
        boolean overdue = connection.echoes().overdue(nowMs);
        Vitals vitals = connection.vitals();
        if (!overdue) {
            vitals.echoOverdueSinceNs = Vitals.NONE;
        } else if (vitals.echoOverdueSinceNs == Vitals.NONE) {
            vitals.echoOverdueSinceNs = connection.nowNs();
            connection.board().metrics().echoMissed();
            connection.trace().anomaly(connection.nowNs());
        }
    }

    private Facts facts(long nowMs, Phase phase) {
        Vitals vitals = connection.vitals();
        Outgoing writing = connection.outbox().writing();
        if (writing == null) {
            writingSeq = 0;
        } else if (writing.seq != writingSeq) {
            writingSeq = writing.seq;
            writingSinceMs = nowMs; // up to one sweep late: in the peer's favour
        }
        return new Facts(
                phase,
                connection.course().phaseSinceMs(),
                vitals.lastInMs,
                vitals.provenMs,
                connection.count(Count.BYTES_OUT) - vitals.bytesAtProof,
                writing == null ? -1 : writingSinceMs,
                writing == null ? 0 : writing.bytes(),
                connection.outbound().closeWritten(),
                socket(nowMs));
    }

    private Socket socket(long nowMs) {
        SocketEvidence evidence = connection.socketEvidenceOrNull();
        return evidence == null || evidence.fresh(nowMs) == null
                ? Socket.UNKNOWN
                : new Socket(true, evidence.progressMs(), evidence.backlogProgressMs());
    }

    private void act(Verdict verdict) {
        ConnectionProperties settings = connection.board().settings();
        switch (verdict) {
            case NONE -> {}
            case AUTH_TIMEOUT ->
                connection.close(CloseCode.AUTH_TIMEOUT, "no Auth within " + seconds(settings.authTimeout()));
            case IDLE ->
                evict(Eviction.SILENCE, "silence: nothing at all came in for " + seconds(settings.idleTimeout()));
            case WRITE_STALL -> stalled(settings);
            case OUTBOUND_UNPROVEN -> unproven(settings);
            case CLOSE_NOT_WRITTEN, CLOSE_NOT_ANSWERED -> connection.abort();
        }
    }

    private void stalled(ConnectionProperties settings) {
        SocketEvidence evidence = connection.socketEvidence();
        SocketView seen = evidence.fresh(connection.board().nowMs());
        String how = seen == null
                ? "write stall: a frame has been in writing for over " + seconds(settings.writeStallTimeout())
                : "write stall: no byte acknowledged for %s; unsent %d, unacked %d, retransmits %d, window %d"
                        .formatted(
                                seconds(settings.writeStallTimeout()),
                                seen.unsentBytes(),
                                seen.unackedBytes(),
                                seen.retransmits(),
                                seen.sendWindowBytes());
        evidence.stalled(how);
        evict(Eviction.WRITE_STALL, how);
    }

    private void unproven(ConnectionProperties settings) {
        if (connection.board().mayEvictUnproven(connection)) {
            evict(
                    Eviction.OUTBOUND_UNPROVEN,
                    "outbound unproven: nothing that was sent in the last "
                            + seconds(settings.outboundUnprovenTimeout()) + " was answered");
        } else if (!spared) {
            spared = true;
            connection.trace().anomaly(connection.nowNs());
            log.atInfo().addKeyValue("connection", connection.connectionId()).log("connection.unproven_but_spared");
        }
    }

    /** Whether it would have been evicted as unproven, had that not happened too often lately. */
    boolean spared() {
        return spared;
    }

    private void evict(Eviction why, String reason) {
        connection.trace().anomaly(connection.nowNs());
        connection.board().metrics().evicted(why);
        log.atInfo()
                .addKeyValue("connection", connection.connectionId())
                .addKeyValue("reason", reason)
                .log("connection.evicted");
        connection.close(CloseCode.EVICTED, reason);
    }

    private static String seconds(Duration duration) {
        return duration.toSeconds() + " s";
    }
}
