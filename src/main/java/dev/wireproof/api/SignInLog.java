package dev.wireproof.api;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.wireproof.access.AuditEntry;
import dev.wireproof.access.AuditLog;
import dev.wireproof.access.Caller;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import org.springframework.stereotype.Component;

/**
 * Tells the audit log from where each token is used. A token has no session, so its sign-in is its first request from an address; another
 * one from there an hour later is a new one. That keeps a busy token at one line an hour.
 */
@Component
class SignInLog {
    private static final Duration ONE_LASTS = Duration.ofHours(1);
    private static final int REMEMBERED = 50_000;

    private final AuditLog audit;
    private final Cache<Use, Boolean> known = Caffeine.newBuilder()
            .expireAfterWrite(ONE_LASTS)
            .maximumSize(REMEMBERED)
            .build();

    private record Use(UUID token, String address) {}

    SignInLog(AuditLog audit) {
        this.audit = audit;
    }

    /** Does not block. @param address of the client, as the server believes it */
    void note(Caller caller, String address) {
        Use use = new Use(caller.tokenId(), address);
        if (known.getIfPresent(use) == null && known.asMap().putIfAbsent(use, true) == null) {
            audit.recordSoon(new AuditEntry(
                    caller.name(),
                    caller.tokenId(),
                    "api.sign_in",
                    "/api/v1/api-tokens/" + caller.tokenId(),
                    null,
                    use.address(),
                    "ok",
                    Map.of("role", caller.role().wireName())));
        }
    }
}
