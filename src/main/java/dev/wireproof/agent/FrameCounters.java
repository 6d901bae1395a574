package dev.wireproof.agent;

import dev.wireproof.protocol.AgentMessage.RxCounters;
import dev.wireproof.protocol.AgentMessage.TxCounters;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Frames of one connection, as its own reader and writer saw them; bytes are payload bytes. The server compares them
 * with what it sent: so nothing but a frame that really came or went moves them.
 */
final class FrameCounters {
    private final AtomicLong rxText = new AtomicLong();
    private final AtomicLong rxPing = new AtomicLong();
    private final AtomicLong rxBytes = new AtomicLong();
    private final AtomicLong parseErrors = new AtomicLong();
    private final AtomicLong lastPingSeq = new AtomicLong();
    private final AtomicLong txText = new AtomicLong();
    private final AtomicLong txBytes = new AtomicLong();

    void received(FrameReader.Opcode opcode, int bytes) {
        rxBytes.addAndGet(bytes);
        switch (opcode) {
            case TEXT -> rxText.incrementAndGet();
            case PING -> rxPing.incrementAndGet();
            case PONG, CLOSE -> {}
        }
    }

    void pingSeq(long counter) {
        lastPingSeq.set(Math.max(0, counter));
    }

    void parseError() {
        parseErrors.incrementAndGet();
    }

    void sent(int opcode, int bytes) {
        txBytes.addAndGet(bytes);
        if (opcode == FrameWriter.TEXT) {
            txText.incrementAndGet();
        }
    }

    RxCounters rx() {
        return new RxCounters(rxText.get(), rxPing.get(), rxBytes.get(), parseErrors.get(), lastPingSeq.get());
    }

    TxCounters tx() {
        return new TxCounters(txText.get(), txBytes.get());
    }
}
