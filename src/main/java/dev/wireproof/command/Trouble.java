package dev.wireproof.command;

import dev.wireproof.background.SqlFaults;
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
        if (SqlFaults.isConflict(state)) {
            return CONFLICT;
        }
        return SqlFaults.isAway(state) ? AWAY : REFUSED;
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
