package dev.wireproof.simulator;

import java.time.Duration;

/**
 * A closed loop: a new command is posted when one of those in flight is through.
 *
 * @param commands measured ones
 * @param warmUp commands before them that are not measured
 * @param until when a command is through and the next one is posted
 * @param patience after which a command in flight counts as overdue and its place is used again
 */
record LoadPlan(
        String api,
        String token,
        int commands,
        int warmUp,
        int inFlight,
        Until until,
        String script,
        int timeToLiveS,
        Duration patience,
        int samples) {

    /** The names are those of the command line. */
    enum Until {
        /** The 202 was read and the agent's CommandAck was written. */
        ack,
        /** Beyond that, the agent got its CommandResultAck: the server has committed the command's end. */
        result
    }

    LoadPlan {
        if (commands < 1 || warmUp < 0 || inFlight < 1) {
            throw new IllegalArgumentException("--commands and --in-flight must be above 0, --warm-up not below");
        }
    }

    /** The same once more, on a server that is warm. */
    LoadPlan again() {
        return new LoadPlan(api, token, commands, inFlight, inFlight, until, script, timeToLiveS, patience, 0);
    }
}
