package dev.wireproof.background;

import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/** Tells a fault of the rows from a fault of the database: the first does not go away by waiting. */
public final class SqlFaults {
    private static final int LONGEST_CHAIN = 20;

    private SqlFaults() {}

    /** True for what a repeat cannot heal: bad values (class 22), constraints (23), statements (42), and faults that are not SQL's. */
    public static boolean isOfTheRows(Throwable fault) {
        String state = sqlState(fault);
        if (state == null) {
            return !(fault instanceof SQLException) && !carriesSql(fault);
        }
        return state.startsWith("22") || state.startsWith("23") || state.startsWith("42");
    }

    /**
     * True for what waiting may heal: a database that is away, full, stopping or read-only, a conflict with others, and what is no answer of a
     * database at all, such as a moment without memory.
     */
    public static boolean mayHeal(Throwable fault) {
        String state = sqlState(fault);
        return state == null || isAway(state) || isConflict(state);
    }

    /** Whether an SQLSTATE says that nothing can be stored now. */
    public static boolean isAway(String state) {
        return state.startsWith("08") // connection
                || state.startsWith("53") // resources: disk, memory, connections
                || state.startsWith("57P") // shutdown, crash, starting up
                || state.startsWith("58") // I/O error
                || state.equals("57014") // statement timeout
                || state.equals("25006"); // read-only
    }

    /** Whether an SQLSTATE says that someone else was first, or that a deadlock was broken: the same again succeeds. */
    public static boolean isConflict(String state) {
        return state.startsWith("40") || state.equals("55P03");
    }

    /** Whether a database's answer, or its silence, is behind it. */
    public static boolean carriesSql(Throwable fault) {
        Throwable at = fault;
        for (int i = 0; at != null && i < LONGEST_CHAIN; i++, at = at.getCause()) {
            if (at instanceof SQLException) {
                return true;
            }
        }
        return false;
    }

    /** The five characters of the innermost SQLException that has them; null when there is none. */
    public static @Nullable String sqlState(Throwable fault) {
        String state = null;
        Throwable at = fault;
        for (int i = 0; at != null && i < LONGEST_CHAIN; i++, at = at.getCause()) {
            if (at instanceof SQLException sql && sql.getSQLState() != null) {
                state = sql.getSQLState();
            }
        }
        return state;
    }
}
