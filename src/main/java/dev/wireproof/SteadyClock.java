package dev.wireproof;

import java.time.Instant;
import java.time.InstantSource;

/**
 * The one clock of the server: the wall clock as it was at start, carried on by elapsed time. A wall clock that is set two hours
 * forward or back while the server runs therefore expires nothing early and offers nothing twice. Microseconds, because
 * {@code timestamptz} keeps no more and a value read back must equal the value written. Never goes backwards.
 */
final class SteadyClock implements InstantSource {
    private final Instant anchor = Instant.now();
    private final long anchorNs = System.nanoTime();

    @Override
    public Instant instant() {
        Instant now = anchor.plusNanos(System.nanoTime() - anchorNs);
        return now.minusNanos(now.getNano() % 1_000);
    }
}
