package dev.wireproof.simulator;

import dev.wireproof.protocol.AgentMessage.LastError;
import dev.wireproof.protocol.AgentMessage.RxCounters;
import dev.wireproof.protocol.AgentMessage.TxCounters;
import org.jspecify.annotations.Nullable;

/** What the agent itself counts on one connection: the evidence that goes up with its heartbeats. Bytes are payload bytes. */
final class RxTx {
    long rxText;
    long rxPing;
    long rxBytes;
    long parseErrors;
    long lastPingSeq;
    long txText;
    long txBytes;

    @Nullable
    LastError lastError;

    RxCounters rx() {
        return new RxCounters(rxText, rxPing, rxBytes, parseErrors, lastPingSeq);
    }

    TxCounters tx() {
        return new TxCounters(txText, txBytes);
    }
}
