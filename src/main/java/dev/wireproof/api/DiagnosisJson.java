package dev.wireproof.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.wireproof.diagnosis.Diagnosis;
import dev.wireproof.diagnosis.Report;
import dev.wireproof.diagnosis.Verdict;
import dev.wireproof.protocol.WireTime;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A diagnosis as the API shows it; what it found is null while it runs.
 *
 * @param summary the verdict in a sentence
 * @param windowMs how long the judged connection was watched since the command was written
 * @param missing observations that would have told more, and how to get them
 */
record DiagnosisJson(
        UUID id,
        UUID agentId,
        String kind,
        String status,
        String askedBy,
        Instant startedAt,
        @Nullable Instant finishedAt,
        @Nullable Integer durationS,
        boolean evictAndRepeat,
        @Nullable UUID commandId,
        @Nullable UUID connectionId,
        @Nullable String verdict,
        @Nullable String confidence,
        @Nullable String rule,
        @Nullable String faultDomain,
        @Nullable String summary,
        List<EvidenceItemJson> evidence,
        List<ExcludedJson> excluded,
        List<String> missing,
        @Nullable String nextStep,
        Map<String, Integer> observations,
        @Nullable Long windowMs,
        @Nullable String underlyingVerdict,
        @Nullable UUID repeatOf) {

    /** Exactly one of {@code for} and {@code against} is there, and true. */
    record EvidenceItemJson(
            String text,
            long value,

            @JsonProperty("for") @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable
            Boolean supports,

            @JsonProperty("against") @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable
            Boolean against,

            List<FrameCopyJson> frames) {}

    record ExcludedJson(String hypothesis, String because) {}

    /** A copy of the frame as it was recorded, and where it is shown among the others for as long as it is kept. */
    record FrameCopyJson(
            UUID connectionId,
            long seq,
            Instant at,
            String direction,
            String opcode,
            @Nullable String type,
            @Nullable UUID commandId,
            long bytes,
            @Nullable Long fenceSeq,
            @Nullable Long pongOf,
            @Nullable Long enqueuedNs,
            @Nullable Long writeStartedNs,
            @Nullable Long writtenNs,
            @Nullable Long receivedNs,
            @Nullable String error,
            @Nullable String sha256,
            String href) {}

    static DiagnosisJson of(Diagnosis d) {
        Report report = d.report();
        Verdict verdict = report == null ? null : report.verdict();
        return new DiagnosisJson(
                d.id(),
                d.agentId().value(),
                d.kind(),
                d.status(),
                d.askedBy(),
                d.startedAt(),
                d.finishedAt(),
                d.durationS(),
                d.evictAndRepeat(),
                d.commandId() == null ? null : d.commandId().value(),
                report == null ? null : report.connectionId(),
                verdict == null ? null : verdict.wireName(),
                report == null ? null : report.confidence().wireName(),
                report == null ? null : report.rule(),
                verdict == null ? null : verdict.faultDomain(),
                report == null ? null : report.summary(),
                report == null
                        ? List.of()
                        : report.evidence().stream().map(DiagnosisJson::item).toList(),
                report == null
                        ? List.of()
                        : report.excluded().stream()
                                .map(e -> new ExcludedJson(e.hypothesis().wireName(), e.because()))
                                .toList(),
                report == null ? List.of() : report.missing(),
                report == null ? null : report.nextStep(),
                report == null ? Map.of() : report.observations(),
                report == null ? null : (Long) report.windowMs(),
                d.underlying() == null ? null : d.underlying().wireName(),
                d.repeatOf());
    }

    private static EvidenceItemJson item(Report.Item item) {
        return new EvidenceItemJson(
                item.text(),
                item.value(),
                item.supports() ? Boolean.TRUE : null,
                item.supports() ? null : Boolean.TRUE,
                item.frames().stream().map(DiagnosisJson::frame).toList());
    }

    private static FrameCopyJson frame(Report.FrameCopy f) {
        return new FrameCopyJson(
                f.connectionId(),
                f.seq(),
                f.at(),
                f.direction(),
                f.opcode(),
                f.type(),
                f.commandId(),
                f.bytes(),
                f.fenceSeq(),
                f.pongOf(),
                f.enqueuedNs(),
                f.writeStartedNs(),
                f.writtenNs(),
                f.receivedNs(),
                f.error(),
                f.sha256(),
                "/api/v1/connections/%s/frames?since=%s".formatted(f.connectionId(), WireTime.format(f.at())));
    }
}
