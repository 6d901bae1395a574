package dev.wireproof.fleet;

import dev.wireproof.id.AgentId;
import dev.wireproof.id.SiteId;
import dev.wireproof.protocol.ServerMessage;
import org.jspecify.annotations.Nullable;

/** The answer to an agent's Auth. */
public sealed interface Admission {

    /**
     * @param newAgentKey only when this Auth enrolled the agent: the one time that the key is known in clear
     * @param pending connected, but offered nothing until someone approves it
     */
    record Admitted(
            AgentId agentId,
            SiteId siteId,
            boolean pending,
            @Nullable String newAgentKey,
            long configVersion,
            ServerMessage.AgentConfig config)
            implements Admission {
        /** Secrets do not belong in logs. */
        @Override
        public String toString() {
            return "Admitted[agentId=" + agentId + ", pending=" + pending + ", with a key: " + (newAgentKey != null)
                    + "]";
        }
    }

    record Refused(ServerMessage.RejectCode code, String message, int retryAfterS) implements Admission {}
}
