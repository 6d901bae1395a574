package dev.wireproof.connection;

import dev.wireproof.id.AgentId;
import dev.wireproof.id.ConnectionId;
import dev.wireproof.protocol.CloseCode;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** One authenticated connection of one agent, as other rooms see it. All methods may be called from any thread and never block. */
public interface AgentLink {

    ConnectionId connectionId();

    AgentId agentId();

    /** Higher than that of any earlier connection of this agent, also across restarts. */
    long epoch();

    /** Whether this is the registered connection of its agent at this instant. An older one may still deliver texts. */
    boolean live();

    /** Whether commands may be offered on it: live, and the agent is neither pending nor held in an identity conflict. */
    boolean offersAllowed();

    /** Nanoseconds since this connection opened, the time scale of all its evidence. */
    long nowNs();

    /**
     * Puts a text on the connection's bounded queue.
     *
     * @param observer told what becomes of the frame; see there for threads
     */
    SendOutcome send(OutboundText text, SendObserver observer);

    /**
     * A room tells that the agent answered a text of this connection with a text of its own (an ack): evidence that the outbound
     * path works.
     *
     * @param sentNs when the answered text was written, on this connection's time scale
     */
    void answered(long sentNs);

    /**
     * A room tells that the time in which the agent should have answered a text of this connection is over: evidence against the
     * path of commands, until something newer is answered.
     *
     * @param sentNs when that text was written, on this connection's time scale
     */
    default void unanswered(long sentNs) {}

    /**
     * Sends an Echo through the very path of commands. The future completes on the connection's own threads: with the reply, or after
     * ten seconds or the connection's end with the legs that were reached. It never fails.
     */
    CompletableFuture<EchoTrace> echo();

    /** From now on for so long: every frame becomes a row, and a Ping goes out each 5 s, the first at once. Ends by itself. */
    void trace(Duration duration);

    /** Starts the closing handshake; the socket is aborted when the agent does not answer in time. */
    void close(CloseCode code, String reason);
}
