package dev.wireproof.api;

import dev.wireproof.connection.AgentLink;
import dev.wireproof.connection.EchoTrace;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;

/**
 * One Echo, leg by leg. Times {@code _ns} count from the opening of the connection, by the monotonic clock; null for a leg that was not
 * reached.
 *
 * @param rung the last that was proven, ACKED for the reply
 * @param writeNs from the start of the write to its end
 * @param fenceRttNs from the end of the write to the Pong of the Ping behind it
 * @param replyRttNs from the end of the write to the agent's reply
 */
record EchoJson(
        UUID agentId,
        UUID connectionId,
        long epoch,
        String nonce,
        String rung,
        @Nullable Instant enqueuedAt,
        @Nullable Instant repliedAt,
        @Nullable Long enqueuedNs,
        @Nullable Long writeStartedNs,
        @Nullable Long writtenNs,
        @Nullable Long peerReadNs,
        @Nullable Long repliedNs,
        @Nullable Long writeNs,
        @Nullable Long fenceRttNs,
        @Nullable Long replyRttNs) {

    static EchoJson of(AgentLink link, Instant openedAt, EchoTrace trace) {
        return new EchoJson(
                link.agentId().value(),
                link.connectionId().value(),
                link.epoch(),
                trace.nonce(),
                trace.lastRung(),
                wall(openedAt, trace.enqueuedNs()),
                wall(openedAt, trace.repliedNs()),
                reached(trace.enqueuedNs()),
                reached(trace.writeStartedNs()),
                reached(trace.writtenNs()),
                reached(trace.peerReadNs()),
                reached(trace.repliedNs()),
                between(trace.writeStartedNs(), trace.writtenNs()),
                between(trace.writtenNs(), trace.peerReadNs()),
                between(trace.writtenNs(), trace.repliedNs()));
    }

    private static @Nullable Long reached(long ns) {
        return ns < 0 ? null : (Long) ns;
    }

    /** An answer may overtake the news that the write is complete: the difference is then none, not negative. */
    private static @Nullable Long between(long from, long to) {
        return from < 0 || to < 0 ? null : (Long) Math.max(0, to - from);
    }

    private static @Nullable Instant wall(Instant openedAt, long ns) {
        return ns < 0 ? null : openedAt.plusNanos(ns);
    }

    /** @param live whether its connection is still there */
    Problem unanswered(boolean live) {
        Map<String, Object> legs = new LinkedHashMap<>();
        legs.put("agent_id", agentId);
        legs.put("connection_id", connectionId);
        legs.put("last_rung", rung);
        putIfReached(legs, "enqueued_ns", enqueuedNs);
        putIfReached(legs, "write_started_ns", writeStartedNs);
        putIfReached(legs, "written_ns", writtenNs);
        putIfReached(legs, "peer_read_ns", peerReadNs);
        return Problem.of(
                        HttpStatus.GATEWAY_TIMEOUT,
                        "echo-unanswered",
                        (live
                                        ? "The agent did not answer the Echo in time; the last rung that was proven is %s."
                                        : "The connection ended before the agent answered; the last rung that was proven is"
                                                + " %s.")
                                .formatted(rung))
                .withMembers(legs);
    }

    private static void putIfReached(Map<String, Object> legs, String name, @Nullable Long ns) {
        if (ns != null) {
            legs.put(name, ns);
        }
    }
}
