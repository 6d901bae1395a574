package dev.wireproof.signing;

/** The key cannot be used now. What waits to be signed waits on. */
public final class SignerAwayException extends Exception {
    public SignerAwayException(String message, Throwable cause) {
        super(message, cause);
    }
}
