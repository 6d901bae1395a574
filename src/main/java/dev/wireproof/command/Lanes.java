package dev.wireproof.command;

import dev.wireproof.connection.AgentLink;
import dev.wireproof.id.AgentId;
import dev.wireproof.id.ConnectionId;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** The lanes of all open connections. Safe for many threads; never blocks. */
class Lanes {
    private final Map<AgentId, Lane> live = new ConcurrentHashMap<>();
    private final Map<ConnectionId, Lane> open = new ConcurrentHashMap<>();
    /** Lanes on which commands wait; looked at once a second, so that nothing waits for an event that was lost. */
    private final Set<Lane> backlogged = ConcurrentHashMap.newKeySet();

    /** @return false when the agent has a newer connection already */
    boolean opened(Lane lane) {
        open.put(lane.link.connectionId(), lane);
        Lane now = live.merge(lane.link.agentId(), lane, (was, one) -> was.link.epoch() > one.link.epoch() ? was : one);
        return now == lane;
    }

    void closed(AgentLink link) {
        Lane lane = open.remove(link.connectionId());
        if (lane != null) {
            live.remove(link.agentId(), lane);
            backlogged.remove(lane);
        }
    }

    /** The lane of the agent's live connection. */
    @Nullable
    Lane of(AgentId agent) {
        Lane lane = live.get(agent);
        return lane != null && lane.link.live() ? lane : null;
    }

    /** The lane of an open connection, also of one that a newer one has superseded. */
    @Nullable
    Lane of(ConnectionId connection) {
        return open.get(connection);
    }

    /** Where a report came from; without a record of commands when the connection is gone already. */
    Line lineOf(AgentLink from) {
        Lane lane = open.get(from.connectionId());
        return lane == null ? new Line(from.connectionId(), null, null) : lane.line();
    }

    /** Agents that have a live line now. */
    List<AgentId> connected() {
        return live.values().stream()
                .filter(lane -> lane.link.live())
                .map(lane -> lane.link.agentId())
                .toList();
    }

    void noteBacklog(Lane lane) {
        if (open.containsKey(lane.link.connectionId())) {
            backlogged.add(lane);
        }
    }

    void backlogGone(Lane lane) {
        backlogged.remove(lane);
    }

    Set<Lane> backlogged() {
        return backlogged;
    }
}
