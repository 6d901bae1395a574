package dev.wireproof.connection;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Sockets on which nobody has authenticated yet, by address: one address may not take the places of all. Holds an entry only for addresses
 * that have such a socket. Any thread may call.
 */
final class Strangers {
    private final int most;
    private final Map<String, Integer> waiting = new ConcurrentHashMap<>();

    Strangers(int most) {
        this.most = most;
    }

    /** Whether the address has all the places that it may have. */
    boolean crowd(String address) {
        return waiting.getOrDefault(address, 0) >= most;
    }

    void came(String address) {
        waiting.merge(address, 1, Integer::sum);
    }

    /** It authenticated, or it left before. Called once for each that came. */
    void known(String address) {
        waiting.computeIfPresent(address, (_, count) -> count == 1 ? null : count - 1);
    }
}
