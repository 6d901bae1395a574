package dev.wireproof.kernel;

import java.util.Optional;

/** The answer to one question about one socket. */
public sealed interface SocketReading {
    record Seen(SocketView view) implements SocketReading {}

    /** The kernel answered, and has no such socket. */
    record Gone() implements SocketReading {}

    /** Nothing is known. @param why in words: the platform, the setting, or what the kernel said */
    record Unknown(String why) implements SocketReading {}

    default Optional<SocketView> ifSeen() {
        return this instanceof Seen(SocketView view) ? Optional.of(view) : Optional.empty();
    }
}
