package dev.wireproof.access;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;

/**
 * Reads the whole audit log and says which rows are not as they were written. It trusts nothing in the database but what follows from the
 * hashes; that a row is missing at the newest end is only seen against an anchor from outside (the server logs one each hour).
 */
public final class AuditVerifier {
    private static final String ANCHOR = "SELECT seq, hash FROM audit_anchor ORDER BY seq DESC LIMIT 1";
    private static final String BEFORE_THE_CHAIN = "SELECT count(*) FROM audit WHERE seq IS NULL";
    private static final String ROWS = """
        SELECT id, at, actor, actor_id, action, target, site_id, remote_address, result, detail::text AS detail, seq, hash
          FROM audit
         WHERE seq IS NOT NULL
         ORDER BY seq
        """;
    private static final int ROWS_AT_ONCE = 1_000;
    private static final int FAULTS_TOLD = 100;

    private AuditVerifier() {}

    /**
     * A number and hash that were seen earlier, kept outside of the database.
     *
     * @param hash lower-case hexadecimal
     */
    public record Anchor(long seq, String hash) {}

    /**
     * @param faults in words, in the order of the rows, at most 100; empty: all is as it was written
     * @param rows how many were checked
     * @param unchained rows from before there was a chain, about which nothing can be said
     * @param newest the last row: an anchor for the next time; null without any row
     */
    public record Report(
            List<String> faults,
            long rows,
            long unchained,
            @Nullable Anchor newest) {}

    /** @param known null: none is; the newest end is then not proven */
    public static Report verify(DataSource database, @Nullable Anchor known) throws SQLException {
        try (Connection connection = database.getConnection()) {
            // One snapshot, so that a running server may go on writing.
            connection.setAutoCommit(false);
            connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
            connection.setReadOnly(true);
            try (Statement statement = connection.createStatement()) {
                long unchained = count(statement);
                AuditChain.Head start = anchor(statement);
                statement.setFetchSize(ROWS_AT_ONCE);
                return walk(statement, start, unchained, known);
            }
        }
    }

    private static long count(Statement statement) throws SQLException {
        try (ResultSet row = statement.executeQuery(BEFORE_THE_CHAIN)) {
            row.next();
            return row.getLong(1);
        }
    }

    private static AuditChain.Head anchor(Statement statement) throws SQLException {
        try (ResultSet row = statement.executeQuery(ANCHOR)) {
            return row.next() ? new AuditChain.Head(row.getLong("seq"), row.getBytes("hash")) : AuditChain.Head.NONE;
        }
    }

    private static Report walk(Statement statement, AuditChain.Head start, long unchained, @Nullable Anchor known)
            throws SQLException {
        List<String> faults = new ArrayList<>();
        AuditChain.Head head = start;
        long rows = 0;
        boolean seen =
                known == null || (known.seq() == head.seq() && known.hash().equals(head.hex()));
        try (ResultSet row = statement.executeQuery(ROWS)) {
            while (row.next()) {
                rows++;
                AuditChain.Head found = new AuditChain.Head(row.getLong("seq"), row.getBytes("hash"));
                String fault = fault(head, found, row);
                if (fault != null && faults.size() < FAULTS_TOLD) {
                    faults.add(fault);
                }
                head = found;
                seen |= known != null
                        && known.seq() == head.seq()
                        && known.hash().equals(head.hex());
            }
        }
        if (!seen && known != null) {
            faults.add(
                    known.seq() <= start.seq()
                            ? "row %d of the given anchor was removed by retention: give a newer one"
                                    .formatted(known.seq())
                            : "row %d is not there with the hash of the given anchor: it was removed or the log was written anew"
                                    .formatted(known.seq()));
        }
        Anchor newest = head.seq() == 0 ? null : new Anchor(head.seq(), head.hex());
        return new Report(List.copyOf(faults), rows, unchained, newest);
    }

    /** @return null when the row is what its hash says, right behind the one before */
    private static @Nullable String fault(AuditChain.Head before, AuditChain.Head found, ResultSet row)
            throws SQLException {
        if (found.seq() != before.seq() + 1) {
            return "rows %d to %d are missing".formatted(before.seq() + 1, found.seq() - 1);
        }
        try {
            AuditLog.Line line = AuditStore.row(row, 0);
            if (before.then(line).hex().equals(found.hex())) {
                return null;
            }
        } catch (JacksonException e) {
            // Not what this server writes: changed.
        }
        return "row %d (%s) was changed, or is not the one that was written behind row %d"
                .formatted(found.seq(), row.getString("id"), before.seq());
    }
}
