package dev.wireproof.connection;

import dev.wireproof.id.AgentId;
import java.time.Instant;
import java.util.UUID;

/** Who an authenticated connection belongs to. */
record Identity(
        AgentId agentId, long epoch, UUID instanceId, boolean pending, long configVersion, Instant authenticatedAt) {}
