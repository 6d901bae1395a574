package dev.wireproof.command;

import dev.wireproof.id.ConnectionId;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One thing that happened to a command or around it.
 *
 * @param kind {@code state}, {@code attempt}, {@code rung}, {@code evidence}, {@code frame} or {@code heartbeat}
 * @param atNs on the connection's time scale; null when no connection was part of it
 * @param text a sentence for people
 * @param facts the same for programs; values are strings, numbers or booleans
 */
public record TimelineEntry(
        String kind,
        Instant at,
        @Nullable ConnectionId connectionId,
        @Nullable Long atNs,
        String text,
        Map<String, Object> facts) {
    public TimelineEntry {
        facts = Map.copyOf(facts);
    }
}
