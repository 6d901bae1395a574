package dev.wireproof.identity;

/** The identity provider could not be asked, so nothing is known of the token: that is no refusal. */
public final class IdentityProviderAwayException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    IdentityProviderAwayException(String message, Throwable cause) {
        super(message, cause);
    }
}
