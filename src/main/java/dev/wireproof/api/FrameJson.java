package dev.wireproof.api;

import dev.wireproof.telemetry.FrameRecord;
import dev.wireproof.telemetry.SeenFrame;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A frame as the API shows it; times {@code _ns} count from the opening of its connection.
 *
 * @param seq in the order in which the server met them; a gap is a frame that was not kept
 * @param fenceSeq of a Ping its counter, of a Command that of the Ping behind it
 * @param pongOf the counter of the Ping that this Pong answers; null for one that answers none
 */
record FrameJson(
        UUID connectionId,
        long seq,
        String direction,
        String opcode,
        @Nullable String type,
        @Nullable UUID commandId,
        long bytes,
        @Nullable String sha256,
        @Nullable Long fenceSeq,
        @Nullable Long enqueuedNs,
        @Nullable Long writeStartedNs,
        @Nullable Long writtenNs,
        @Nullable Long receivedNs,
        @Nullable String error,
        @Nullable Long pongOf,
        Instant at) {

    static FrameJson of(SeenFrame seen) {
        FrameRecord frame = seen.frame();
        return new FrameJson(
                seen.connectionId().value(),
                frame.seq(),
                frame.direction().wireName(),
                frame.opcode().wireName(),
                frame.type(),
                frame.commandId() == null ? null : frame.commandId().value(),
                frame.bytes(),
                frame.sha256(),
                known(frame.fenceSeq()),
                known(frame.enqueuedNs()),
                known(frame.writeStartedNs()),
                known(frame.writtenNs()),
                known(frame.receivedNs()),
                frame.error(),
                known(frame.pongOf()),
                seen.at());
    }

    private static @Nullable Long known(long value) {
        return value == FrameRecord.NONE ? null : (Long) value;
    }
}
