package dev.wireproof.connection;

/**
 * One Echo, leg by leg, in nanoseconds since its connection opened; -1 for a leg that was not reached in ten seconds.
 *
 * @param peerReadNs when the Pong of the fence behind it came: the peer's WebSocket layer had read it
 * @param repliedNs when the agent's own handler had answered
 */
public record EchoTrace(
        String nonce, long enqueuedNs, long writeStartedNs, long writtenNs, long peerReadNs, long repliedNs) {

    /** The last rung that was proven, by the names of the delivery ladder; ACKED stands for the reply. */
    public String lastRung() {
        if (repliedNs >= 0) {
            return "ACKED";
        }
        if (peerReadNs >= 0) {
            return "PEER_READ";
        }
        if (writtenNs >= 0) {
            return "WRITTEN";
        }
        if (writeStartedNs >= 0) {
            return "WRITE_STARTED";
        }
        return enqueuedNs >= 0 ? "ENQUEUED" : "NONE";
    }
}
