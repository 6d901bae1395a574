package dev.wireproof.diagnosis;

/** The kinds of frames that a statement points to. */
enum Exhibit {
    NONE,
    PINGS,
    PONGS,
    COMMANDS,
    ACKS,
    NACKS,
    RESULTS,
    ECHOES,
    REPLIES,
    HEARTBEATS,
    WAITING,
    STUCK,
    FAILED,
    STALE,
    CONFIGS
}
