package dev.wireproof.identity;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;

/**
 * Where this server may call by itself. An address out of a document that others wrote must not become a way to what only this server
 * reaches: so https, and no address that is private, of this machine, or of no single machine, unless the operator allows it.
 */
final class OutboundAddresses {
    private final boolean privateToo;

    /** @param privateToo whether private and loopback addresses are allowed, and http at the latter */
    OutboundAddresses(boolean privateToo) {
        this.privateToo = privateToo;
    }

    /**
     * @return the address, for the caller to go on with
     * @throws UnknownHostException saying why, for one that must not be called
     */
    URI checked(URI address) throws UnknownHostException {
        String host = address.getHost();
        boolean fit = host != null
                && address.getUserInfo() == null
                && ("https".equals(address.getScheme())
                        || ("http".equals(address.getScheme()) && privateToo && loopback(host)));
        if (!fit) {
            throw new UnknownHostException(address + " is no https address"
                    + (privateToo ? ", and http counts at a loopback address only" : ""));
        }
        return address;
    }

    /** By what is written, not by what a name server says of it now. */
    private static boolean loopback(String host) {
        try {
            return host.equals("localhost") || InetAddress.ofLiteral(host).isLoopbackAddress();
        } catch (IllegalArgumentException name) {
            return false;
        }
    }

    /**
     * For whatever connects: the very addresses that are checked here must be the ones that are used.
     *
     * @throws UnknownHostException when any of the host's addresses is not allowed
     */
    InetAddress[] resolved(String host) throws UnknownHostException {
        InetAddress[] found = InetAddress.getAllByName(host);
        for (InetAddress each : found) {
            if (!privateToo && !isPublic(each) || each.isMulticastAddress() || each.isAnyLocalAddress()) {
                throw new UnknownHostException(
                        "%s is at %s, where this server calls nobody (see wireproof.oidc.allow-private-addresses)"
                                .formatted(host, each.getHostAddress()));
            }
        }
        return found;
    }

    /** Global unicast, by the special-purpose registries of RFC 6890 as far as they are in use. */
    static boolean isPublic(InetAddress address) {
        if (address.isLoopbackAddress()
                || address.isAnyLocalAddress()
                || address.isLinkLocalAddress()
                || address.isSiteLocalAddress()
                || address.isMulticastAddress()) {
            return false;
        }
        byte[] bytes = address.getAddress();
        int first = bytes[0] & 0xff;
        int second = bytes[1] & 0xff;
        if (address instanceof Inet4Address) {
            return first != 0
                    && first < 240
                    && !(first == 100 && second >= 64 && second < 128) // shared by the customers of a carrier
                    && !(first == 192 && second == 0 && bytes[2] == 0)
                    && !(first == 198 && (second == 18 || second == 19)); // benchmarks
        }
        boolean uniqueLocal = (first & 0xfe) == 0xfc;
        boolean translated = first == 0 && second == 0x64
                || first == 0x20
                        && (second == 0x02 || second == 0x01 && bytes[2] == 0 && bytes[3] == 0); // hold an IPv4 address
        boolean compatible = first == 0 && second == 0;
        return !uniqueLocal && !translated && !compatible;
    }
}
