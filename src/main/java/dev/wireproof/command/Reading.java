package dev.wireproof.command;

import java.sql.SQLException;
import java.util.function.Supplier;
import org.springframework.dao.DataAccessException;
import org.springframework.transaction.CannotCreateTransactionException;

/** Tells a database that is away from a fault of ours. */
final class Reading {
    private Reading() {}

    /** @throws StoreUnavailableException when the database does not answer */
    static <T> T of(Supplier<T> read) {
        try {
            return read.get();
        } catch (DataAccessException | CannotCreateTransactionException e) {
            if (e.getRootCause() instanceof SQLException cause && Trouble.of(cause) == Trouble.REFUSED) {
                throw e;
            }
            throw new StoreUnavailableException("the database did not answer", e);
        }
    }
}
