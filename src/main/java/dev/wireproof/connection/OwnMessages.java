package dev.wireproof.connection;

import dev.wireproof.protocol.AgentMessage;
import dev.wireproof.telemetry.HeartbeatRow;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The messages that are about the connection itself. */
final class OwnMessages {
    private static final int ERROR_LENGTH = 1_000;

    private OwnMessages() {}

    /** @return false when the message is for another room, or fits nothing that was sent */
    static boolean handle(Connection connection, AgentMessage message, long nowNs) {
        return switch (message) {
            case AgentMessage.EchoReply reply -> echoReply(connection, reply, nowNs);
            case AgentMessage.Heartbeat heartbeat -> {
                heartbeat(connection, heartbeat, nowNs);
                yield true;
            }
            case AgentMessage.ConfigAck ack -> {
                connection.configAcked(new ConfigAnswer(ack.configVersion(), ack.applied()));
                yield true;
            }
            case AgentMessage.ProtocolError _ -> {
                connection.trace().anomaly(nowNs);
                yield true;
            }
            default -> false;
        };
    }

    private static boolean echoReply(Connection connection, AgentMessage.EchoReply reply, long nowNs) {
        EchoBook.Pending echo = connection.echoes().answered(reply.nonce(), nowNs);
        if (echo == null) {
            return false;
        }
        if (connection.live()) {
            PathEvidence.textAnswered(connection, nowNs);
            connection.vitals().lastEchoNs = nowNs;
            connection.vitals().agentSawPing = reply.rx().lastPingSeq();
            connection.proven(echo.startedNs());
        }
        return true;
    }

    private static void heartbeat(Connection connection, AgentMessage.Heartbeat beat, long nowNs) {
        boolean live = connection.live();
        if (live) {
            connection.vitals().agentSawPing = beat.rx().lastPingSeq();
        }
        if (!connection.heartbeatIsKept(nowNs)) {
            connection.board().recorder().heartbeatShed();
            return;
        }
        AgentMessage.LastError error = beat.lastError();
        connection
                .board()
                .recorder()
                .heartbeat(new HeartbeatRow(
                        connection.agentId(),
                        connection.connectionId(),
                        connection.board().now(),
                        nowNs,
                        beat.seq(),
                        live,
                        beat.uptimeS(),
                        beat.rx().text(),
                        beat.rx().ping(),
                        beat.rx().bytes(),
                        beat.rx().parseErrors(),
                        beat.rx().lastPingSeq(),
                        beat.tx().text(),
                        beat.tx().bytes(),
                        beat.runningCommands().size(),
                        beat.queuedCommands(),
                        error == null
                                ? null
                                : new HeartbeatRow.LastError(error.sha256(), cut(error.message()), error.at()),
                        metrics(beat.metrics())));
    }

    /** Thousands of these may wait to be stored. */
    private static String cut(String message) {
        int end = message.length() <= ERROR_LENGTH || !Character.isHighSurrogate(message.charAt(ERROR_LENGTH - 1))
                ? ERROR_LENGTH
                : ERROR_LENGTH - 1;
        return message.substring(0, Math.min(end, message.length()));
    }

    private static List<Optional<Double>> metrics(AgentMessage.@Nullable Metrics metrics) {
        if (metrics == null) {
            return List.of();
        }
        return List.of(
                Optional.ofNullable(metrics.cpuPct()),
                number(metrics.memUsedBytes()),
                number(metrics.memTotalBytes()),
                number(metrics.diskUsedBytes()),
                number(metrics.diskTotalBytes()),
                Optional.ofNullable(metrics.load1m()));
    }

    private static Optional<Double> number(@Nullable Long value) {
        return value == null ? Optional.empty() : Optional.of(value.doubleValue());
    }
}
