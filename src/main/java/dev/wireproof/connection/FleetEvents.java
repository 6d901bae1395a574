package dev.wireproof.connection;

import dev.wireproof.fleet.AgentApproved;
import dev.wireproof.fleet.AgentDeleted;
import dev.wireproof.fleet.OnlineCheck;
import dev.wireproof.id.AgentId;
import dev.wireproof.protocol.CloseCode;
import org.springframework.context.event.EventListener;

/** What happens to connections when something happens to an agent. */
class FleetEvents implements OnlineCheck {
    private final LiveConnections registry;

    FleetEvents(LiveConnections registry) {
        this.registry = registry;
    }

    @Override
    public boolean online(AgentId agent) {
        return registry.live(agent).isPresent();
    }

    @EventListener
    void deleted(AgentDeleted event) {
        registry.connectionOf(event.agentId())
                .ifPresent(connection -> connection.close(CloseCode.REVOKED, CloseCode.REVOKED.meaning()));
    }

    /** It comes again at once, and is then greeted like any other agent. */
    @EventListener
    void approved(AgentApproved event) {
        registry.connectionOf(event.agentId())
                .ifPresent(connection -> connection.close(CloseCode.EVICTED, "approved: connect again"));
    }
}
