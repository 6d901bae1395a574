package dev.wireproof.simulator;

import dev.wireproof.id.CommandId;
import dev.wireproof.protocol.AgentMessage.CommandResult;
import dev.wireproof.protocol.AgentMessage.Outcome;
import dev.wireproof.protocol.ServerMessage.Command;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What a simulated machine makes of a script: {@code hostname}, {@code echo …}, {@code sleep N} and {@code exit N} do what they say;
 * any other script prints that it was only simulated and exits 0. No process is ever started.
 */
final class Executions {
    private static final Duration LONGEST_SLEEP = Duration.ofDays(1);

    /** @param takes how long it runs, 0 for at once */
    record Plan(String stdout, int exitCode, Duration takes) {}

    private Executions() {}

    static Plan plan(Command command, String hostname) {
        String script = command.script().strip();
        if (script.equals("hostname")) {
            return new Plan(hostname + "\n", 0, Duration.ZERO);
        }
        if (script.startsWith("echo ")) {
            return new Plan(script.substring("echo ".length()).strip() + "\n", 0, Duration.ZERO);
        }
        Integer seconds = numberAfter("sleep ", script);
        if (seconds != null) {
            Duration sleep = Duration.ofSeconds(seconds);
            return new Plan("", 0, sleep.compareTo(LONGEST_SLEEP) > 0 ? LONGEST_SLEEP : sleep);
        }
        Integer exit = numberAfter("exit ", script);
        if (exit != null) {
            return new Plan("", exit & 0xFF, Duration.ZERO);
        }
        return new Plan("simulated on " + hostname + "\n", 0, Duration.ZERO);
    }

    private static @Nullable Integer numberAfter(String word, String script) {
        if (!script.startsWith(word)) {
            return null;
        }
        try {
            return Integer.parseUnsignedInt(script.substring(word.length()).strip());
        } catch (NumberFormatException e) {
            return null;
        }
    }

    static CommandResult exited(CommandId id, int exitCode, long stdoutBytes, Instant startedAt, Instant endedAt) {
        return new CommandResult(
                id, Outcome.EXITED, exitCode, null, stdoutBytes, 0, false, startedAt, millis(startedAt, endedAt), null);
    }

    /** It ran and was ended from outside: timed out or cancelled. */
    static CommandResult ended(CommandId id, Outcome outcome, Instant startedAt, Instant endedAt) {
        return new CommandResult(
                id, outcome, null, "SIGKILL", 0, 0, false, startedAt, millis(startedAt, endedAt), null);
    }

    static CommandResult unstarted(CommandId id, Outcome outcome, String message) {
        return new CommandResult(id, outcome, null, null, 0, 0, false, null, 0, message);
    }

    private static long millis(Instant from, Instant to) {
        return Math.max(0, Duration.between(from, to).toMillis());
    }
}
