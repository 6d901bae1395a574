package dev.wireproof.api;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One command for many agents. Which ones the selector says: those that meet all that it names, and that the caller sees. */
record BatchRequest(
        @Nullable Selector selector,
        @Nullable CommandRequest command,
        @Nullable Integer maxConcurrency,
        @Nullable Integer maxErrors) {

    /** @param tags each key with its value */
    record Selector(
            @Nullable List<@Nullable String> agentIds,
            @Nullable List<@Nullable String> siteIds,
            @Nullable Map<String, @Nullable String> tags,
            @Nullable String osFamily,
            @Nullable Boolean online) {}
}
