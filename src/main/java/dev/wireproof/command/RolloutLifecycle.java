package dev.wireproof.command;

/**
 * What one command for many agents does next: a function of what is stored, and of whether the one who asked may still do so. It begins
 * with one agent and lets one more in for each that succeeded, up to its bound: what breaks machines breaks few before it is seen.
 */
final class RolloutLifecycle {
    /** Released in one step, so that no rollout holds up another. */
    static final int AT_ONCE = 100;

    private RolloutLifecycle() {}

    /**
     * @param maxErrors 0: any number
     * @param waiting targets that have no command yet
     * @param inFlight commands that have not ended and that an agent may have, or is about to get
     * @param open commands that have not ended, whether or not an agent may have them
     * @param succeeded executions that ended well
     * @param failed executions that failed; what was not delivered does not count
     * @param overdue whether the time to live of the whole has passed
     * @param allowed whether the one who asked may still do so
     */
    record Facts(
            RolloutState state,
            int maxConcurrency,
            int maxErrors,
            int waiting,
            int inFlight,
            int open,
            int succeeded,
            int failed,
            boolean overdue,
            boolean allowed) {}

    /** What is to be done. */
    sealed interface Next {
        record Rest() implements Next {}

        /** @param most how many targets may get their commands now */
        record Release(int most) implements Next {}

        record Move(RolloutState to, String why) implements Next {}

        /** Targets that still wait get no command any more. */
        record Expire() implements Next {}
    }

    static Next next(Facts f) {
        return switch (f.state()) {
            case HELD -> whileHeld(f);
            case RUNNING -> whileRunning(f);
            case STOPPED, CANCELLED, DONE -> new Next.Rest();
        };
    }

    private static Next whileHeld(Facts f) {
        if (!f.allowed()) {
            return new Next.Move(RolloutState.CANCELLED, "the token that asked for it may not do so any more");
        }
        return f.overdue()
                ? new Next.Move(RolloutState.CANCELLED, "nobody approved it in its time to live")
                : new Next.Rest();
    }

    private static Next whileRunning(Facts f) {
        if (!f.allowed()) {
            return new Next.Move(RolloutState.CANCELLED, "the token that asked for it may not do so any more");
        }
        if (f.maxErrors() > 0 && f.failed() >= f.maxErrors()) {
            return new Next.Move(RolloutState.STOPPED, "%d executions failed".formatted(f.failed()));
        }
        if (f.waiting() == 0) {
            return f.open() == 0 ? new Next.Move(RolloutState.DONE, "every target has ended") : new Next.Rest();
        }
        if (f.overdue()) {
            return new Next.Expire();
        }
        int room = Math.min(window(f) - f.inFlight(), AT_ONCE);
        return room > 0 ? new Next.Release(room) : new Next.Rest();
    }

    /** How many may be in flight: never more than could still fail before it has to stop. */
    private static int window(Facts f) {
        int ramp = (int) Math.min(f.maxConcurrency(), 1L + f.succeeded());
        return f.maxErrors() == 0 ? ramp : Math.min(ramp, f.maxErrors() - f.failed());
    }
}
