package dev.wireproof.command;

import dev.wireproof.id.AgentId;
import java.time.Instant;
import java.time.InstantSource;

/** Whether an agent can be offered commands just now. */
final class AgentPresence {
    private final Lanes lanes;
    private final InstantSource clock;

    AgentPresence(Lanes lanes, InstantSource clock) {
        this.lanes = lanes;
        this.clock = clock;
    }

    WaitingFor.Agent of(AgentId agent) {
        Lane lane = lanes.of(agent);
        if (lane == null) {
            return WaitingFor.Agent.AWAY;
        }
        return lane.link.offersAllowed() ? WaitingFor.Agent.CONNECTED : WaitingFor.Agent.HELD;
    }

    Instant now() {
        return clock.instant();
    }
}
