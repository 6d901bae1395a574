package dev.wireproof.api;

import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.LoadingCache;
import dev.wireproof.access.Caller;
import io.github.bucket4j.Bucket;
import io.github.bucket4j.ConsumptionProbe;
import io.github.bucket4j.TimeMeter;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Duration;
import java.util.UUID;
import org.springframework.http.HttpStatus;
import org.springframework.web.filter.OncePerRequestFilter;

/** So many requests a second for one token, and 429 with the time to wait beyond it. */
final class RateLimit extends OncePerRequestFilter {
    private static final int TOKENS = 10_000;

    private final LoadingCache<UUID, Bucket> buckets;

    RateLimit(int perSecond, TimeMeter time) {
        this.buckets = Caffeine.newBuilder()
                .maximumSize(TOKENS)
                .expireAfterAccess(Duration.ofMinutes(1))
                .build(unused -> Bucket.builder()
                        .addLimit(limit -> limit.capacity(perSecond).refillGreedy(perSecond, Duration.ofSeconds(1)))
                        .withCustomTimePrecision(time)
                        .build());
    }

    @Override
    protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws ServletException, IOException {
        Caller caller = Callers.current();
        if (caller != null) {
            ConsumptionProbe probe = buckets.get(caller.tokenId()).tryConsumeAndReturnRemaining(1);
            if (!probe.isConsumed()) {
                ProblemWriter.write(request, response, tooMany(probe.getNanosToWaitForRefill()));
                return;
            }
        }
        chain.doFilter(request, response);
    }

    private static Problem tooMany(long waitNs) {
        long seconds = Math.max(1, Math.ceilDiv(waitNs, Duration.ofSeconds(1).toNanos()));
        return Problem.of(
                        HttpStatus.TOO_MANY_REQUESTS,
                        "rate-limited",
                        "This token makes more requests a second than the server allows.")
                .withHeader("Retry-After", Long.toString(seconds));
    }
}
