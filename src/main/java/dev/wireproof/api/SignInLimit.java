package dev.wireproof.api;

import com.github.benmanes.caffeine.cache.Ticker;
import dev.wireproof.access.AuditEntry;
import dev.wireproof.access.AuditLog;
import dev.wireproof.access.TokenCheck;
import dev.wireproof.access.TokenFailures;
import jakarta.servlet.http.HttpServletRequest;
import java.util.Map;
import org.springframework.http.HttpStatus;
import org.springframework.stereotype.Component;

/** What becomes of tokens from where too many were wrong: see {@link TokenFailures}. */
@Component
class SignInLimit {
    private static final int WAIT_S = 60;

    private final TokenFailures failures;
    private final TokenCheck tokens;
    private final AuditLog audit;

    SignInLimit(ApiSettings settings, TokenCheck tokens, AuditLog audit) {
        this.failures = new TokenFailures(settings.failedSignIns(), Ticker.systemTicker());
        this.tokens = tokens;
        this.audit = audit;
    }

    /** Whether so many were wrong of late that this one is not looked up as others are. */
    boolean suspect(HttpServletRequest request, String secret) {
        return failures.suspect(request.getRemoteAddr(), secret);
    }

    /**
     * For a suspect only. Blocks on the database, but never for more than a few at a time.
     *
     * @return whether it is good all the same
     */
    boolean good(String secret) {
        if (!failures.mayCheckSuspect()) {
            return false;
        }
        try {
            return tokens.callerWith(secret).isPresent();
        } finally {
            failures.checked();
        }
    }

    void passed(String secret) {
        failures.passed(secret);
    }

    void failed(HttpServletRequest request, String secret) {
        switch (failures.failed(request.getRemoteAddr(), secret)) {
            case FIRST -> note(request, "api.sign_in_refused", "401");
            case AT_LIMIT -> note(request, "api.sign_in_limited", "429");
            case ONE_MORE -> {}
        }
    }

    private void note(HttpServletRequest request, String action, String result) {
        audit.recordSoon(new AuditEntry(
                "unknown", null, action, request.getRequestURI(), null, request.getRemoteAddr(), result, Map.of()));
    }

    static Problem tooMany() {
        return Problem.of(
                        HttpStatus.TOO_MANY_REQUESTS,
                        "too-many-failed-sign-ins",
                        "Too many tokens from this address, or that begin like this one, were not valid.")
                .withHeader("Retry-After", Integer.toString(WAIT_S));
    }
}
