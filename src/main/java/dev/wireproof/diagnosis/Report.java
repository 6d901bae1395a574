package dev.wireproof.diagnosis;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What a diagnosis found, as it is stored and shown. It copies the frames that it rests on, so that they outlive retention.
 *
 * @param summary the verdict in one sentence
 * @param connectionId the connection that was judged; null: there was none
 * @param windowMs how long it was watched
 * @param observations the contract's letters: P, Q, W, F, A, N, E, e, H
 * @param missing observations that would have told more, and how to get them
 */
public record Report(
        Verdict verdict,
        Confidence confidence,
        String rule,
        String summary,
        @Nullable UUID connectionId,
        long windowMs,
        List<Item> evidence,
        List<Excluded> excluded,
        List<String> missing,
        String nextStep,
        Map<String, Integer> observations) {

    public Report {
        evidence = List.copyOf(evidence);
        excluded = List.copyOf(excluded);
        missing = List.copyOf(missing);
    }

    /** @param supports whether it speaks for the verdict; otherwise against it */
    public record Item(String text, long value, boolean supports, List<FrameCopy> frames) {
        public Item {
            frames = List.copyOf(frames);
        }
    }

    public record Excluded(Verdict hypothesis, String because) {}

    /** A frame as it was recorded. @param at wall time of its newest instant; the numbers are nanoseconds since its connection opened */
    public record FrameCopy(
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
            @Nullable String sha256) {}

    Report with(Verdict changed, String why) {
        return new Report(
                changed,
                confidence,
                rule + why,
                changed.meaning() + " " + summary,
                connectionId,
                windowMs,
                evidence,
                excluded,
                missing,
                changed.nextStep() + " " + nextStep,
                observations);
    }
}
