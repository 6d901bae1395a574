package dev.wireproof.command;

import dev.wireproof.id.AgentId;
import dev.wireproof.id.CommandId;
import dev.wireproof.id.SiteId;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Everything that is known of a command at one instant.
 *
 * @param waitingFor one sentence: why it is still open, since when, and what happens next; null when it ended
 * @param nextOfferAt when it is offered again if no ack comes; null when no time is set (ended, acknowledged, or the agent is away)
 * @param secret then script, arguments and values of the environment are not here but {@code (secret)}, and the tails are empty
 * @param outcome exited, timed_out, cancelled, failed_to_start or interrupted; null until a result came
 * @param stdoutTail the last 4 KiB, decoded as UTF-8 with replacement
 * @param truncated output was cut at {@code maxOutputBytes}
 * @param late evidence came after the command had ended, and corrected it
 * @param attempts oldest first
 */
public record CommandView(
        CommandId id,
        AgentId agentId,
        SiteId siteId,
        CommandState state,
        Instant stateSince,
        Certainty certainty,
        @Nullable String waitingFor,
        CommandEffect effect,
        boolean secret,
        @Nullable Instant cancelRequestedAt,
        @Nullable String cancelReason,
        String interpreter,
        String script,
        List<String> args,
        Map<String, String> env,
        @Nullable String cwd,
        int timeoutS,
        long maxOutputBytes,
        Instant createdAt,
        String createdBy,
        @Nullable String note,
        Instant expiresAt,
        int attemptsUsed,
        int maxAttempts,
        @Nullable Instant nextOfferAt,
        @Nullable Instant ackedAt,
        @Nullable Instant startedAt,
        @Nullable Instant endedAt,
        @Nullable Result result,
        String stdoutTail,
        String stderrTail,
        boolean truncated,
        boolean late,
        List<AttemptView> attempts) {
    public CommandView {
        attempts = List.copyOf(attempts);
    }

    CommandView with(List<AttemptView> known, String stdout, String stderr) {
        return new CommandView(
                id,
                agentId,
                siteId,
                state,
                stateSince,
                certainty,
                waitingFor,
                effect,
                secret,
                cancelRequestedAt,
                cancelReason,
                interpreter,
                script,
                args,
                env,
                cwd,
                timeoutS,
                maxOutputBytes,
                createdAt,
                createdBy,
                note,
                expiresAt,
                attemptsUsed,
                maxAttempts,
                nextOfferAt,
                ackedAt,
                startedAt,
                endedAt,
                result,
                stdout,
                stderr,
                truncated,
                late,
                known);
    }

    /**
     * What the agent reported.
     *
     * @param outcome exited, timed_out, cancelled, failed_to_start or interrupted
     * @param stdoutBytes how much the process wrote; null when only the agent's record told of the end
     * @param agentStartedAt by the agent's clock; shown, never trusted
     */
    public record Result(
            String outcome,
            @Nullable Integer exitCode,
            @Nullable String signal,
            @Nullable Long stdoutBytes,
            @Nullable Long stderrBytes,
            @Nullable Instant agentStartedAt,
            @Nullable Long durationMs,
            @Nullable String message) {}
}
