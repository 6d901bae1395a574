package dev.wireproof.connection;

/**
 * Told of each rung that a text climbs. All times are nanoseconds since the connection opened. Called on the connection's
 * own threads, in order, never two at once for one frame: an implementation must return at once and not do IO.
 */
public interface SendObserver {
    SendObserver NONE = new SendObserver() {};

    /** The frame became the one being written. From here on bytes may have left. */
    default void writeStarted(long atNs) {}

    /** The kernel has all bytes of the frame. */
    default void written(long atNs) {}

    /**
     * The other side's TCP has all bytes of the frame: the agent's, or that of a proxy in front of it. Told only where the kernel was asked,
     * and it is asked only about texts that wait; the time is when it was seen, which may be later than when it happened. Called on a
     * thread of its own, so possibly at the same time as {@link #peerRead}; never after that was told.
     */
    default void tcpAcked(long atNs) {}

    /** The write ended with an error; some bytes may have left. */
    default void writeFailed(long atNs, String error) {}

    /** The connection ended and no write of this frame was ever started: proof that the agent did not get it from here. */
    default void neverWritten(long atNs) {}

    /** The fence Ping that follows this text was enqueued with this counter (before {@link #written}). */
    default void fenced(long fenceSeq) {}

    /** The Pong of the fence, or of a later Ping, arrived: the peer's WebSocket layer read the frame. */
    default void peerRead(long atNs, long fenceRttNs) {}
}
