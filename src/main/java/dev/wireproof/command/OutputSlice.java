package dev.wireproof.command;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * A part of what a process wrote to one stream, in order. What is missing is shown as missing and never joined over.
 *
 * @param nextOffset where to go on reading
 * @param complete a result is there, and everything that it counts is stored up to its last byte, without a gap
 */
public record OutputSlice(List<Segment> segments, long nextOffset, boolean complete) {
    public OutputSlice {
        segments = List.copyOf(segments);
    }

    /** A run of bytes, or a hole. */
    public sealed interface Segment {
        long offset();

        @SuppressWarnings("ArrayRecordComponent") // carried from the database to the socket, never compared
        record Bytes(long offset, byte[] bytes) implements Segment {}

        record Gap(long offset, long length) implements Segment {}
    }

    /** The bytes, with each hole replaced by a line that says how many bytes are missing. */
    public byte[] withGapsMarked() {
        var all = new ByteArrayOutputStream();
        for (Segment segment : segments) {
            switch (segment) {
                case Segment.Bytes bytes -> all.writeBytes(bytes.bytes());
                case Segment.Gap gap ->
                    all.writeBytes("\n[%d bytes missing at offset %d]\n"
                            .formatted(gap.length(), gap.offset())
                            .getBytes(StandardCharsets.UTF_8));
            }
        }
        return all.toByteArray();
    }
}
