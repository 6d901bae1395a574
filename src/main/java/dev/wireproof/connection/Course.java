package dev.wireproof.connection;

import dev.wireproof.connection.Deadlines.Phase;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** The way of one connection from its upgrade to its end: its phases, how it ended, and what listeners were told of that. */
final class Course {
    /** How it ended. @param code null when the socket just ended */
    record Ending(@Nullable Integer code, String reason, Instant at) {}

    private volatile Phase phase = Phase.AWAITING_AUTH;
    private volatile long phaseSinceMs;
    private volatile @Nullable Ending ending;
    private volatile @Nullable Ending socketEnd;
    private Told told = Told.NOTHING; // guarded by this

    Course(long nowMs) {
        this.phaseSinceMs = nowMs;
    }

    Phase phase() {
        return phase;
    }

    /** When that phase began, in the time of deadlines. */
    long phaseSinceMs() {
        return phaseSinceMs;
    }

    void enter(Phase next, long nowMs) {
        phaseSinceMs = nowMs;
        phase = next;
    }

    /** The agent is in, unless the connection began to leave meanwhile. */
    synchronized void open(long nowMs) {
        if (ending == null) {
            enter(Phase.OPEN, nowMs);
        }
    }

    /** @return false when it was on its way out before */
    synchronized boolean leave(Ending how, long nowMs) {
        if (ending != null) {
            return false;
        }
        ending = how;
        enter(Phase.CLOSING, nowMs);
        return true;
    }

    /** How it began to leave; null while it stays. */
    @Nullable
    Ending ending() {
        return ending;
    }

    void socketEnded(Ending how) {
        socketEnd = how;
    }

    /** How its socket ended; null while there is one. */
    @Nullable
    Ending socketEnd() {
        return socketEnd;
    }

    /** Listeners are about to be told of its beginning, on this thread; of its end they are told after that. */
    synchronized void openingTold() {
        told = Told.OPENING;
    }

    /** @return the end that came meanwhile and is now to be told; null when there was none */
    synchronized @Nullable Ending openedTold() {
        Ending waited = told == Told.CLOSE_WAITS ? ending : null;
        told = waited == null ? Told.OPENED : Told.CLOSED;
        return waited;
    }

    /** @return whether the caller is to tell of its end: once, and only when its beginning was told */
    synchronized boolean mayTellClosed() {
        boolean now = told == Told.OPENED;
        told = told.afterEnd();
        return now;
    }
}
