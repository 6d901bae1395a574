package dev.wireproof.fleet;

import dev.wireproof.id.AgentId;
import dev.wireproof.id.SiteId;
import dev.wireproof.protocol.AgentMessage;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An enrolled agent as people and programs see it; whether it is connected is not known here.
 *
 * @param displayName given by an operator; null: the hostname speaks
 * @param tags those that an operator set, else those that the agent reports
 * @param pending connected at most, and offered nothing until someone approves it
 * @param sameDeviceAs the agent that had enrolled with this device id before; null when it is the first
 * @param sameDeviceSite where that one stands or stood; null when there is none, or its site is gone
 */
public record Agent(
        AgentId id,
        SiteId site,
        String deviceId,
        String hostname,
        @Nullable String displayName,
        AgentMessage.Os os,
        String agentVersion,
        List<String> capabilities,
        Map<String, String> tags,
        boolean pending,
        @Nullable AgentId sameDeviceAs,
        @Nullable SiteId sameDeviceSite,
        Instant createdAt) {
    public Agent {
        capabilities = List.copyOf(capabilities);
        tags = Map.copyOf(tags);
    }
}
