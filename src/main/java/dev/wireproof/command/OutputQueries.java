package dev.wireproof.command;

import dev.wireproof.command.OutputSlice.Segment;
import dev.wireproof.id.CommandId;
import dev.wireproof.protocol.AgentMessage.Stream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Reads output for people. */
final class OutputQueries {
    private static final int SLICE_BYTES = 1 << 20;
    private static final int SLICE_ROWS = 64;

    /** @param said how much the process wrote by its result; null: no result yet */
    private record Ends(long stored, boolean gaps, @Nullable Long said) {}

    private record Stored(long start, byte[] bytes) {}

    private static final String ENDS = """
        SELECT CASE :stream WHEN 'stdout' THEN stdout_end ELSE stderr_end END AS stored,
               CASE :stream WHEN 'stdout' THEN stdout_gaps ELSE stderr_gaps END AS gaps,
               CASE WHEN result_at IS NULL THEN NULL
                    WHEN :stream = 'stdout' THEN stdout_bytes ELSE stderr_bytes END AS said
          FROM command WHERE id = :id
        """;

    /** Rows are at most 256 KiB: none that begins earlier reaches the offset. */
    private static final String PIECES = """
        SELECT start, bytes
          FROM command_output
         WHERE command_id = :id AND stream = :stream AND start >= :offset - 266240 AND start + length(bytes) > :offset
         ORDER BY start
         LIMIT :limit
        """;

    private final JdbcClient db;

    OutputQueries(JdbcClient db) {
        this.db = db;
    }

    Optional<OutputSlice> slice(CommandId id, Stream stream, long offset) {
        String name = Reports.nameOf(stream);
        Optional<Ends> ends = db.sql(ENDS)
                .param("id", id.value())
                .param("stream", name)
                .query((rs, _) ->
                        new Ends(rs.getLong("stored"), rs.getBoolean("gaps"), rs.getObject("said", Long.class)))
                .optional();
        return ends.map(known -> slice(known, pieces(id, stream, offset), offset));
    }

    /** @return stored runs from that offset on, the first one cut to begin there */
    private List<Stored> pieces(CommandId id, Stream stream, long offset) {
        return db.sql(PIECES)
                .param("id", id.value())
                .param("stream", Reports.nameOf(stream))
                .param("offset", offset)
                .param("limit", SLICE_ROWS)
                .query((rs, _) -> new Stored(rs.getLong(1), rs.getBytes(2)))
                .list();
    }

    private static OutputSlice slice(Ends ends, List<Stored> pieces, long offset) {
        List<Segment> segments = new ArrayList<>();
        long at = offset;
        int size = 0;
        for (Stored piece : pieces) {
            if (size >= SLICE_BYTES) {
                break;
            }
            if (piece.start() > at) {
                segments.add(new Segment.Gap(at, piece.start() - at));
                at = piece.start();
            }
            int skip = (int) (at - piece.start());
            byte[] bytes = skip == 0 ? piece.bytes() : Arrays.copyOfRange(piece.bytes(), skip, piece.bytes().length);
            segments.add(new Segment.Bytes(at, bytes));
            at += bytes.length;
            size += bytes.length;
        }
        boolean all = at >= ends.stored();
        Long said = ends.said();
        if (all && said != null && said > at && said > ends.stored()) {
            segments.add(new Segment.Gap(at, said - at)); // cut, or lost at the end
            at = said;
        }
        boolean complete = said != null && !ends.gaps() && ends.stored() >= said;
        return new OutputSlice(segments, at, complete);
    }
}
