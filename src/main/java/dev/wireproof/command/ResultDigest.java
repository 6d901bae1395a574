package dev.wireproof.command;

import dev.wireproof.protocol.AgentMessage.CommandResult;

/** Tells copies of a result from different results. */
final class ResultDigest {
    private ResultDigest() {}

    static String of(CommandResult result) {
        return String.join(
                "|",
                result.outcome().name(),
                String.valueOf(result.exitCode()),
                String.valueOf(result.signal()),
                String.valueOf(result.stdoutBytes()),
                String.valueOf(result.stderrBytes()),
                String.valueOf(result.truncated()),
                String.valueOf(result.durationMs()));
    }
}
