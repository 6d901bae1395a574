package dev.wireproof.telemetry;

import dev.wireproof.id.ConnectionId;
import java.time.Instant;

/** A frame with the connection it was on and its wall time. */
public record SeenFrame(ConnectionId connectionId, FrameRecord frame, Instant at) {}
