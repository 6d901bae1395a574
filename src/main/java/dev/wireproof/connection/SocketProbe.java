package dev.wireproof.connection;

import dev.wireproof.id.ConnectionId;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The kernel's view of a connection's socket, as far as it tells; nothing is claimed beyond. */
@FunctionalInterface
public interface SocketProbe {

    /** @return empty when the connection is gone or the kernel does not tell. Does not block */
    Optional<State> look(ConnectionId connection);

    /**
     * What the kernel said; null for what it does not tell.
     *
     * @param hop whose TCP it speaks of: {@code proxy} when one that is trusted named the agent behind it, else {@code peer}, whoever
     *     holds the other end (the agent, or a proxy that does not name itself)
     * @param unackedBytes sent, and not acknowledged by the next hop's TCP
     * @param unsentBytes taken from us, and not sent yet
     * @param retransmits segments sent again since the connection began
     * @param rttUs smoothed, of TCP, to that hop
     * @param zeroWindow whether that hop said that it has no room
     */
    record State(
            String hop,
            @Nullable Long unackedBytes,
            @Nullable Long unsentBytes,
            @Nullable Long retransmits,
            @Nullable Long rttUs,
            @Nullable Boolean zeroWindow) {}
}
