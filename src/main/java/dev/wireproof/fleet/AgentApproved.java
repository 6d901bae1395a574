package dev.wireproof.fleet;

import dev.wireproof.id.AgentId;

/** Published after the commit that accepted a pending agent: from now on commands may be offered to it. */
public record AgentApproved(AgentId agent) {}
