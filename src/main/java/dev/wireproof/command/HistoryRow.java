package dev.wireproof.command;

import dev.wireproof.id.CommandId;
import dev.wireproof.id.ConnectionId;
import java.time.Instant;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * One numbered thing that happened to a command.
 *
 * @param attempt the newest attempt at that time; null when there was none
 */
record HistoryRow(
        CommandId commandId,
        int n,
        Kind kind,
        Instant at,
        CommandState state,
        Certainty certainty,
        @Nullable Integer attempt,
        @Nullable ConnectionId connectionId,
        @Nullable Long atNs,
        String cause) {

    enum Kind {
        STATE,
        EVIDENCE;

        final String wireName = name().toLowerCase(Locale.ROOT);
    }
}
