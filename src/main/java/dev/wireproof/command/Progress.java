package dev.wireproof.command;

/** How far the newest attempt got on its connection, as far as this process saw it. */
enum Progress {
    /** This process did not see it: made before a restart, or none was made. */
    UNSEEN,
    /** In the connection's queue or being written. */
    NOT_WRITTEN,
    WRITTEN,
    PEER_READ
}
