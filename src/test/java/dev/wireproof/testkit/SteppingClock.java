package dev.wireproof.testkit;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicReference;

/** A clock that stands still until a test moves it. It starts an hour before Europe leaves summer time, on purpose. */
public final class SteppingClock implements InstantSource {
    public static final Instant START = Instant.parse("2026-10-25T00:00:00Z");

    private final AtomicReference<Instant> now = new AtomicReference<>(START);

    @Override
    public Instant instant() {
        return now.get();
    }

    /** Moves on, or back when negative. */
    public void step(Duration by) {
        now.updateAndGet(at -> at.plus(by));
    }
}
