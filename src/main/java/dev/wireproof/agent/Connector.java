package dev.wireproof.agent;

import dev.wireproof.protocol.CloseCode;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Connects, reads until the end, and connects again, at most one connection at a time: the next begins only after the
 * last frame of the one before was read.
 */
final class Connector {
    private final AgentOptions options;
    private final AgentCore core;
    private final Deliveries deliveries;
    private final AgentLog log;
    private final Backoff backoff = new Backoff(new SecureRandom());
    private final CountDownLatch stopped = new CountDownLatch(1);

    Connector(AgentOptions options, AgentCore core, Deliveries deliveries, AgentLog log) {
        this.options = options;
        this.core = core;
        this.deliveries = deliveries;
        this.log = log;
    }

    /** Returns when the server has retired this agent, or after {@link #stop}. */
    enum Outcome {
        REVOKED,
        STOPPED
    }

    Outcome run() throws InterruptedException {
        while (true) {
            Duration delay;
            try {
                Session session = new Session(WebSocketHandshake.open(options), deliveries);
                session.startWriting();
                core.opened(session);
                Session.End end = session.readAll(core);
                core.closed(session, end);
                if (isRevoked(session, end)) {
                    return Outcome.REVOKED;
                }
                delay = backoff.next(session.connectedFor(), end.code(), session.retryAfter());
            } catch (IOException e) {
                Duration retryAfter = e instanceof WebSocketHandshake.Refused refused ? refused.retryAfter() : null;
                delay = backoff.next(Duration.ZERO, null, retryAfter);
                log.warn("connect.failed", "server", options.server(), "error", told(e));
            }
            log.info("reconnect", "in_ms", delay.toMillis());
            if (stopped.await(delay.toMillis(), TimeUnit.MILLISECONDS)) {
                return Outcome.STOPPED;
            }
        }
    }

    /** The JDK's messages alone ("Connection refused") may be empty or name no cause; ours say it all. */
    private static String told(IOException e) {
        return e instanceof WebSocketHandshake.Refused ? String.valueOf(e.getMessage()) : e.toString();
    }

    private static boolean isRevoked(Session session, Session.End end) {
        Integer code = end.code();
        return session.isRevoked() || code != null && code == CloseCode.REVOKED.code();
    }

    void stop() {
        stopped.countDown();
    }
}
