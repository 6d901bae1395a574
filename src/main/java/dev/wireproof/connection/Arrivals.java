package dev.wireproof.connection;

import dev.wireproof.protocol.CloseCode;
import dev.wireproof.telemetry.FrameRecord;
import dev.wireproof.telemetry.Opcode;
import org.jspecify.annotations.Nullable;

/** What each frame that is no usable text does to its connection. Called by the connection's reading thread only. */
final class Arrivals {
    private static final long NONE = FrameRecord.NONE;

    private Arrivals() {}

    static void ping(Connection connection, byte[] payload) {
        long now = connection.arrived(payload.length, Count.PING_IN);
        note(connection, Opcode.PING, payload.length, NONE, now, null);
        connection.confirmKey();
        if (!connection.deaf()) {
            connection.outbox().pong(payload);
        }
    }

    /** @param counter -1 when the payload was not one of ours by its length */
    static void pong(Connection connection, int bytes, long counter, long nonce) {
        long now = connection.arrived(bytes, Count.PONG_IN);
        long startedNs = counter < 0 ? -1 : connection.outbound().confirmed(counter, nonce, now);
        if (startedNs < 0) {
            connection.add(Count.UNKNOWN_PONGS, 1);
        } else if (connection.live()) {
            Vitals vitals = connection.vitals();
            vitals.lastPongNs = now;
            vitals.lastPongMs = connection.board().nowMs();
            connection.outbound().pingTook(now - startedNs);
            connection.proven(startedNs);
        }
        note(connection, Opcode.PONG, bytes, startedNs < 0 ? NONE : counter, now, null);
    }

    static void binary(Connection connection, int bytes) {
        connection.heard();
        connection.add(Count.BYTES_IN, bytes);
        if (connection.deaf()) {
            return;
        }
        String error = "binary messages are not part of the protocol";
        note(connection, Opcode.BINARY, bytes, NONE, connection.vitals().lastInNs, error);
        connection.violated(CloseCode.UNSUPPORTED_DATA, CloseCode.UNSUPPORTED_DATA.meaning());
    }

    static void tooBig(Connection connection, int bytesSoFar, int limit) {
        connection.heard();
        connection.add(Count.BYTES_IN, bytesSoFar);
        String error = "longer than " + limit + " bytes";
        note(connection, Opcode.TEXT, bytesSoFar, NONE, connection.vitals().lastInNs, error);
        connection.violated(CloseCode.TOO_BIG, "a message may have at most " + limit + " bytes");
    }

    /** What comes after a violation is counted and thrown away. */
    static void discarded(Connection connection, int bytes) {
        connection.heard();
        connection.add(Count.BYTES_IN, bytes);
    }

    static void close(Connection connection, int code, String reason, int bytes) {
        connection.heard();
        connection.add(Count.BYTES_IN, bytes);
        note(connection, Opcode.CLOSE, bytes, NONE, connection.vitals().lastInNs, null);
        connection.closedByPeer(code, reason);
    }

    /**
     * The transport could not make frames of what came, and has sent a Close of its own. Whether that Close left is not known, and so not
     * claimed.
     */
    static void broken(Connection connection, int code, String cause) {
        long now = connection.nowNs();
        connection
                .trace()
                .record(FrameRecord.sent(
                        connection.nextSeq(),
                        Opcode.CLOSE,
                        null,
                        null,
                        2,
                        NONE,
                        now,
                        NONE,
                        NONE,
                        "closed with " + code + " by the transport, which cannot go on: " + cause,
                        null));
    }

    private static void note(
            Connection connection, Opcode opcode, int bytes, long pongOf, long nowNs, @Nullable String error) {
        connection
                .trace()
                .record(FrameRecord.received(
                        connection.nextSeq(), opcode, null, null, bytes, pongOf, nowNs, error, null));
    }
}
