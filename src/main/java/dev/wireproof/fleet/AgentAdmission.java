package dev.wireproof.fleet;

import dev.wireproof.id.AgentId;
import dev.wireproof.protocol.AgentMessage;

/** Decides who an agent is. */
public interface AgentAdmission {

    /**
     * Checks credentials, enrols a new device, and stores what the agent says of itself (hostname, os, version, tags). Blocks on the
     * database: call it on a virtual thread.
     *
     * @param remoteAddress of the agent, after trusted proxies; for audit and rate limits
     */
    Admission admit(AgentMessage.Auth auth, String remoteAddress);

    /** Something but a Pong arrived on the enrolling connection: its key reached the agent and is final. Never blocks. */
    void enrollmentConfirmed(AgentId agent);
}
