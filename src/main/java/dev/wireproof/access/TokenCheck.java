package dev.wireproof.access;

import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.LoadingCache;
import dev.wireproof.background.RepeatingTask;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import org.springframework.core.NestedRuntimeException;
import org.springframework.stereotype.Component;

/**
 * Tells whose secret was shown with a request, from a small cache by the secret's hash: a busy token costs one read of its row every
 * two seconds, beside the request, and a revocation on another node counts after four at the latest.
 */
@Component
public class TokenCheck implements SmartLifecycle {
    private static final Logger log = LoggerFactory.getLogger(TokenCheck.class);
    private static final Duration REFRESH_AFTER = Duration.ofSeconds(2);
    private static final Duration FORGET_AFTER = Duration.ofSeconds(4);
    private static final int CACHED = 10_000;
    private static final Duration NOTE_USES_EACH = Duration.ofSeconds(20);

    private final ApiTokenRows rows;
    private final InstantSource clock;
    private final LoadingCache<ByteBuffer, Optional<Known>> known;
    /** Bounded by the number of tokens: only those that passed are noted. */
    private final Map<UUID, Instant> used = new ConcurrentHashMap<>();

    private volatile @Nullable RepeatingTask task;

    TokenCheck(ApiTokenRows rows, InstantSource clock) {
        this.rows = rows;
        this.clock = clock;
        this.known = Caffeine.newBuilder()
                .maximumSize(CACHED)
                .refreshAfterWrite(REFRESH_AFTER)
                .expireAfterWrite(FORGET_AFTER)
                .executor(task -> Thread.ofVirtual().name("token-refresh").start(task))
                .build(this::read);
    }

    private record Known(Caller caller, @Nullable Instant expiresAt) {}

    /**
     * @return empty for an unknown, revoked or expired secret
     * @throws org.springframework.dao.DataAccessException when the store cannot be asked: that is no refusal
     */
    public Optional<Caller> callerWith(String secret) {
        Optional<Known> found = known.get(ByteBuffer.wrap(Secrets.hash(secret)));
        if (found.isEmpty()) {
            return Optional.empty();
        }
        Instant now = clock.instant();
        Instant expires = found.get().expiresAt();
        if (expires != null && !expires.isAfter(now)) {
            return Optional.empty();
        }
        Caller caller = found.get().caller();
        used.put(caller.tokenId(), now);
        return Optional.of(caller);
    }

    private Optional<Known> read(ByteBuffer hash) {
        return rows.findBySecretHash(hash.array())
                .filter(row -> row.revokedAt == null)
                .map(ApiTokens::token)
                .map(token -> new Known(
                        new Caller(token.id(), token.name(), token.role(), token.sites()), token.expiresAt()));
    }

    /** The next request of each token is checked against its row. */
    void forget() {
        known.invalidateAll();
    }

    /** One round of the loop: writes down when tokens were last used. */
    void noteUses() {
        used.forEach((token, at) -> {
            rows.used(token, at);
            used.remove(token, at);
        });
    }

    @Override
    public void start() {
        task = RepeatingTask.start("token-uses", NOTE_USES_EACH, Duration.ofSeconds(2), this::noteUses);
    }

    @Override
    public void stop() {
        RepeatingTask running = task;
        if (running != null) {
            running.close();
            task = null;
            try {
                noteUses();
            } catch (NestedRuntimeException away) {
                log.atWarn().addKeyValue("cause", away.getMessage()).log("api_token.uses_not_noted");
            }
        }
    }

    @Override
    public boolean isRunning() {
        return task != null;
    }

    @Override
    public int getPhase() {
        return 0;
    }
}
