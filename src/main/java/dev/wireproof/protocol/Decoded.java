package dev.wireproof.protocol;

import org.jspecify.annotations.Nullable;

/** What a received text turned out to be. Reading a text never throws: what cannot be used has a reason. */
public sealed interface Decoded<M> {

    record Usable<M>(M message) implements Decoded<M> {}

    /**
     * @param detail names the field and what is allowed; safe to send back and to log
     * @param receivedType null when the type could not be read
     */
    record Unusable<M>(
            ProtocolFault.Code code,
            String detail,
            @Nullable String receivedType) implements Decoded<M> {}
}
