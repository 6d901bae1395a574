package dev.wireproof.connection;

/** Whether a connection's queue took a text. It says nothing about bytes: see {@link SendObserver}. */
public sealed interface SendOutcome {

    /** @param enqueuedNs on the connection's time scale */
    record Enqueued(long enqueuedNs) implements SendOutcome {}

    /** A bound was reached: 256 frames or 4 MiB. */
    record QueueFull(int frames, long bytes) implements SendOutcome {}

    /** The connection is closing or gone. */
    record Closed() implements SendOutcome {}
}
