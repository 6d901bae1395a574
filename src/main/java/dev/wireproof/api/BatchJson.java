package dev.wireproof.api;

import dev.wireproof.command.Rollout;
import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A batch as the API shows it.
 *
 * @param counts each of the two adds up to {@code targets}
 */
record BatchJson(
        UUID id,
        String state,
        Instant stateSince,
        String why,
        Instant createdAt,
        String createdBy,
        @Nullable String approvedBy,
        int targets,
        CountsJson counts,
        int maxConcurrency,
        @Nullable Integer maxErrors,
        String script) {

    record CountsJson(Map<String, Integer> byState, Map<String, Integer> byCertainty) {}

    static BatchJson of(Rollout batch) {
        return new BatchJson(
                batch.id(),
                batch.state().wireName(),
                batch.stateSince(),
                batch.why(),
                batch.createdAt(),
                batch.createdBy(),
                batch.approvedBy(),
                batch.targets(),
                new CountsJson(new TreeMap<>(batch.byState()), new TreeMap<>(batch.byCertainty())),
                batch.maxConcurrency(),
                batch.maxErrors(),
                batch.script());
    }
}
