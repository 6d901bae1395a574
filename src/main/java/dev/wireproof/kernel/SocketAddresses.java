package dev.wireproof.kernel;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Both ends of a TCP connection. An IPv4 address is held as the IPv6 address that maps it (RFC 4291 §2.5.5.2), whichever of the two the
 * socket was made with, so that both name one connection.
 *
 * @param localHigh the first eight bytes of the address, as are remoteHigh's; the other eight are low
 */
public record SocketAddresses(
        long localHigh, long localLow, int localPort, long remoteHigh, long remoteLow, int remotePort) {
    private static final long MAPPED = 0xFFFF_0000_0000L;

    /** Empty when either is not an address of TCP, or the socket is not connected. */
    public static Optional<SocketAddresses> of(@Nullable SocketAddress local, @Nullable SocketAddress remote) {
        if (!(local instanceof InetSocketAddress here) || !(remote instanceof InetSocketAddress there)) {
            return Optional.empty();
        }
        InetAddress from = here.getAddress();
        InetAddress to = there.getAddress();
        if (from == null || to == null) {
            return Optional.empty();
        }
        return Optional.of(
                new SocketAddresses(high(from), low(from), here.getPort(), high(to), low(to), there.getPort()));
    }

    private static long high(InetAddress address) {
        byte[] bytes = address.getAddress();
        return bytes.length == 4 ? 0 : ByteBuffer.wrap(bytes).getLong();
    }

    private static long low(InetAddress address) {
        byte[] bytes = address.getAddress();
        return bytes.length == 4
                ? mapped(ByteBuffer.wrap(bytes).getInt())
                : ByteBuffer.wrap(bytes).getLong(8);
    }

    static long mapped(int ipv4) {
        return MAPPED | (ipv4 & 0xFFFF_FFFFL);
    }

    /** Whether both ends are IPv4, mapped or not. */
    boolean ipv4() {
        return isMapped(localHigh, localLow) && isMapped(remoteHigh, remoteLow);
    }

    private static boolean isMapped(long high, long low) {
        return high == 0 && low >>> 32 == MAPPED >>> 32;
    }
}
