package dev.wireproof.command;

import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import org.jspecify.annotations.Nullable;

/** What a failure of the database means for a batch. */
enum Trouble {
    /** Someone else was first, or a deadlock was broken: the same again succeeds. */
    CONFLICT,
    /** The database is gone, stopping, out of connections or disk, or read-only: nothing can be stored now. */
    AWAY,
    /** It refused what we sent. */
    REFUSED;

    static Trouble of(SQLException failure) {
        String state = stateOf(failure);
        if (state == null) {
            return failure instanceof SQLTransientConnectionException ? AWAY : REFUSED;
        }
        if (state.startsWith("40") || state.equals("55P03")) {
            return CONFLICT;
        }
        boolean away = state.startsWith("08") // connection
                || state.startsWith("53") // resources: disk, memory, connections
                || state.startsWith("57P") // shutdown, crash, starting up
                || state.startsWith("58") // I/O error
                || state.equals("57014") // statement timeout
                || state.equals("25006"); // read-only
        return away ? AWAY : REFUSED;
    }

    private static @Nullable String stateOf(SQLException failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof SQLException one && one.getSQLState() != null) {
                return one.getSQLState();
            }
        }
        return null;
    }
}
