package dev.wireproof.database;

/** The server cannot start, for a reason that its operator can mend; the message is the one line that they read. */
public final class CannotStart extends RuntimeException {
    private static final long serialVersionUID = 1;

    public CannotStart(String message) {
        super(message);
    }

    public CannotStart(String message, Throwable cause) {
        super(message, cause);
    }
}
