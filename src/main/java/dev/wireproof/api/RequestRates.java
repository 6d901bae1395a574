package dev.wireproof.api;

import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.LoadingCache;
import dev.wireproof.access.Caller;
import io.github.bucket4j.Bucket;
import io.github.bucket4j.TimeMeter;
import java.time.Duration;
import java.util.UUID;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.stereotype.Component;

/** So many requests a second for one token. Any thread may ask. */
@Component
class RequestRates {
    private static final int TOKENS = 10_000;

    private final LoadingCache<UUID, Bucket> buckets;

    @Autowired
    RequestRates(ApiSettings settings) {
        this(settings.rate(), TimeMeter.SYSTEM_NANOTIME);
    }

    RequestRates(int perSecond, TimeMeter time) {
        this.buckets = Caffeine.newBuilder()
                .maximumSize(TOKENS)
                .expireAfterAccess(Duration.ofMinutes(1))
                .build(_ -> Bucket.builder()
                        .addLimit(limit -> limit.capacity(perSecond).refillGreedy(perSecond, Duration.ofSeconds(1)))
                        .withCustomTimePrecision(time)
                        .build());
    }

    /** Counts one request. @return how long to wait for the next place, in ns; 0 when this one has its place */
    long take(Caller caller) {
        var probe = buckets.get(caller.tokenId()).tryConsumeAndReturnRemaining(1);
        return probe.isConsumed() ? 0 : Math.max(1, probe.getNanosToWaitForRefill());
    }
}
