package dev.wireproof.connection;

import dev.wireproof.protocol.AgentMessage;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** Told of connections that come and go. Every bean of this type is found at start. */
public interface ConnectionListener {

    /**
     * The agent is registered, and AuthAck and ConfigUpdate are enqueued: a text sent from here comes next. Runs on a virtual
     * thread of this connection, before any later message of it is handled; may block, but nobody else of this agent is
     * served meanwhile.
     */
    default void opened(AgentLink link, AgentMessage.Auth auth, Instant at) {}

    /**
     * The connection left the registry, or, if it was superseded before, its socket ended. Called once, on a virtual thread.
     *
     * @param closeCode what was sent or received; null when the socket just ended
     */
    default void closed(AgentLink link, @Nullable Integer closeCode, String reason, Instant at) {}
}
