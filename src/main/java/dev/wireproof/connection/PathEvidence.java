package dev.wireproof.connection;

import dev.wireproof.connection.CommandPath.Seen;
import dev.wireproof.connection.CommandPath.Status;
import java.time.Duration;
import java.time.Instant;

/** What was seen on one connection of the way that commands take: kept in its {@link Vitals}, and put together for {@link CommandPath}. */
final class PathEvidence {
    private static final long MS = 1_000_000L;

    private PathEvidence() {}

    /** The agent acknowledged a command that was sent at that time on this, the live connection. */
    static void acknowledged(Connection connection, long sentNs) {
        Vitals vitals = connection.vitals();
        long now = connection.nowNs();
        textAnswered(connection, now);
        vitals.lastAckNs = now;
        vitals.lastAckMs = connection.board().nowMs();
        connection.proven(sentNs);
    }

    /** The time for an ack of a command that was sent then has passed. */
    static void ackOverdue(Connection connection, long sentNs) {
        Vitals vitals = connection.vitals();
        long now = connection.nowNs();
        if (vitals.ackOverdueSinceNs <= Math.max(vitals.lastAckNs, vitals.lastEchoNs)) {
            vitals.ackOverdueSinceNs = now;
        }
        vitals.ackSentNs = sentNs;
        vitals.ackOverdueNs = now;
    }

    /** An ack or an EchoReply came: before its time is noted, this settles whether a new run of proof begins with it. */
    static void textAnswered(Connection connection, long nowNs) {
        if (status(connection) != Status.PROVEN) {
            connection.vitals().provenSinceNs = nowNs;
        }
    }

    /** What the evidence on this connection says of the way of commands. */
    static CommandPath path(Connection connection) {
        Instant openedAt = connection.openedAt();
        return CommandPath.of(seen(connection), ns -> openedAt.plusNanos(ns - ns % 1_000));
    }

    static Status status(Connection connection) {
        return CommandPath.statusOf(seen(connection));
    }

    private static Seen seen(Connection connection) {
        Vitals vitals = connection.vitals();
        long nowMs = connection.board().nowMs();
        EchoBook.Pending echo = connection.echoes().newestOverdue(nowMs);
        long echoOverdueNs = echo == null
                ? Vitals.NONE
                : connection.nowNs() - (nowMs - echo.sinceMs() - Deadlines.ECHO_ANSWER_MS) * MS;
        long echoSinceNs = vitals.echoOverdueSinceNs;
        Identity known = connection.identity();
        long openedNs = known == null
                ? 0
                : Duration.between(connection.openedAt(), known.authenticatedAt())
                        .toNanos();
        return new Seen(
                connection.nowNs(),
                Math.max(0, openedNs),
                vitals.lastAckNs,
                vitals.lastEchoNs,
                vitals.provenSinceNs,
                echo == null ? Vitals.NONE : echo.startedNs(),
                echoOverdueNs,
                echoSinceNs < 0 ? echoOverdueNs : echoSinceNs,
                vitals.ackSentNs,
                vitals.ackOverdueNs,
                vitals.ackOverdueSinceNs);
    }
}
