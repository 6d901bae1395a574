package dev.wireproof.telemetry;

import dev.wireproof.id.CommandId;
import org.jspecify.annotations.Nullable;

/**
 * One frame of one connection, and every instant that is known of it. Numbers are {@link #NONE} where they do not apply, so that a
 * frame under load costs one object.
 *
 * @param seq from 1, in the order in which the server met the connection's frames; for an outgoing one, when it was enqueued
 * @param type the message's name; for a text that could not be read null
 * @param bytes length of the payload; of a message in fragments the sum
 * @param fenceSeq of an outgoing Ping its counter; of a fenced text the counter of its fence
 * @param pongOf of an incoming Pong that matched, the Ping's counter
 * @param enqueuedNs on the connection's time scale, as are the others; set for each outgoing frame
 * @param receivedNs set for each incoming frame
 * @param error what went wrong with it; null when nothing did
 * @param sha256 lower-case hex of the text; null for other frames
 */
public record FrameRecord(
        long seq,
        Direction direction,
        Opcode opcode,
        @Nullable String type,
        @Nullable CommandId commandId,
        long bytes,
        long fenceSeq,
        long pongOf,
        long enqueuedNs,
        long writeStartedNs,
        long writtenNs,
        long receivedNs,
        @Nullable String error,
        @Nullable String sha256) {

    public static final long NONE = -1;

    /** The newest instant known of it: what its row is ordered by. */
    public long atNs() {
        if (direction == Direction.IN) {
            return receivedNs;
        }
        return Math.max(enqueuedNs, Math.max(writeStartedNs, writtenNs));
    }

    public static FrameRecord received(
            long seq,
            Opcode opcode,
            @Nullable String type,
            @Nullable CommandId commandId,
            long bytes,
            long pongOf,
            long receivedNs,
            @Nullable String error,
            @Nullable String sha256) {
        return new FrameRecord(
                seq,
                Direction.IN,
                opcode,
                type,
                commandId,
                bytes,
                NONE,
                pongOf,
                NONE,
                NONE,
                NONE,
                receivedNs,
                error,
                sha256);
    }

    public static FrameRecord sent(
            long seq,
            Opcode opcode,
            @Nullable String type,
            @Nullable CommandId commandId,
            long bytes,
            long fenceSeq,
            long enqueuedNs,
            long writeStartedNs,
            long writtenNs,
            @Nullable String error,
            @Nullable String sha256) {
        return new FrameRecord(
                seq,
                Direction.OUT,
                opcode,
                type,
                commandId,
                bytes,
                fenceSeq,
                NONE,
                enqueuedNs,
                writeStartedNs,
                writtenNs,
                NONE,
                error,
                sha256);
    }
}
