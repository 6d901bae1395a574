package dev.wireproof.access;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Ticker;
import dev.wireproof.identity.IdentityProvider;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Counts refused API tokens, by the address that showed them and by how they begin. Many callers share one address, and whoever knows the
 * beginning of a good token could use it up, so nobody is shut out by such a count: beyond it unknown tokens are only checked a few at a
 * time, which bounds what a flood can cost, and tokens that passed before are not even held up by that.
 */
public final class TokenFailures {
    private static final Duration WINDOW = Duration.ofMinutes(1);
    private static final int COUNTED = 50_000;
    private static final int GOOD = 100_000;
    private static final int CHECKS_AT_ONCE = 2;
    /** The part that is the same for all tokens, and six random characters: enough to tell tokens apart, of no use to guess one. */
    private static final int BEGINNING = Secrets.API_TOKEN.length() + 6;

    private final int allowed;
    private final Cache<String, AtomicInteger> failures;
    /** Tokens that passed, by a part of their hash: no secret. */
    private final Cache<Long, Boolean> good;

    private final Semaphore suspects = new Semaphore(CHECKS_AT_ONCE);

    /** @param allowed refusals a minute for one address or one beginning */
    public TokenFailures(int allowed, Ticker ticker) {
        this.allowed = allowed;
        this.failures = Caffeine.newBuilder()
                .ticker(ticker)
                .expireAfterWrite(WINDOW)
                .maximumSize(COUNTED)
                .build();
        this.good = Caffeine.newBuilder().maximumSize(GOOD).build();
    }

    /** Whether this token is one to be careful with. */
    public boolean suspect(String address, String secret) {
        return (over(byAddress(address)) || over(byBeginning(secret)))
                && good.getIfPresent(fingerprint(secret)) == null;
    }

    private boolean over(String key) {
        AtomicInteger count = failures.getIfPresent(key);
        return count != null && count.get() >= allowed;
    }

    /** What a refusal is to the audit log: the first of an address in a minute has a line, and that with which it reaches its limit. */
    public enum Refusal {
        FIRST,
        ONE_MORE,
        AT_LIMIT
    }

    public Refusal failed(String address, String secret) {
        failures.get(byBeginning(secret), _ -> new AtomicInteger()).incrementAndGet();
        int count = failures.get(byAddress(address), _ -> new AtomicInteger()).incrementAndGet();
        return count == allowed ? Refusal.AT_LIMIT : count == 1 ? Refusal.FIRST : Refusal.ONE_MORE;
    }

    /** It is good, so no count holds it up from now on. It is still checked each time. */
    public void passed(String secret) {
        good.put(fingerprint(secret), Boolean.TRUE);
    }

    /** @return false: refuse without a look at the database; true: check, then {@link #checked()} */
    public boolean mayCheckSuspect() {
        return suspects.tryAcquire();
    }

    /** Gives the place back. */
    public void checked() {
        suspects.release();
    }

    private static String byAddress(String address) {
        return "from " + address;
    }

    private static String byBeginning(String secret) {
        // Tokens of an identity provider all begin alike; what tells them apart is their signature.
        String own = IdentityProvider.looksLikeOne(secret) ? secret.substring(secret.lastIndexOf('.') + 1) : secret;
        return "like " + own.substring(0, Math.min(BEGINNING, own.length()));
    }

    private static long fingerprint(String secret) {
        return ByteBuffer.wrap(Secrets.hash(secret)).getLong();
    }
}
