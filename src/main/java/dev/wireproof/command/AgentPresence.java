package dev.wireproof.command;

import dev.wireproof.id.AgentId;
import java.time.Instant;
import java.time.InstantSource;
import java.util.function.Predicate;

/** Whether an agent can be offered commands just now. */
final class AgentPresence {
    private final Lanes lanes;
    private final InstantSource clock;
    private final Predicate<AgentId> paused;

    /** @param paused whether the reaper does nothing for that agent; never blocks */
    AgentPresence(Lanes lanes, InstantSource clock, Predicate<AgentId> paused) {
        this.lanes = lanes;
        this.clock = clock;
        this.paused = paused;
    }

    WaitingFor.Agent of(AgentId agent) {
        Lane lane = lanes.of(agent);
        return lane == null ? WaitingFor.Agent.AWAY : lane.room(clock.instant());
    }

    boolean paused(AgentId agent) {
        return paused.test(agent);
    }

    Instant now() {
        return clock.instant();
    }
}
