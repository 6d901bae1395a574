package dev.wireproof.connection;

import dev.wireproof.id.AgentId;
import dev.wireproof.id.ConnectionId;
import dev.wireproof.protocol.CloseCode;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * Who is on the line. An agent's live connection is the one with the highest epoch that was ever registered here and has not left;
 * the end of an older one never takes a newer one away.
 */
final class LiveConnections implements ConnectionRegistry {
    private final Map<ConnectionId, Connection> all = new ConcurrentHashMap<>();
    private final Highest<AgentId, Connection> live = new Highest<>(Connection::epoch);

    @Override
    public Optional<AgentLink> live(AgentId agent) {
        return Optional.ofNullable(live.get(agent));
    }

    Optional<Connection> connectionOf(AgentId agent) {
        return Optional.ofNullable(live.get(agent));
    }

    boolean isLive(Connection connection) {
        Identity known = connection.identity();
        return known != null && live.get(known.agentId()) == connection;
    }

    @Override
    public boolean evict(AgentId agent, String reason) {
        Connection connection = live.get(agent);
        if (connection == null) {
            return false;
        }
        connection.close(CloseCode.EVICTED, reason);
        return true;
    }

    @Override
    public int liveCount() {
        return live.size();
    }

    /** From its upgrade to the end of its socket a connection is known here. */
    void opened(Connection connection) {
        all.put(connection.connectionId(), connection);
    }

    void ended(Connection connection) {
        all.remove(connection.connectionId(), connection);
    }

    int openSockets() {
        return all.size();
    }

    /** Looks at each: for whoever asks now and then. */
    long count(Predicate<Connection> which) {
        return all.values().stream().filter(which).count();
    }

    /** Over all connections. */
    long sum(ToLongFunction<Connection> what) {
        return all.values().stream().mapToLong(what).sum();
    }

    Collection<Connection> all() {
        return all.values();
    }

    Optional<Connection> find(ConnectionId id) {
        return Optional.ofNullable(all.get(id));
    }

    /**
     * Makes an authenticated connection its agent's live one, unless one with a higher epoch was first.
     *
     * @return the connection that has to go: the older one; the new one itself when it came too late; null when there was none
     */
    @Nullable
    Connection register(Connection connection) {
        return live.put(connection.agentId(), connection);
    }

    /** @return whether it was the live one until now */
    boolean leave(Connection connection) {
        Identity known = connection.identity();
        return known != null && live.remove(known.agentId(), connection);
    }
}
