package dev.wireproof.command;

import java.io.Serial;
import java.sql.SQLException;

/** Another node changed a command between our read and our write: the batch is tried again. */
final class RevisionConflict extends SQLException {
    @Serial
    private static final long serialVersionUID = 1L;

    RevisionConflict(int rows) {
        super(rows + " commands were changed elsewhere", "40001");
    }
}
