package dev.wireproof.command;

import dev.wireproof.id.ConnectionId;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * One offer of a command on one connection, and the evidence of how far it got. A null time: that rung was not reached, or nothing
 * proves it. Wall times are the connection's opening plus the {@code _ns} value.
 *
 * @param attempt 1 and up, never used twice for a command
 * @param openedAt the wall-clock anchor: when the connection opened
 * @param frameBytes payload length of the one frame
 * @param frameSha256 lower-case hex of the payload
 * @param fenceSeq counter of the Ping directly behind the frame
 * @param answeredOn the connection that the ack or nack came on, which may be another one
 * @param refusal why the connection's queue did not take the frame
 * @param neverWritten proven: the connection ended before a write of this frame began
 * @param nackCode null unless nacked
 * @param alteredInTransit the agent's hash or length of the text differs from ours; null when it told none
 */
public record AttemptView(
        int attempt,
        ConnectionId connectionId,
        long epoch,
        OfferReason reason,
        Instant offeredAt,
        Instant openedAt,
        int frameBytes,
        String frameSha256,
        @Nullable Long fenceSeq,
        Rung rung,
        @Nullable Long enqueuedNs,
        @Nullable Long writeStartedNs,
        @Nullable Long writtenNs,
        @Nullable Long writeFailedNs,
        @Nullable Long tcpAckedNs,
        @Nullable Long peerReadNs,
        @Nullable Long fenceRttNs,
        @Nullable Instant ackedAt,
        @Nullable Instant nackedAt,
        @Nullable Long answeredNs,
        @Nullable ConnectionId answeredOn,
        @Nullable String writeError,
        @Nullable String refusal,
        boolean neverWritten,
        @Nullable String nackCode,
        @Nullable String nackMessage,
        @Nullable Boolean alteredInTransit) {

    public @Nullable Instant enqueuedAt() {
        return wall(enqueuedNs);
    }

    public @Nullable Instant writeStartedAt() {
        return wall(writeStartedNs);
    }

    public @Nullable Instant writtenAt() {
        return wall(writtenNs);
    }

    /** When the kernel was asked and said so; the acknowledgement itself may have come earlier. Null also where a later rung implies it. */
    public @Nullable Instant tcpAckedAt() {
        return wall(tcpAckedNs);
    }

    public @Nullable Instant peerReadAt() {
        return wall(peerReadNs);
    }

    /** How long the write took, in nanoseconds; null when it did not complete. */
    public @Nullable Long writeNs() {
        return writtenNs == null || writeStartedNs == null ? null : (Long) (writtenNs - writeStartedNs);
    }

    private @Nullable Instant wall(@Nullable Long ns) {
        return ns == null ? null : wall(ns.longValue());
    }

    /** On the wall clock, in microseconds as they are stored. @param ns on the connection's own time scale */
    Instant wall(long ns) {
        return openedAt.plusNanos(ns / 1_000 * 1_000);
    }
}
