package dev.wireproof.connection;

import dev.wireproof.id.ConnectionId;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The kernel's view of a connection's socket. Whoever can tell provides this bean; without one nothing is claimed. */
@FunctionalInterface
public interface SocketProbe {

    /** @return empty when the connection is gone or the kernel does not tell. Does not block */
    Optional<State> look(ConnectionId connection);

    /**
     * What the kernel said; null for what it does not tell. Behind a proxy all of it is about the way to the proxy.
     *
     * @param unackedBytes sent, and not acknowledged by the next hop's TCP
     * @param unsentBytes taken from us, and not sent yet
     */
    record State(
            @Nullable Long unackedBytes,
            @Nullable Long unsentBytes,
            @Nullable Long retransmits,
            @Nullable Long rttUs) {}
}
