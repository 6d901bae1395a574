package dev.wireproof.command;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The writes of one transaction, sent together and run in the order in which they were added. On a busy server a batch is a handful of
 * commands, and what its statements cost is mostly the way to the database and back: this makes it one way for all of them. Used by one
 * thread, once.
 */
final class Writes {
    /**
     * Our statements find their rows by a key. While a table is small PostgreSQL would rather read all of it, and it keeps that plan for
     * this connection while the table grows, until statistics of it are gathered a minute later. For this transaction only.
     */
    static final String BY_INDEX = "SET LOCAL enable_seqscan = off;\n";

    private static final int ANY = -1;

    private final List<Part> parts = new ArrayList<>(8);

    /** Gives a statement its parameters from that number on. @return the number of the next one */
    interface Binder {
        int bind(PreparedStatement statement, int first) throws SQLException;
    }

    private record Part(String sql, Binder binder, int rows) {}

    void add(String sql, Binder binder) {
        parts.add(new Part(sql, binder, ANY));
    }

    <R> void add(String sql, ColumnArrays<R> arrays, List<R> rows) {
        if (!rows.isEmpty()) {
            add(sql, (statement, first) -> arrays.bind(statement, first, rows));
        }
    }

    /** It must change a row for each of these. */
    <R> void addExact(String sql, ColumnArrays<R> arrays, List<R> rows) {
        if (!rows.isEmpty()) {
            parts.add(new Part(sql, (statement, first) -> arrays.bind(statement, first, rows), rows.size()));
        }
    }

    /** @throws RevisionConflict when fewer rows changed than must; nothing of it may then be committed */
    void send(Connection on) throws SQLException {
        if (parts.isEmpty()) {
            return;
        }
        String sql = parts.stream().map(Part::sql).collect(Collectors.joining(";\n", BY_INDEX, ""));
        try (PreparedStatement statement = on.prepareStatement(sql)) {
            int next = 1;
            for (Part part : parts) {
                next = part.binder().bind(statement, next);
            }
            statement.execute();
            for (Part part : parts) {
                statement.getMoreResults(); // the one before
                int changed = statement.getUpdateCount();
                if (part.rows() != ANY && changed != part.rows()) {
                    throw new RevisionConflict(part.rows() - changed);
                }
            }
        }
    }
}
