package dev.wireproof.connection;

import dev.wireproof.id.ConnectionId;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How one agent is on the line. Times are the newest over all its connections; null where nothing is on record.
 *
 * @param connectionId of its live connection; null when it has none
 * @param lastSeenAt when anything at all came in: it says that the way from the agent works, and no more
 * @param evictionsSpent it was evicted as unproven as often as is allowed in an hour
 * @param conflict set while two processes use its identity and it is held
 * @param configAnswer what it said on its live connection about the newest configuration of which it said anything
 */
public record AgentLine(
        @Nullable ConnectionId connectionId,
        @Nullable Instant lastSeenAt,
        @Nullable Instant lastAckAt,
        @Nullable Instant lastPongAt,
        @Nullable Instant lastEchoAt,
        boolean evictionsSpent,
        @Nullable Conflict conflict,
        CommandPath path,
        @Nullable ConfigAnswer configAnswer) {

    /** @param addresses that the two processes came from */
    public record Conflict(Instant since, List<String> addresses) {
        public Conflict {
            addresses = List.copyOf(addresses);
        }
    }

    /** What the line alone tells of an agent; whether it awaits approval is not known here. */
    public enum Status {
        ONLINE,
        /** Connected, but its command path is failing or its eviction budget is spent. */
        SUSPECT,
        CONFLICTED,
        OFFLINE
    }

    public Status status() {
        if (conflict != null) {
            return Status.CONFLICTED;
        }
        if (connectionId == null) {
            return Status.OFFLINE;
        }
        return evictionsSpent || path.status() == CommandPath.Status.FAILING ? Status.SUSPECT : Status.ONLINE;
    }
}
