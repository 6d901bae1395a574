package dev.wireproof.connection;

/** What each connection counts. The order is that of the column {@code connection.counters}: new ones go to the end. */
public enum Count {
    TEXT_IN,
    TEXT_OUT,
    PING_IN,
    PING_OUT,
    PONG_IN,
    PONG_OUT,
    /** Payload bytes of all frames. */
    BYTES_IN,
    BYTES_OUT,
    /** Texts that could not be used. */
    PARSE_ERRORS,
    /** Frames that came after a newer connection of the agent had taken over. */
    STALE_FRAMES,
    /** Pongs that matched no outstanding Ping: repeated, guessed, or too old to be known. */
    UNKNOWN_PONGS,
    /** Texts that the outbound queue refused. */
    QUEUE_FULL
}
