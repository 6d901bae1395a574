package dev.wireproof.connection;

/** What listeners were told of a connection: of its beginning first, of its end after that and once. */
enum Told {
    NOTHING,
    /** They are being told of its beginning. */
    OPENING,
    /** It ended while they were; they are told of that next. */
    CLOSE_WAITS,
    OPENED,
    CLOSED;

    Told afterEnd() {
        return switch (this) {
            case NOTHING -> NOTHING;
            case OPENING, CLOSE_WAITS -> CLOSE_WAITS;
            case OPENED, CLOSED -> CLOSED;
        };
    }
}
