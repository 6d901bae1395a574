package dev.wireproof.fleet;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Ticker;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Counts refused Auths by address. Many machines share one address (a site's NAT), so an address that failed too often is never shut out:
 * its Auths are only checked two at a time, which bounds what a flood can cost, and keys that passed before are not even held up by that.
 */
final class AuthFailures {
    private static final Duration WINDOW = Duration.ofMinutes(1);
    private static final int ADDRESSES = 50_000;
    private static final int GOOD_KEYS = 100_000;
    private static final int CHECKS_AT_ONCE = 2;

    private final int allowed;
    private final Cache<String, AtomicInteger> failures;
    /** Keys that passed, by a hash of theirs: 8 bytes of entry, no secret. */
    private final Cache<Long, Boolean> goodKeys;

    private final Semaphore suspects = new Semaphore(CHECKS_AT_ONCE);

    AuthFailures(int allowed, Ticker ticker) {
        this.allowed = allowed;
        this.failures = Caffeine.newBuilder()
                .ticker(ticker)
                .expireAfterWrite(WINDOW)
                .maximumSize(ADDRESSES)
                .build();
        this.goodKeys = Caffeine.newBuilder().maximumSize(GOOD_KEYS).build();
    }

    boolean tooMany(String address) {
        AtomicInteger count = failures.getIfPresent(address);
        return count != null && count.get() >= allowed;
    }

    /** @return how many there were in this window, this one included */
    int failed(String address) {
        return failures.get(address, unused -> new AtomicInteger()).incrementAndGet();
    }

    /** @return whether this is the failure at which the limit is reached: worth one line in the audit log */
    boolean limitReachedAt(int count) {
        return count == allowed;
    }

    void passed(long fingerprint) {
        goodKeys.put(fingerprint, Boolean.TRUE);
    }

    boolean passedBefore(long fingerprint) {
        return goodKeys.getIfPresent(fingerprint) != null;
    }

    /** @return false: refuse without a look at the database; true: check, then {@link #checked()} */
    boolean mayCheckSuspect() {
        return suspects.tryAcquire();
    }

    void checked() {
        suspects.release();
    }
}
