package dev.wireproof.connection;

import dev.wireproof.id.AgentId;
import java.util.Optional;

/** Who is on the line: at most one live connection for each agent, the one with the highest epoch. Never blocks. */
public interface ConnectionRegistry {

    Optional<AgentLink> live(AgentId agent);

    /** Closes the live connection with 4410. @return false when there is none */
    boolean evict(AgentId agent, String reason);

    int liveCount();
}
