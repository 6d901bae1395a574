package dev.wireproof.connection;

import java.net.InetAddress;
import java.net.UnknownHostException;

/** One address, or all that share its first bits: {@code 10.0.0.0/8}, {@code ::1}. Never asks a name server. */
record AddressBlock(byte[] address, int bits) {

    /** @throws IllegalArgumentException when it is neither an address nor a CIDR block */
    static AddressBlock parse(String text) {
        int slash = text.indexOf('/');
        byte[] address = literal(slash < 0 ? text : text.substring(0, slash));
        try {
            int bits = slash < 0 ? address.length * 8 : Integer.parseInt(text.substring(slash + 1));
            if (bits < 0 || bits > address.length * 8) {
                throw new NumberFormatException();
            }
            return new AddressBlock(address, bits);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("'" + text + "' is no address block such as 10.0.0.0/8", e);
        }
    }

    private static byte[] literal(String text) {
        boolean looksLikeAddress = !text.isEmpty()
                && text.chars().allMatch(c -> Character.digit(c, 16) >= 0 || c == '.' || c == ':')
                && (text.indexOf(':') >= 0 || text.chars().filter(c -> c == '.').count() == 3);
        if (!looksLikeAddress) {
            throw new IllegalArgumentException("'" + text + "' is no address");
        }
        try {
            return InetAddress.getByName(text).getAddress();
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException("'" + text + "' is no address", e);
        }
    }

    boolean contains(InetAddress other) {
        byte[] bytes = other.getAddress();
        if (bytes.length != address.length) {
            return false;
        }
        for (int bit = 0; bit < bits; bit++) {
            int mask = 0x80 >> (bit & 7);
            if (((bytes[bit >> 3] ^ address[bit >> 3]) & mask) != 0) {
                return false;
            }
        }
        return true;
    }
}
