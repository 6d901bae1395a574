package dev.wireproof.diagnosis;

import dev.wireproof.connection.AgentLink;
import dev.wireproof.diagnosis.Observations.Tcp;
import dev.wireproof.id.ConnectionId;
import org.jspecify.annotations.Nullable;

/** What the kernel says of a connection's socket. */
interface KernelEye {
    KernelEye BLIND = (_, _) -> Tcp.UNKNOWN;

    /** @param link null when the connection has ended */
    Tcp look(ConnectionId connection, @Nullable AgentLink link);
}
