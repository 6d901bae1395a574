package dev.wireproof.api;

import dev.wireproof.command.AttemptView;
import dev.wireproof.command.CommandView;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A command as the API shows it. */
record CommandJson(
        UUID id,
        UUID agentId,
        UUID siteId,
        String state,
        Instant stateSince,
        String certainty,
        @Nullable String waitingFor,
        String effect,
        boolean secret,
        @Nullable Instant cancelRequestedAt,
        @Nullable String cancelReason,
        String script,
        String interpreter,
        List<String> args,
        Map<String, String> env,
        @Nullable String cwd,
        int timeoutS,
        long maxOutputBytes,
        Instant expiresAt,
        Instant createdAt,
        String createdBy,
        @Nullable String note,
        int attemptsUsed,
        int maxAttempts,
        @Nullable Instant nextOfferAt,
        @Nullable Instant ackedAt,
        @Nullable Instant startedAt,
        @Nullable Instant endedAt,
        @Nullable Integer exitCode,
        @Nullable String outcome,
        @Nullable String signal,
        @Nullable Long durationMs,
        @Nullable String message,
        @Nullable Long stdoutBytes,
        @Nullable Long stderrBytes,
        String stdoutTail,
        String stderrTail,
        boolean truncated,
        boolean late,
        @Nullable UUID diagnosisId,
        @Nullable UUID batchId,
        List<AttemptJson> attempts) {

    private static final CommandView.Result NO_RESULT =
            new CommandView.Result("", null, null, null, null, null, null, null);

    /** Of one that has no diagnosis. */
    static CommandJson of(CommandView view) {
        return of(view, null, null);
    }

    static CommandJson of(CommandView view, @Nullable UUID diagnosisId, @Nullable UUID batchId) {
        CommandView.Result result = view.result() == null ? NO_RESULT : view.result();
        return new CommandJson(
                view.id().value(),
                view.agentId().value(),
                view.siteId().value(),
                view.state().wireName(),
                view.stateSince(),
                view.certainty().wireName(),
                view.waitingFor(),
                view.effect().wireName(),
                view.secret(),
                view.cancelRequestedAt(),
                view.cancelReason(),
                view.script(),
                view.interpreter(),
                view.args(),
                view.env(),
                view.cwd(),
                view.timeoutS(),
                view.maxOutputBytes(),
                view.expiresAt(),
                view.createdAt(),
                view.createdBy(),
                view.note(),
                view.attemptsUsed(),
                view.maxAttempts(),
                view.nextOfferAt(),
                view.ackedAt(),
                view.startedAt(),
                view.endedAt(),
                result.exitCode(),
                view.result() == null ? null : result.outcome(),
                result.signal(),
                result.durationMs(),
                result.message(),
                result.stdoutBytes(),
                result.stderrBytes(),
                view.stdoutTail(),
                view.stderrTail(),
                view.truncated(),
                view.late(),
                diagnosisId,
                batchId,
                view.attempts().stream().map(AttemptJson::of).toList());
    }

    /** One offer and the rungs that it climbed; a null time says that nothing proves the rung. */
    record AttemptJson(
            int attempt,
            UUID connectionId,
            long epoch,
            String reason,
            Instant offeredAt,
            int frameBytes,
            String frameSha256,
            @Nullable Long fenceSeq,
            String rung,
            @Nullable Instant enqueuedAt,
            @Nullable Instant writeStartedAt,
            @Nullable Instant writtenAt,
            @Nullable Instant tcpAckedAt,
            @Nullable Instant peerReadAt,
            @Nullable Instant ackedAt,
            @Nullable Instant nackedAt,
            @Nullable UUID answeredOn,
            @Nullable String writeError,
            @Nullable String refusal,
            boolean neverWritten,
            @Nullable String nackCode,
            @Nullable String nackMessage,
            @Nullable Boolean alteredInTransit,
            @Nullable Long writeNs,
            @Nullable Long fenceRttNs) {

        static AttemptJson of(AttemptView view) {
            return new AttemptJson(
                    view.attempt(),
                    view.connectionId().value(),
                    view.epoch(),
                    view.reason().wireName(),
                    view.offeredAt(),
                    view.frameBytes(),
                    view.frameSha256(),
                    view.fenceSeq(),
                    view.rung().name(),
                    view.enqueuedAt(),
                    view.writeStartedAt(),
                    view.writtenAt(),
                    view.tcpAckedAt(),
                    view.peerReadAt(),
                    view.ackedAt(),
                    view.nackedAt(),
                    view.answeredOn() == null ? null : view.answeredOn().value(),
                    view.writeError(),
                    view.refusal(),
                    view.neverWritten(),
                    view.nackCode(),
                    view.nackMessage(),
                    view.alteredInTransit(),
                    view.writeNs(),
                    view.fenceRttNs());
        }
    }
}
