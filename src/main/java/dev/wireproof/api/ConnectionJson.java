package dev.wireproof.api;

import dev.wireproof.connection.ConnectionView;
import dev.wireproof.connection.Count;
import dev.wireproof.connection.SocketProbe;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A connection as the API shows it. @param socket the kernel's view; null where nothing tells it */
record ConnectionJson(
        UUID id,
        UUID agentId,
        long epoch,
        boolean live,
        String remoteAddress,
        @Nullable String proxiedFor,
        Instant openedAt,
        Instant authenticatedAt,
        @Nullable Instant closedAt,
        @Nullable Integer closeCode,
        @Nullable String closeReason,
        Map<String, Long> counters,
        RttJson pingRttMs,
        @Nullable Instant lastPongAt,
        @Nullable Instant lastTextWrittenAt,
        @Nullable Instant lastTextReadAt,
        QueueJson queue,
        long framesMissing,
        SocketProbe.@Nullable State socket) {

    /** Milliseconds; null before the first Pong. */
    record RttJson(
            @Nullable Double last,
            @Nullable Double p50,
            @Nullable Double p99) {
        static RttJson of(List<Long> micros) {
            return micros.size() < 3
                    ? new RttJson(null, null, null)
                    : new RttJson(micros.get(0) / 1e3, micros.get(1) / 1e3, micros.get(2) / 1e3);
        }
    }

    /** Texts that wait. */
    record QueueJson(int frames, long bytes) {}

    static ConnectionJson of(ConnectionView view) {
        return new ConnectionJson(
                view.id().value(),
                view.agentId().value(),
                view.epoch(),
                view.live(),
                view.remoteAddress(),
                view.proxiedFor(),
                view.openedAt(),
                view.authenticatedAt(),
                view.closedAt(),
                view.closeCode(),
                view.closeReason(),
                counters(view.counters()),
                RttJson.of(view.pingRttUs()),
                view.lastPongAt(),
                view.lastTextWrittenAt(),
                view.lastTextReadAt(),
                new QueueJson(view.queueFrames(), view.queueBytes()),
                view.framesMissing(),
                view.socket());
    }

    private static Map<String, Long> counters(Map<Count, Long> counts) {
        Map<String, Long> named = new TreeMap<>();
        counts.forEach((count, value) -> named.put(count.name().toLowerCase(Locale.ROOT), value));
        return named;
    }
}
