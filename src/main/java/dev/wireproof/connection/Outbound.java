package dev.wireproof.connection;

import dev.wireproof.connection.Connection.Socket;
import dev.wireproof.telemetry.FrameRecord;
import org.jspecify.annotations.Nullable;

/** What becomes of the frames that a connection sends: counted, recorded, and for Pings kept until a Pong confirms them. */
final class Outbound implements Outbox.Owner {
    private final Connection connection;
    private final Socket socket;
    private final PingBook pings = new PingBook();
    private final RttSample rtts = new RttSample();
    private volatile boolean closeWritten;

    Outbound(Connection connection, Socket socket) {
        this.connection = connection;
        this.socket = socket;
    }

    @Override
    public long nowNs() {
        return connection.nowNs();
    }

    @Override
    public long nextSeq() {
        return connection.nextSeq();
    }

    @Override
    public long nextPingCounter() {
        return pings.nextCounter();
    }

    @Override
    public long pingStarts(long counter, long startedNs, SendObserver fenceOf) {
        long nonce = connection.board().random();
        pings.started(counter, nonce, startedNs, fenceOf);
        return nonce;
    }

    @Override
    public void finished(Outgoing frame, long writtenNs, @Nullable String error) {
        if (writtenNs != FrameRecord.NONE) {
            connection.add(Count.BYTES_OUT, frame.bytes());
            switch (frame.opcode) {
                case TEXT, BINARY -> {
                    connection.add(Count.TEXT_OUT, 1);
                    connection.vitals().lastTextWrittenNs = writtenNs;
                }
                case PING -> connection.add(Count.PING_OUT, 1);
                case PONG -> connection.add(Count.PONG_OUT, 1);
                case CLOSE -> closeWritten = true;
            }
        } else if (frame.startedNs != FrameRecord.NONE) {
            connection.board().metrics().writeFailed();
        }
        SocketEvidence evidence = connection.socketEvidenceOrNull();
        String stall = error == null || evidence == null ? null : evidence.stall();
        connection.trace().record(frame.record(writtenNs, stall == null ? error : stall + "; " + error));
    }

    @Override
    public void writeBroken(String error) {
        socket.abort();
    }

    @Override
    public void observerFailed(RuntimeException fault) {
        connection.board().observerFailed(connection, fault);
    }

    PingBook pings() {
        return pings;
    }

    /** Whether our Close has left. */
    boolean closeWritten() {
        return closeWritten;
    }

    /**
     * A Pong came: texts whose fence it confirms are told.
     *
     * @return when its Ping was started; -1 when no outstanding Ping has these 16 bytes
     */
    long confirmed(long counter, long nonce, long nowNs) {
        return pings.confirm(counter, nonce, nowNs, (text, rttNs) -> {
            try {
                text.peerRead(nowNs, rttNs);
            } catch (RuntimeException e) {
                observerFailed(e);
            }
        });
    }

    void pingTook(long rttNs) {
        rtts.add(rttNs);
        connection.board().metrics().ponged(rttNs);
    }

    /** Last, median and 99th percentile of the last round trips in microseconds; empty when no Pong came. */
    long[] pingRtts() {
        return rtts.summary();
    }
}
