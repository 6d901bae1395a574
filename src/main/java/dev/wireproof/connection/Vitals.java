package dev.wireproof.connection;

/**
 * The newest of each kind of evidence on one connection. Names end in the time scale: Ns since the connection opened, Ms of
 * {@link LiveTime}. Each field is written whole and by itself; readers want no more than that.
 */
final class Vitals {
    static final long NONE = -1;

    volatile long lastInNs = NONE;
    volatile long lastPongNs = NONE;
    volatile long lastEchoNs = NONE;
    volatile long lastAckNs = NONE;
    volatile long lastTextReadNs = NONE;
    volatile long lastTextWrittenNs = NONE;

    volatile long lastInMs;
    volatile long lastPongMs;
    volatile long lastAckMs;
    /** When the newest frame that was answered had been sent. */
    volatile long provenMs;
    /** How many bytes had been written by then. */
    volatile long bytesAtProof;

    /** When the newest unbroken run of acks and EchoReplies began. */
    volatile long provenSinceNs = NONE;

    /** When the newest command whose ack wait passed had been written, when that wait passed, and when that was so first. */
    volatile long ackSentNs = NONE;

    volatile long ackOverdueNs = NONE;
    volatile long ackOverdueSinceNs = NONE;

    volatile long lastEchoSentMs;
    /** Since when an Echo has been unanswered for longer than it should; NONE when none is. */
    volatile long echoOverdueSinceNs = NONE;

    /** The newest counter of ours that the agent's own reader said it saw. */
    volatile long agentSawPing = NONE;
}
