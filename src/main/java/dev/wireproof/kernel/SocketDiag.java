package dev.wireproof.kernel;

import java.util.Collection;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks the kernel about sockets of this machine. Safe for many threads. No method throws, and each returns within about a second whatever the
 * kernel does; a single reading takes some tens of microseconds, a census of 10,000 sockets tens of milliseconds of one processor.
 */
public interface SocketDiag {

    /** One socket. */
    SocketReading read(SocketAddresses socket);

    /** Every connected socket whose own port is this one, IPv4 and IPv6. */
    SocketCensus census(int localPort);

    /**
     * Those of the given sockets that the kernel has: one by one when they are few, else by a census of their ports. The result may
     * hold others too.
     */
    SocketCensus readAll(Collection<SocketAddresses> sockets);

    /** Whether asking is of any use: false for one that knows nothing. */
    default boolean answers() {
        return true;
    }

    /**
     * What this machine can do: Linux's {@code sock_diag} when it answers a first question, else {@link #unknown}.
     */
    static SocketDiag ofThisMachine() {
        SocketDiag kernel = InetDiag.open();
        Logger log = LoggerFactory.getLogger(SocketDiag.class);
        if (kernel.census(0) instanceof SocketCensus.Unknown(String why)) {
            log.atInfo().addKeyValue("why", why).log("kernel.view_unknown");
            return unknown(why);
        }
        log.atInfo().log("kernel.view_available");
        return kernel;
    }

    /** Answers every question with "unknown", and why. */
    static SocketDiag unknown(String why) {
        return new Unknowing(why);
    }
}
