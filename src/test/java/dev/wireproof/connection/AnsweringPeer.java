package dev.wireproof.connection;

import dev.wireproof.protocol.AgentMessage;
import dev.wireproof.protocol.Decoded;
import dev.wireproof.protocol.ServerMessage;
import dev.wireproof.protocol.ServerMessageCodec;
import dev.wireproof.testkit.RawPeer;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** An agent that reads all the time and keeps what it read. It pongs and echoes until it is told not to, and says nothing else. */
final class AnsweringPeer implements AutoCloseable {
    static final AgentMessage.RxCounters RX = new AgentMessage.RxCounters(1, 1, 1, 0, 1);
    static final AgentMessage.TxCounters TX = new AgentMessage.TxCounters(1, 1);

    final RawPeer peer;
    final List<RawPeer.Frame> frames = new CopyOnWriteArrayList<>();
    volatile boolean pongs = true;
    volatile boolean echoes = true;
    private final Thread reader;

    AnsweringPeer(RawPeer peer) {
        this.peer = peer;
        this.reader = Thread.startVirtualThread(this::read);
    }

    private void read() {
        try {
            for (RawPeer.Frame frame = peer.read(); frame != null; frame = peer.read()) {
                frames.add(frame);
                answer(frame);
            }
        } catch (UncheckedIOException e) {
            // The test is over, or the server closed.
        }
    }

    private void answer(RawPeer.Frame frame) {
        if (frame.opcode() == RawPeer.PING && pongs) {
            peer.frame(RawPeer.PONG, true, frame.payload());
        } else if (frame.opcode() == RawPeer.CLOSE) {
            peer.frame(RawPeer.CLOSE, true, frame.payload());
        } else if (frame.opcode() == RawPeer.TEXT
                && echoes
                && ServerMessageCodec.decode(frame.text())
                        instanceof Decoded.Usable<ServerMessage>(ServerMessage.Echo echo)) {
            peer.send(new AgentMessage.EchoReply(echo.nonce(), RX, TX));
        }
    }

    long texts(String type) {
        return frames.stream()
                .filter(frame -> frame.opcode() == RawPeer.TEXT && frame.text().contains("\"type\":\"" + type + "\""))
                .count();
    }

    /** Waits for the end of the stream. @return the server's close code; 1006 when none came */
    int awaitCloseCode() {
        try {
            reader.join();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
        return frames.stream()
                .filter(frame -> frame.opcode() == RawPeer.CLOSE)
                .mapToInt(RawPeer.Frame::closeCode)
                .findFirst()
                .orElse(1006);
    }

    String closeReason() {
        return frames.stream()
                .filter(frame -> frame.opcode() == RawPeer.CLOSE)
                .map(RawPeer.Frame::closeReason)
                .findFirst()
                .orElse("");
    }

    @Override
    public void close() {
        peer.close();
    }
}
