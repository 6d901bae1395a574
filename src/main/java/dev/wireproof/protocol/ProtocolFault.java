package dev.wireproof.protocol;

import org.jspecify.annotations.Nullable;

/**
 * Why a text could not be used; either end says it.
 *
 * @param receivedType the {@code type} of the text, null when it could not be read
 * @param receivedBytes length of the text in UTF-8
 * @param sha256 lower-case hex of the text
 */
public record ProtocolFault(
        Code code,
        String message,
        @Nullable String receivedType,
        long receivedBytes,
        @Nullable String sha256) {

    public enum Code {
        MALFORMED,
        UNKNOWN_TYPE,
        INVALID_FIELD,
        UNEXPECTED
    }
}
