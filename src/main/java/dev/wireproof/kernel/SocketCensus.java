package dev.wireproof.kernel;

import java.util.Map;

/** The answer to one question about many sockets. */
public sealed interface SocketCensus {
    /**
     * @param views what was there; a socket that is missing may have opened or closed while the kernel listed them, so absence proves
     *     nothing
     */
    record Taken(Map<SocketAddresses, SocketView> views) implements SocketCensus {
        public Taken {
            views = Map.copyOf(views);
        }
    }

    record Unknown(String why) implements SocketCensus {}
}
