package dev.wireproof.telemetry;

import dev.wireproof.id.AgentId;
import dev.wireproof.id.ConnectionId;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What an agent said of itself at one moment; shown, never trusted.
 *
 * @param receivedNs on the connection's time scale
 * @param live whether the connection was the agent's live one: false is evidence of a split session
 * @param metrics cpu %, memory used and total, disk used and total, load of one minute; empty where not told
 */
public record HeartbeatRow(
        AgentId agentId,
        ConnectionId connectionId,
        Instant at,
        long receivedNs,
        long seq,
        boolean live,
        long uptimeS,
        long rxText,
        long rxPing,
        long rxBytes,
        long rxParseErrors,
        long rxLastPingSeq,
        long txText,
        long txBytes,
        int runningCommands,
        int queuedCommands,
        @Nullable LastError lastError,
        List<Optional<Double>> metrics) {

    public HeartbeatRow {
        metrics = List.copyOf(metrics);
    }

    /** The last text that the agent could not use. */
    public record LastError(String sha256, String message, Instant at) {}
}
