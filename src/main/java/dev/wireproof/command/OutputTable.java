package dev.wireproof.command;

import dev.wireproof.command.ColumnArrays.Column;
import dev.wireproof.id.CommandId;
import dev.wireproof.id.ConnectionId;
import dev.wireproof.protocol.AgentMessage.Stream;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** The writer's statements on the table {@code command_output}. */
class OutputTable {

    /** A run of bytes that overlaps nothing stored. */
    @SuppressWarnings("ArrayRecordComponent") // carried to the database, never compared
    record Piece(CommandId commandId, Stream stream, long start, byte[] bytes, Instant at, ConnectionId on) {
        long end() {
            return start + bytes.length;
        }
    }

    /** Pieces of one stream beyond which no holes are filled any more. */
    static final int MOST_EXTENTS = 10_000;

    /** Where something is stored: from start to before end. */
    record Extent(long start, long end) {}

    private static final ColumnArrays<Piece> LABELS = new ColumnArrays<>(List.of(
            new Column<>("command_id", "uuid", Piece::commandId),
            new Column<>("stream", "text", p -> Reports.nameOf(p.stream())),
            new Column<>("start", "int8", Piece::start),
            new Column<>("at", "timestamptz", Piece::at),
            new Column<>("connection_id", "uuid", Piece::on)));

    private static final String INSERT = """
        INSERT INTO command_output (command_id, stream, start, at, connection_id, bytes)
        SELECT u.command_id, u.stream, u.start, u.at, u.connection_id, u.bytes
          FROM unnest(?::uuid[], ?::text[], ?::int8[], ?::timestamptz[], ?::uuid[], ?::bytea[])
               AS u(command_id, stream, start, at, connection_id, bytes)
        """;

    private static final String EXTENTS = """
        SELECT start, start + length(bytes) FROM command_output WHERE command_id = ? AND stream = ? ORDER BY start LIMIT ?
        """;

    void insert(Writes to, List<Piece> pieces) {
        if (!pieces.isEmpty()) {
            to.add(INSERT, (statement, first) -> {
                int next = LABELS.bind(statement, first, pieces);
                byte[][] bytes = pieces.stream().map(Piece::bytes).toArray(byte[][]::new);
                statement.setArray(next, statement.getConnection().createArrayOf("bytea", bytes));
                return next + 1;
            });
        }
    }

    List<Extent> extents(Connection on, CommandId id, Stream stream) throws SQLException {
        try (PreparedStatement statement = on.prepareStatement(EXTENTS)) {
            statement.setObject(1, id.value());
            statement.setString(2, Reports.nameOf(stream));
            statement.setInt(3, MOST_EXTENTS);
            try (ResultSet rs = statement.executeQuery()) {
                List<Extent> extents = new ArrayList<>();
                while (rs.next()) {
                    extents.add(new Extent(rs.getLong(1), rs.getLong(2)));
                }
                return extents;
            }
        }
    }
}
