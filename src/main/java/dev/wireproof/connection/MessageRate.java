package dev.wireproof.connection;

/** A token bucket for the messages of one connection. Used by its reading thread only. */
final class MessageRate {
    private final int perSecond;
    private double tokens;
    private long lastNs;

    MessageRate(int perSecond) {
        this.perSecond = perSecond;
        this.tokens = 2.0 * perSecond;
    }

    /** @return false when the agent has sent too many */
    boolean take(long nowNs) {
        tokens = Math.min(2.0 * perSecond, tokens + (nowNs - lastNs) * 1e-9 * perSecond);
        lastNs = nowNs;
        if (tokens < 1) {
            return false;
        }
        tokens -= 1;
        return true;
    }
}
