package dev.wireproof.fleet;

import dev.wireproof.id.AgentId;
import java.time.Instant;

/** Published as an application event after the commit that deleted an agent. Listeners hand work on and do not block. */
public record AgentDeleted(AgentId agentId, Instant at) {}
