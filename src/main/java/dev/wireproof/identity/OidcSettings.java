package dev.wireproof.identity;

import java.net.URI;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * The identity provider that people sign in with.
 *
 * @param issuer exactly as it writes itself into its tokens, such as {@code https://id.example.com/realms/it}; null: there is none, and
 *     people show API tokens
 * @param audience what a token must be made for; needed with an issuer
 * @param clientId this server, as the provider knows it; needed with a login address
 * @param clientSecret null for a public client; the code is bound by PKCE either way
 * @param loginUrl where the provider sends people back to, {@code https://…/login/callback}; null: nobody signs in by browser here
 * @param allowPrivateAddresses whether the provider may stand at a private or loopback address, and speak http at a loopback one
 */
@ConfigurationProperties("wireproof.oidc")
public record OidcSettings(
        @Nullable String issuer,
        @Nullable String audience,
        @Nullable String clientId,
        @Nullable String clientSecret,
        @Nullable URI loginUrl,
        @DefaultValue("false") boolean allowPrivateAddresses) {
    /** Where people come back to; the part behind the host is fixed. */
    public static final String CALLBACK = "/login/callback";

    public OidcSettings {
        issuer = given(issuer);
        audience = given(audience);
        clientId = given(clientId);
        clientSecret = given(clientSecret);
        if (issuer != null) {
            URI address = uri(issuer);
            if (address == null || address.getHost() == null || !web(address) || address.getQuery() != null) {
                throw new IllegalArgumentException(
                        "wireproof.oidc.issuer (%s) must be an https address without a query, such as https://id.example.com"
                                .formatted(issuer));
            }
            if (audience == null) {
                throw new IllegalArgumentException(
                        "wireproof.oidc.audience must be set with wireproof.oidc.issuer: tokens for others must not count here");
            }
        }
        if (loginUrl != null) {
            if (loginUrl.getHost() == null || !web(loginUrl) || !CALLBACK.equals(loginUrl.getPath())) {
                throw new IllegalArgumentException(
                        "wireproof.oidc.login-url (%s) must be an https address that ends in %s, such as https://rmm.example.com%s"
                                .formatted(loginUrl, CALLBACK, CALLBACK));
            }
            if (issuer == null || clientId == null) {
                throw new IllegalArgumentException(
                        "wireproof.oidc.login-url needs wireproof.oidc.issuer and wireproof.oidc.client-id");
            }
        }
    }

    private static @Nullable String given(@Nullable String value) {
        return value == null || value.isBlank() ? null : value;
    }

    private static @Nullable URI uri(String text) {
        try {
            return URI.create(text);
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    private static boolean web(URI address) {
        return "https".equals(address.getScheme()) || "http".equals(address.getScheme());
    }

    /** Without the secret. */
    @Override
    public String toString() {
        return "OidcSettings[issuer=%s, audience=%s, clientId=%s, loginUrl=%s, allowPrivateAddresses=%s]"
                .formatted(issuer, audience, clientId, loginUrl, allowPrivateAddresses);
    }
}
