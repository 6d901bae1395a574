package dev.wireproof.connection;

import dev.wireproof.id.AgentId;
import dev.wireproof.id.ConnectionId;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One authenticated connection as people and programs see it, open or ended. Null times: it did not happen, or nobody knows.
 *
 * @param live whether it is its agent's registered connection at this instant
 * @param proxiedFor the address that a trusted proxy named; null without one
 * @param closeCode sent or received; null while it is open, and when the socket just ended
 * @param pingRttUs last, median and 99th percentile of the last Pings, in microseconds; empty when no Pong came
 * @param queueFrames texts that wait in its outbound queue; 0 once it ended
 * @param framesMissing frames of it that are no rows, by rule or because there was no room
 * @param socket null when the kernel's view is not known
 */
public record ConnectionView(
        ConnectionId id,
        AgentId agentId,
        long epoch,
        boolean live,
        String remoteAddress,
        @Nullable String proxiedFor,
        Instant openedAt,
        Instant authenticatedAt,
        @Nullable Instant closedAt,
        @Nullable Integer closeCode,
        @Nullable String closeReason,
        Map<Count, Long> counters,
        List<Long> pingRttUs,
        @Nullable Instant lastPongAt,
        @Nullable Instant lastTextWrittenAt,
        @Nullable Instant lastTextReadAt,
        int queueFrames,
        long queueBytes,
        long framesMissing,
        SocketProbe.@Nullable State socket) {

    public ConnectionView {
        counters = Map.copyOf(counters);
        pingRttUs = List.copyOf(pingRttUs);
    }
}
