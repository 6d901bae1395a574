package dev.wireproof.telemetry;

import dev.wireproof.id.ConnectionId;

/** Frames of one connection and minute that were counted instead of kept. @param atMicros the start of the minute, since 1970 */
record FrameSummary(
        ConnectionId connectionId, long atMicros, int pings, int pongs, int echoes, int heartbeats, int shed) {}
