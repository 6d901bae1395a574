package dev.wireproof.command;

import dev.wireproof.id.CommandId;
import dev.wireproof.protocol.AgentMessage.NackCode;
import java.time.Duration;

/**
 * Told of what becomes of commands, for whoever counts. Called on the threads that store and reap, after the commit: an implementation
 * returns at once and never throws.
 */
public interface DeliveryObserver {
    DeliveryObserver NONE = new DeliveryObserver() {};

    /** What became of an offer at the connection's own queue. */
    enum Taken {
        ENQUEUED,
        QUEUE_FULL,
        CLOSING
    }

    /** A step of the ladder, and where its time begins. */
    enum Leg {
        /** {@code ENQUEUED} to {@code WRITE_STARTED}. */
        QUEUE,
        /** {@code WRITE_STARTED} to {@code WRITTEN}. */
        WRITE,
        /** {@code WRITTEN} to {@code PEER_READ}. */
        PEER_READ,
        /** {@code WRITTEN} to {@code ACKED}. */
        ACK
    }

    /** A command was stored. */
    default void stored() {}

    default void offered(OfferReason reason, Taken taken) {}

    /** Each leg of an attempt once, as soon as it is known. */
    default void climbed(Leg leg, long ns) {}

    default void nacked(NackCode code) {}

    /** Its first ack. @param sinceOffer since its first offer */
    default void acknowledged(Duration sinceOffer) {}

    default void started(Duration sinceAck) {}

    /** An agent told the time at which it started a command. @param ahead of this server's clock as the message was read; negative: behind */
    default void agentClock(Duration ahead) {}

    /** @param sinceStart since its start, or its ack where no start was told */
    default void finished(Duration sinceStart) {}

    /** It ended; once more for each end that late evidence or a new round of attempts brought. */
    default void ended(CommandId id, CommandState state, Certainty certainty, boolean late) {}

    /** A batch of events is stored. */
    default void batchStored(int events, long tookNs) {}

    /** The database did not take a batch; it is tried again, or refused. */
    default void batchFailed() {}

    /** The reaper went through what was due. */
    default void reaped(int looked, long tookNs) {}
}
