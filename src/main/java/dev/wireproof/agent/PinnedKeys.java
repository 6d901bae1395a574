package dev.wireproof.agent;

import dev.wireproof.protocol.ServerMessage.SigningKey;
import dev.wireproof.protocol.SigningKeys;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Which keys may sign commands for this agent. The first that a server tells are believed; from then on a new one counts only when one
 * that counts already signed for it, so that a server cannot bring in a key of its own.
 */
final class PinnedKeys {
    /** More than any honest rotation leaves. */
    private static final int MOST = 64;

    private PinnedKeys() {}

    /**
     * @param before public keys by their ids; empty: none were ever told
     * @return the same when the server told none, or none that counts; a key that it tells no more is not among them
     */
    static Map<String, String> after(Map<String, String> before, List<SigningKey> told) {
        List<SigningKey> open = new ArrayList<>(told.subList(0, Math.min(told.size(), MOST)));
        Map<String, String> counts = new TreeMap<>();
        boolean more = true;
        while (more) {
            more = open.removeIf(key -> {
                boolean taken = before.isEmpty() ? wellFormed(key) : known(before, key) || follows(before, counts, key);
                if (taken) {
                    counts.put(key.keyId(), key.publicKey());
                }
                return taken;
            });
        }
        return counts.isEmpty() ? before : counts;
    }

    private static boolean known(Map<String, String> before, SigningKey key) {
        return key.publicKey().equals(before.get(key.keyId()));
    }

    private static boolean follows(Map<String, String> before, Map<String, String> counts, SigningKey key) {
        String by = key.endorsedBy();
        String endorsement = key.endorsement();
        if (by == null || endorsement == null || !wellFormed(key)) {
            return false;
        }
        String endorser = before.getOrDefault(by, counts.get(by));
        return endorser != null
                && SigningKeys.verifies(endorser, SigningKeys.endorsement(key.publicKey()), endorsement);
    }

    private static boolean wellFormed(SigningKey key) {
        try {
            return SigningKeys.keyId(key.publicKey()).equals(key.keyId());
        } catch (IllegalArgumentException e) {
            return false;
        }
    }
}
