package dev.wireproof.agent;

import java.time.Instant;
import java.time.InstantSource;

/**
 * The server's clock, as AuthAck told it, carried on by this machine's monotonic one: whether a command has expired is
 * the server's notion, and this machine's wall clock may be days off. Used by the core's thread.
 */
final class ServerTime {
    private final InstantSource clock;
    private boolean known;
    private Instant told = Instant.EPOCH;
    private long toldNanos;

    ServerTime(InstantSource clock) {
        this.clock = clock;
    }

    void told(Instant serverTime) {
        told = serverTime;
        toldNanos = System.nanoTime();
        known = true;
    }

    /** This machine's own time until the server has told. */
    Instant now() {
        return known ? told.plusNanos(System.nanoTime() - toldNanos) : clock.instant();
    }
}
