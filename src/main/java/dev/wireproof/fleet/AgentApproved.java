package dev.wireproof.fleet;

import dev.wireproof.id.AgentId;
import java.time.Instant;

/** Published after the commit that accepted a pending agent: from now on commands may be offered to it. Listeners do not block. */
public record AgentApproved(AgentId agentId, Instant at) {}
