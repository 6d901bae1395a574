package dev.wireproof.command;

import dev.wireproof.command.OutputTable.Extent;
import dev.wireproof.command.OutputTable.Piece;
import dev.wireproof.command.Work.Chunk;
import dev.wireproof.id.CommandId;
import dev.wireproof.id.ConnectionId;
import dev.wireproof.protocol.AgentMessage.Stream;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * Decides what of arriving output is new: every byte is stored once, in its place; duplicates and overlaps are dropped, and a hole stays a
 * hole until its bytes come. Lives inside one batch, for one command.
 */
final class OutputCollector {
    /** Neighbouring chunks of one batch become one row up to this size: a million tiny chunks must not be a million rows. */
    private static final int MERGED_BYTES = 256 * 1024;

    private final CommandId id;
    private final long limit;
    private final StoredExtents stored;
    private final List<Piece> pieces = new ArrayList<>(1);
    /** Read once for all chunks of the batch. */
    private final Map<Stream, List<Extent>> read = new EnumMap<>(Stream.class);

    private OutputMarks marks;

    /** Asked only when a chunk comes out of order. */
    interface StoredExtents {
        List<Extent> of(CommandId id, Stream stream) throws SQLException;
    }

    OutputCollector(CommandId id, OutputMarks marks, long limit, StoredExtents stored) {
        this.id = id;
        this.marks = marks;
        this.limit = limit;
        this.stored = stored;
    }

    OutputMarks marks() {
        return marks;
    }

    List<Piece> pieces() {
        return pieces;
    }

    void add(Chunk chunk, Instant at, ConnectionId on) throws SQLException {
        byte[] bytes = chunk.bytes();
        long room = limit - chunk.offset();
        if (bytes.length > room) {
            cut();
            bytes = room <= 0 ? new byte[0] : Arrays.copyOf(bytes, (int) room);
        }
        if (bytes.length == 0) {
            return;
        }
        boolean out = chunk.stream() == Stream.STDOUT;
        long end = out ? marks.stdoutEnd() : marks.stderrEnd();
        boolean gaps = out ? marks.stdoutGaps() : marks.stderrGaps();
        long start = chunk.offset();
        if (start >= end) {
            keep(new Piece(id, chunk.stream(), start, bytes, at, on));
            mark(out, start + bytes.length, gaps || start > end);
        } else if (!gaps) {
            int known = (int) Math.min(end - start, bytes.length);
            if (known < bytes.length) {
                byte[] rest = Arrays.copyOfRange(bytes, known, bytes.length);
                keep(new Piece(id, chunk.stream(), end, rest, at, on));
                mark(out, end + rest.length, false);
            }
        } else {
            fill(new Piece(id, chunk.stream(), start, bytes, at, on), end);
        }
    }

    /** Keeps the parts of it that fall into holes. */
    private void fill(Piece arrived, long end) throws SQLException {
        List<Extent> known = known(arrived.stream());
        if (known.size() >= OutputTable.MOST_EXTENTS) { // in so many pieces that looking for holes costs everyone
            cut();
            return;
        }
        long at = arrived.start();
        for (Extent extent : known) {
            if (extent.end() <= at) {
                continue;
            }
            if (extent.start() >= arrived.end()) {
                break;
            }
            if (extent.start() > at) {
                keep(part(arrived, at, extent.start()));
            }
            at = extent.end();
        }
        if (at < arrived.end()) {
            keep(part(arrived, at, arrived.end()));
        }
        mark(arrived.stream() == Stream.STDOUT, Math.max(end, arrived.end()), hasGap(known(arrived.stream())));
    }

    private List<Extent> known(Stream stream) throws SQLException {
        List<Extent> before = read.get(stream);
        if (before == null) {
            before = stored.of(id, stream);
            read.put(stream, before);
        }
        List<Extent> known = new ArrayList<>(before);
        pieces.stream()
                .filter(piece -> piece.stream() == stream)
                .forEach(piece -> known.add(new Extent(piece.start(), piece.end())));
        known.sort(Comparator.comparingLong(Extent::start));
        return known;
    }

    private static boolean hasGap(List<Extent> sorted) {
        long at = 0;
        for (Extent extent : sorted) {
            if (extent.start() > at) {
                return true;
            }
            at = extent.end();
        }
        return false;
    }

    private static Piece part(Piece of, long start, long end) {
        byte[] bytes = Arrays.copyOfRange(of.bytes(), (int) (start - of.start()), (int) (end - of.start()));
        return new Piece(of.commandId(), of.stream(), start, bytes, of.at(), of.on());
    }

    private void keep(Piece piece) {
        for (int i = 0; i < pieces.size(); i++) {
            Piece before = pieces.get(i);
            if (before.stream() == piece.stream()
                    && before.end() == piece.start()
                    && before.on().equals(piece.on())
                    && before.bytes().length + piece.bytes().length <= MERGED_BYTES) {
                byte[] both = Arrays.copyOf(before.bytes(), before.bytes().length + piece.bytes().length);
                System.arraycopy(piece.bytes(), 0, both, before.bytes().length, piece.bytes().length);
                pieces.set(i, new Piece(id, before.stream(), before.start(), both, before.at(), before.on()));
                return;
            }
        }
        pieces.add(piece);
    }

    private void cut() {
        marks = new OutputMarks(marks.stdoutEnd(), marks.stderrEnd(), marks.stdoutGaps(), marks.stderrGaps(), true);
    }

    private void mark(boolean out, long end, boolean gaps) {
        marks = out
                ? new OutputMarks(end, marks.stderrEnd(), gaps, marks.stderrGaps(), marks.cut())
                : new OutputMarks(marks.stdoutEnd(), end, marks.stdoutGaps(), gaps, marks.cut());
    }
}
