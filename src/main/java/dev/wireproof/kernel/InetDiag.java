package dev.wireproof.kernel;

import dev.wireproof.kernel.Netlink.Refused;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * Linux's {@code NETLINK_SOCK_DIAG}, through the foreign-memory API. Each question opens a netlink socket of its own, a few
 * microseconds, so that no thread shares one and none is left in a state that nobody knows.
 */
final class InetDiag implements SocketDiag {
    /** Beyond so many, one list of a port's sockets is cheaper on a busy server than single questions. */
    static final int ONE_BY_ONE = 64;

    private static final int ENOENT = 2;
    private static final Set<String> ARCHITECTURES = Set.of("amd64", "aarch64", "riscv64", "s390x", "ppc64le");

    private final Libc libc;

    private InetDiag(Libc libc) {
        this.libc = libc;
    }

    /** @return one that knows nothing where this is not Linux, or native calls are not allowed */
    static SocketDiag open() {
        String system = System.getProperty("os.name", "");
        String architecture = System.getProperty("os.arch", "");
        if (!system.toLowerCase(Locale.ROOT).startsWith("linux") || !ARCHITECTURES.contains(architecture)) {
            return SocketDiag.unknown("sock_diag is Linux's; this is " + system + " on " + architecture);
        }
        try {
            return new InetDiag(new Libc());
        } catch (RuntimeException | LinkageError e) {
            // Such as IllegalCallerException where --enable-native-access leaves us out and --illegal-native-access is
            // deny.
            return SocketDiag.unknown("native calls are not possible: " + e.getMessage());
        }
    }

    @Override
    public SocketReading read(SocketAddresses socket) {
        Map<SocketAddresses, SocketView> found = new HashMap<>();
        try (Netlink netlink = new Netlink(libc)) {
            one(netlink, socket, found);
        } catch (Refused | RuntimeException e) {
            return new SocketReading.Unknown(String.valueOf(e.getMessage()));
        }
        SocketView view = found.get(socket);
        return view == null ? new SocketReading.Gone() : new SocketReading.Seen(view);
    }

    @Override
    public SocketCensus census(int localPort) {
        Map<SocketAddresses, SocketView> found = new HashMap<>();
        try (Netlink netlink = new Netlink(libc)) {
            all(netlink, localPort, found);
        } catch (Refused | RuntimeException e) {
            return new SocketCensus.Unknown(String.valueOf(e.getMessage()));
        }
        return new SocketCensus.Taken(found);
    }

    @Override
    public SocketCensus readAll(Collection<SocketAddresses> sockets) {
        Map<SocketAddresses, SocketView> found = new HashMap<>();
        try (Netlink netlink = new Netlink(libc)) {
            if (sockets.size() <= ONE_BY_ONE) {
                for (SocketAddresses socket : sockets) {
                    one(netlink, socket, found);
                }
            } else {
                Set<Integer> ports = new HashSet<>();
                for (SocketAddresses socket : sockets) {
                    if (ports.add(socket.localPort())) {
                        all(netlink, socket.localPort(), found);
                    }
                }
            }
        } catch (Refused | RuntimeException e) {
            return new SocketCensus.Unknown(String.valueOf(e.getMessage()));
        }
        return new SocketCensus.Taken(found);
    }

    private static void one(Netlink netlink, SocketAddresses socket, Map<SocketAddresses, SocketView> into)
            throws Refused {
        try {
            // The kernel answers with the listener of the port when there is no such connection; what is not asked for
            // is dropped.
            netlink.ask(InetDiagMessages.single(socket, netlink.nextSequence()), false, (addresses, view) -> {
                if (addresses.equals(socket)) {
                    into.put(addresses, view);
                }
            });
        } catch (Refused e) {
            if (e.errno() != ENOENT) {
                throw e;
            }
        }
    }

    private static void all(Netlink netlink, int localPort, Map<SocketAddresses, SocketView> into) throws Refused {
        netlink.ask(
                InetDiagMessages.dump(InetDiagMessages.AF_INET, localPort, netlink.nextSequence()), true, into::put);
        netlink.ask(
                InetDiagMessages.dump(InetDiagMessages.AF_INET6, localPort, netlink.nextSequence()), true, into::put);
    }
}
