package dev.wireproof.access;

import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.LoadingCache;
import dev.wireproof.background.RepeatingTask;
import dev.wireproof.identity.IdentityProvider;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.ObjectProvider;
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
    private static final int CACHED_OF_PEOPLE = 2_000;
    private static final Duration NOTE_USES_EACH = Duration.ofSeconds(20);

    private final ApiTokenRows rows;
    private final InstantSource clock;
    private final @Nullable IdentityProvider provider;
    private final LoadingCache<ByteBuffer, Looked> known;
    /** By the provider's token, which is some kilobytes long. */
    private final LoadingCache<String, Looked> vouched;
    /** How often rights were given or taken away here: what was read before the last time is read again. */
    private final AtomicLong changes = new AtomicLong();

    /** Bounded by the number of tokens: only those that passed are noted. */
    private final Map<UUID, Instant> used = new ConcurrentHashMap<>();

    private volatile @Nullable RepeatingTask task;

    TokenCheck(ApiTokenRows rows, InstantSource clock, ObjectProvider<IdentityProvider> provider) {
        IdentityProvider people = provider.getIfAvailable();
        this.rows = rows;
        this.provider = people;
        this.clock = clock;
        this.known = cache(CACHED).build(hash -> looked(() -> read(hash)));
        this.vouched = cache(CACHED_OF_PEOPLE).build(jwt -> looked(() -> vouchedFor(people, jwt)));
    }

    private static Caffeine<Object, Object> cache(int size) {
        return Caffeine.newBuilder()
                .maximumSize(size)
                .refreshAfterWrite(REFRESH_AFTER)
                .expireAfterWrite(FORGET_AFTER)
                .executor(task -> Thread.ofVirtual().name("token-refresh").start(task));
    }

    private record Known(Caller caller, @Nullable Instant expiresAt) {}

    /** @param asOf the number of changes when the look began: a revocation may overtake the answer of the database */
    private record Looked(long asOf, Optional<Known> found) {}

    private Looked looked(Supplier<Optional<Known>> look) {
        long asOf = changes.get();
        return new Looked(asOf, look.get());
    }

    private <K> Optional<Known> current(LoadingCache<K, Looked> cache, K key) {
        Looked looked = cache.get(key);
        if (looked.asOf() != changes.get()) {
            cache.asMap().remove(key, looked);
            looked = cache.get(key);
        }
        return looked.found();
    }

    /**
     * @param secret one of our own, or a token of the identity provider
     * @return empty for an unknown, revoked or expired secret
     * @throws dev.wireproof.identity.IdentityProviderAwayException when its keys cannot be read: that is no refusal
     * @throws org.springframework.dao.DataAccessException when the store cannot be asked: that is no refusal
     */
    public Optional<Caller> callerWith(String secret) {
        IdentityProvider people = provider;
        Optional<Known> found = people != null && IdentityProvider.looksLikeOne(secret)
                ? current(vouched, secret)
                : current(known, ByteBuffer.wrap(Secrets.hash(secret)));
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
                .map(token -> new Known(caller(token), token.expiresAt()));
    }

    /** Each time anew: the provider's keys may have changed, and so may have what this server grants the person. */
    private Optional<Known> vouchedFor(@Nullable IdentityProvider people, String jwt) {
        return people == null
                ? Optional.empty()
                : people.person(jwt)
                        .flatMap(person -> rows.findByIssuerAndSubjectAndRevokedAtIsNull(
                                        person.issuer(), person.subject())
                                .map(ApiTokens::token)
                                .map(token -> new Known(caller(token), earlier(person.until(), token.expiresAt()))));
    }

    private static Instant earlier(Instant one, @Nullable Instant other) {
        return other != null && other.isBefore(one) ? other : one;
    }

    /** What a person signed in for is the person's own doing: two of these tokens are not two people. */
    private static Caller caller(ApiTokens.ApiToken token) {
        UUID person = token.personId();
        return new Caller(person == null ? token.id() : person, token.name(), token.role(), token.sites());
    }

    /** The next request of each token is checked against its row. */
    void forget() {
        changes.incrementAndGet();
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
