package dev.wireproof.api;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import jakarta.servlet.http.Cookie;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.http.ResponseCookie;
import org.springframework.security.oauth2.client.web.AuthorizationRequestRepository;
import org.springframework.security.oauth2.core.endpoint.OAuth2AuthorizationRequest;
import org.springframework.web.util.WebUtils;

/**
 * Sign-ins that people have begun and not ended: state, nonce and the secret half of PKCE, for five minutes and for once. A cookie ties
 * each to the browser that began it, so nobody can be led into somebody else's. No session: what is not ended is forgotten.
 */
final class PendingSignIns implements AuthorizationRequestRepository<OAuth2AuthorizationRequest> {
    static final String COOKIE = "wireproof-sign-in";
    private static final Duration WITHIN = Duration.ofMinutes(5);
    private static final int MOST = 1_000;
    private static final int KEY_BYTES = 32;
    private static final SecureRandom RANDOM = new SecureRandom();

    private final boolean secure;
    private final Cache<String, OAuth2AuthorizationRequest> begun =
            Caffeine.newBuilder().maximumSize(MOST).expireAfterWrite(WITHIN).build();

    /** @param secure whether people come by https, so that the cookie never leaves without */
    PendingSignIns(boolean secure) {
        this.secure = secure;
    }

    @Override
    public @Nullable OAuth2AuthorizationRequest loadAuthorizationRequest(HttpServletRequest request) {
        String key = key(request);
        OAuth2AuthorizationRequest found = key == null ? null : begun.getIfPresent(key);
        return found != null && found.getState() != null && found.getState().equals(request.getParameter("state"))
                ? found
                : null;
    }

    @Override
    public void saveAuthorizationRequest(
            @Nullable OAuth2AuthorizationRequest wanted, HttpServletRequest request, HttpServletResponse response) {
        if (wanted == null) {
            removeAuthorizationRequest(request, response);
            return;
        }
        byte[] bytes = new byte[KEY_BYTES];
        RANDOM.nextBytes(bytes);
        String key = HexFormat.of().formatHex(bytes);
        begun.put(key, wanted);
        cookie(response, key, WITHIN);
    }

    @Override
    public @Nullable OAuth2AuthorizationRequest removeAuthorizationRequest(
            HttpServletRequest request, HttpServletResponse response) {
        OAuth2AuthorizationRequest found = loadAuthorizationRequest(request);
        String key = key(request);
        if (found != null && key != null) {
            begun.invalidate(key);
            cookie(response, "", Duration.ZERO);
        }
        return found;
    }

    private static @Nullable String key(HttpServletRequest request) {
        Cookie cookie = WebUtils.getCookie(request, COOKIE);
        return cookie == null ? null : cookie.getValue();
    }

    /** Lax, because the provider sends people back by a link. */
    private void cookie(HttpServletResponse response, String value, Duration life) {
        response.addHeader(
                HttpHeaders.SET_COOKIE,
                ResponseCookie.from(COOKIE, value)
                        .httpOnly(true)
                        .secure(secure)
                        .sameSite("Lax")
                        .path("/login")
                        .maxAge(life)
                        .build()
                        .toString());
    }
}
