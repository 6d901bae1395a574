package dev.wireproof.command;

import dev.wireproof.command.ColumnArrays.Column;
import dev.wireproof.command.Work.Create;
import dev.wireproof.id.CommandId;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The writer's statements on the table {@code command_key}: a POST and its idempotency key are stored together or not at all. */
class KeyTable {
    static final Duration KNOWN_FOR = Duration.ofHours(24);

    /** @param caller and key as in {@link IdempotencyKey} */
    record Name(String caller, String key) {
        static Name of(IdempotencyKey key) {
            return new Name(key.caller(), key.key());
        }
    }

    record Known(CommandId commandId, String requestSha256) {}

    private static final ColumnArrays<Create> CLAIMED = new ColumnArrays<>(List.of(
            new Column<>("caller", "text", c -> keyOf(c).caller()),
            new Column<>("key", "text", c -> keyOf(c).key()),
            new Column<>("request_sha256", "text", c -> keyOf(c).requestSha256()),
            new Column<>("command_id", "uuid", Create::id)));

    /** A key past its day is taken over; a living one is left as it is. */
    private static final String CLAIM = """
        INSERT INTO command_key AS k (%s, created_at)
        SELECT %s, ? FROM %s
        ON CONFLICT (caller, key) DO UPDATE
           SET request_sha256 = excluded.request_sha256, command_id = excluded.command_id, created_at = excluded.created_at
         WHERE k.created_at < ?
        RETURNING command_id
        """.formatted(CLAIMED.names(), CLAIMED.values(), CLAIMED.unnest());

    private static final String KNOWN = """
        SELECT k.caller, k.key, k.command_id, k.request_sha256
          FROM command_key k JOIN unnest(?::text[], ?::text[]) AS u(caller, key) ON k.caller = u.caller AND k.key = u.key
        """;

    private static final String RELEASE = "DELETE FROM command_key WHERE command_id = ANY (?)";

    private static final String FORGET = "DELETE FROM command_key WHERE created_at < ?";

    /** @return the commands whose keys are theirs now; the others' keys are known already */
    Set<CommandId> claim(Connection on, List<Create> creates, Instant now) throws SQLException {
        Set<CommandId> claimed = new HashSet<>();
        try (PreparedStatement statement = on.prepareStatement(CLAIM)) {
            statement.setObject(1, utc(now));
            int next = CLAIMED.bind(statement, 2, creates);
            statement.setObject(next, utc(now.minus(KNOWN_FOR)));
            try (ResultSet rs = statement.executeQuery()) {
                while (rs.next()) {
                    claimed.add(new CommandId(RowReader.uuid(rs, 1)));
                }
            }
        }
        return claimed;
    }

    Map<Name, Known> known(Connection on, List<Create> creates) throws SQLException {
        Map<Name, Known> known = new HashMap<>();
        try (PreparedStatement statement = on.prepareStatement(KNOWN)) {
            statement.setArray(
                    1,
                    on.createArrayOf(
                            "text", creates.stream().map(c -> keyOf(c).caller()).toArray()));
            statement.setArray(
                    2,
                    on.createArrayOf(
                            "text", creates.stream().map(c -> keyOf(c).key()).toArray()));
            try (ResultSet rs = statement.executeQuery()) {
                while (rs.next()) {
                    known.put(
                            new Name(rs.getString(1), rs.getString(2)),
                            new Known(new CommandId(RowReader.uuid(rs, 3)), rs.getString(4)));
                }
            }
        }
        return known;
    }

    /** Gives back what was claimed for commands that are not made after all. */
    void release(Connection on, List<CommandId> notMade) throws SQLException {
        if (!notMade.isEmpty()) {
            try (PreparedStatement statement = on.prepareStatement(RELEASE)) {
                statement.setArray(1, on.createArrayOf("uuid", notMade.toArray()));
                statement.executeUpdate();
            }
        }
    }

    int forget(Connection on, Instant now) throws SQLException {
        try (PreparedStatement statement = on.prepareStatement(FORGET)) {
            statement.setObject(1, utc(now.minus(KNOWN_FOR)));
            return statement.executeUpdate();
        }
    }

    static IdempotencyKey keyOf(Create create) {
        IdempotencyKey key = create.key();
        if (key == null) {
            throw new IllegalArgumentException("a command without a key");
        }
        return key;
    }

    private static java.time.OffsetDateTime utc(Instant at) {
        return at.atOffset(java.time.ZoneOffset.UTC);
    }
}
