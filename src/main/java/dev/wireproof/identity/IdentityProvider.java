package dev.wireproof.identity;

import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.jwk.source.JWKSource;
import com.nimbusds.jose.jwk.source.JWKSourceBuilder;
import com.nimbusds.jose.jwk.source.RateLimitReachedException;
import com.nimbusds.jose.proc.DefaultJOSEObjectTypeVerifier;
import com.nimbusds.jose.proc.JWSVerificationKeySelector;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jose.util.Resource;
import com.nimbusds.jwt.proc.DefaultJWTProcessor;
import java.io.IOException;
import java.io.InputStream;
import java.net.MalformedURLException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import org.apache.hc.client5.http.classic.methods.HttpGet;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.jspecify.annotations.Nullable;
import org.springframework.http.client.ClientHttpRequestFactory;
import org.springframework.http.client.HttpComponentsClientHttpRequestFactory;
import org.springframework.security.oauth2.core.DelegatingOAuth2TokenValidator;
import org.springframework.security.oauth2.core.OAuth2Error;
import org.springframework.security.oauth2.core.OAuth2TokenValidator;
import org.springframework.security.oauth2.core.OAuth2TokenValidatorResult;
import org.springframework.security.oauth2.jwt.BadJwtException;
import org.springframework.security.oauth2.jwt.Jwt;
import org.springframework.security.oauth2.jwt.JwtDecoder;
import org.springframework.security.oauth2.jwt.JwtException;
import org.springframework.security.oauth2.jwt.JwtIssuerValidator;
import org.springframework.security.oauth2.jwt.JwtTimestampValidator;
import org.springframework.security.oauth2.jwt.NimbusJwtDecoder;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The identity provider that the operator configured, and no other. It is described by its own document (OpenID Connect Discovery 1.0),
 * read when it is first needed, so that a provider that is away keeps no server from starting. Its keys come from where that document
 * says and from nowhere that a token names. Methods may block for seconds, and may be called by many threads.
 */
public final class IdentityProvider implements AutoCloseable {
    /** What providers sign with. Neither {@code none} nor a secret that both sides know: a public key must never count as one. */
    private static final Set<JWSAlgorithm> ALGORITHMS =
            Set.of(JWSAlgorithm.RS256, JWSAlgorithm.PS256, JWSAlgorithm.ES256);

    private static final Duration CLOCKS_DIFFER_BY = Duration.ofSeconds(30);
    private static final Duration DESCRIBED_FOR = Duration.ofHours(1);
    private static final Duration ASK_AGAIN_AFTER = Duration.ofSeconds(5);
    private static final int MOST_BYTES = 256 * 1024;
    private static final int LONGEST_TOKEN = 8_192;
    private static final int LONGEST_SUBJECT = 255;
    private static final JsonMapper JSON = JsonMapper.shared();

    private final OidcSettings settings;
    private final String issuer;
    private final InstantSource clock;
    private final OutboundAddresses addresses;
    private final CloseableHttpClient http;
    private final ReentrantLock asking = new ReentrantLock();
    private volatile @Nullable Described described;
    private @Nullable Instant failedAt; // guarded by asking
    private @Nullable IdentityProviderAwayException failure; // guarded by asking

    public IdentityProvider(OidcSettings settings, String issuer, InstantSource clock) {
        this.settings = settings;
        this.issuer = issuer;
        this.clock = clock;
        this.addresses = new OutboundAddresses(settings.allowPrivateAddresses());
        this.http = OutboundCalls.client(addresses);
    }

    /**
     * What the provider says of itself.
     *
     * @param authorization where people are sent to sign in
     * @param token where their code is given for a token
     */
    public record Endpoints(URI authorization, URI token, String keys) {}

    private record Described(Endpoints endpoints, NimbusJwtDecoder anyAudience, Instant at) {}

    /** Whether this may be a token of a provider: {@link #person} decides. */
    public static boolean looksLikeOne(String secret) {
        return secret.startsWith("eyJ")
                && secret.length() <= LONGEST_TOKEN
                && secret.chars().filter(c -> c == '.').count() == 2;
    }

    /**
     * @return whom the token speaks of; empty when it is not this provider's, not for this server, forged, or over
     * @throws IdentityProviderAwayException when the keys cannot be read
     */
    public Optional<Person> person(String token) {
        try {
            Jwt jwt = described().anyAudience().decode(token);
            Instant until = jwt.getExpiresAt();
            String subject = jwt.getSubject();
            if (until == null
                    || subject == null
                    || !forThisServer().validate(jwt).getErrors().isEmpty()) {
                return Optional.empty();
            }
            return Optional.of(new Person(issuer, subject, until));
        } catch (BadJwtException refused) {
            return Optional.empty();
        } catch (JwtException away) {
            if (askedTooOften(away)) {
                return Optional.empty(); // a key that nobody knows, again
            }
            throw new IdentityProviderAwayException("the keys of " + issuer + " cannot be read", away);
        }
    }

    private static boolean askedTooOften(Throwable thrown) {
        for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
            if (cause instanceof RateLimitReachedException) {
                return true;
            }
        }
        return false;
    }

    private OAuth2TokenValidator<Jwt> forThisServer() {
        return jwt -> jwt.getAudience() != null && jwt.getAudience().contains(settings.audience())
                ? OAuth2TokenValidatorResult.success()
                : OAuth2TokenValidatorResult.failure(new OAuth2Error("invalid_token", "not for this server", null));
    }

    /** What the provider says of itself. @throws IdentityProviderAwayException when it does not */
    public Endpoints endpoints() {
        return described().endpoints();
    }

    /** Checks signature, issuer and time of the provider's tokens; whom they are for is the caller's to check. */
    public JwtDecoder decoder(OAuth2TokenValidator<Jwt> more) {
        NimbusJwtDecoder decoder = decoder(described().endpoints().keys());
        decoder.setJwtValidator(new DelegatingOAuth2TokenValidator<>(basics(), more));
        return decoder;
    }

    /** For Spring's own calls to the provider: the same limits on where they go. */
    public ClientHttpRequestFactory requests() {
        HttpComponentsClientHttpRequestFactory factory = new HttpComponentsClientHttpRequestFactory(http);
        return (uri, method) -> factory.createRequest(addresses.checked(uri), method);
    }

    private Described described() {
        Described known = described;
        if (known != null && !over(known)) {
            return known;
        }
        asking.lock();
        try {
            known = described;
            if (known != null && !over(known)) {
                return known;
            }
            Instant now = clock.instant();
            if (failure != null && failedAt != null && now.isBefore(failedAt.plus(ASK_AGAIN_AFTER))) {
                return kept(known, failure);
            }
            try {
                Described read = read(now);
                described = read;
                failure = null;
                return read;
            } catch (IOException | RuntimeException e) {
                failedAt = now;
                failure = new IdentityProviderAwayException(
                        "the identity provider %s cannot be used: %s".formatted(issuer, e.getMessage()), e);
                return kept(known, failure);
            }
        } finally {
            asking.unlock();
        }
    }

    private boolean over(Described known) {
        return clock.instant().isAfter(known.at().plus(DESCRIBED_FOR));
    }

    /** An old description is still the provider's own: it counts until it can be read anew. */
    private static Described kept(@Nullable Described known, IdentityProviderAwayException away) {
        if (known == null) {
            throw away;
        }
        return known;
    }

    private Described read(Instant now) throws IOException {
        String base = issuer.endsWith("/") ? issuer.substring(0, issuer.length() - 1) : issuer;
        JsonNode document = json(get(URI.create(base + "/.well-known/openid-configuration")));
        if (!issuer.equals(document.path("issuer").asString(""))) {
            throw new IOException("it calls itself %s".formatted(document.path("issuer")));
        }
        URI keys = endpoint(document, "jwks_uri");
        Endpoints endpoints = new Endpoints(
                endpoint(document, "authorization_endpoint"), endpoint(document, "token_endpoint"), keys.toString());
        Described known = described;
        NimbusJwtDecoder decoder = known != null && known.endpoints().keys().equals(endpoints.keys())
                ? known.anyAudience()
                : decoder(endpoints.keys());
        return new Described(endpoints, decoder, now);
    }

    private URI endpoint(JsonNode document, String name) throws IOException {
        try {
            return addresses.checked(new URI(document.path(name).asString("")));
        } catch (URISyntaxException e) {
            throw new IOException(name + " is no address", e);
        }
    }

    private static JsonNode json(String text) throws IOException {
        try {
            return JSON.readTree(text);
        } catch (JacksonException e) {
            throw new IOException("its description is no JSON", e);
        }
    }

    private NimbusJwtDecoder decoder(String keys) {
        DefaultJWTProcessor<SecurityContext> processor = new DefaultJWTProcessor<>();
        processor.setJWSTypeVerifier(
                new DefaultJOSEObjectTypeVerifier<>(JOSEObjectType.JWT, new JOSEObjectType("at+jwt"), null));
        processor.setJWSKeySelector(new JWSVerificationKeySelector<>(ALGORITHMS, keySource(keys)));
        processor.setJWTClaimsSetVerifier((claims, context) -> {}); // by the validators below, with our clock
        NimbusJwtDecoder decoder = new NimbusJwtDecoder(processor);
        decoder.setJwtValidator(basics());
        return decoder;
    }

    /** Keeps keys for minutes, asks for one that it does not know at most twice a minute, and bridges half an hour's outage. */
    private JWKSource<SecurityContext> keySource(String keys) {
        try {
            return JWKSourceBuilder.create(url(keys), url -> new Resource(get(uri(url)), "application/jwk-set+json"))
                    .outageTolerant(Duration.ofMinutes(30).toMillis())
                    .build();
        } catch (MalformedURLException e) {
            throw new IllegalStateException("it was checked to be one", e);
        }
    }

    private static URL url(String address) throws MalformedURLException {
        return URI.create(address).toURL();
    }

    private static URI uri(URL url) throws IOException {
        try {
            return url.toURI();
        } catch (URISyntaxException e) {
            throw new IOException(e);
        }
    }

    private OAuth2TokenValidator<Jwt> basics() {
        JwtTimestampValidator time = new JwtTimestampValidator(CLOCKS_DIFFER_BY);
        time.setClock(clock.withZone(ZoneOffset.UTC));
        time.setAllowEmptyExpiryClaim(false);
        return new DelegatingOAuth2TokenValidator<>(time, new JwtIssuerValidator(issuer), IdentityProvider::subject);
    }

    private static OAuth2TokenValidatorResult subject(Jwt jwt) {
        String subject = jwt.getSubject();
        boolean fit = subject != null
                && !subject.isEmpty()
                && subject.length() <= LONGEST_SUBJECT
                && subject.chars().noneMatch(Character::isISOControl);
        return fit
                ? OAuth2TokenValidatorResult.success()
                : OAuth2TokenValidatorResult.failure(new OAuth2Error("invalid_token", "no usable sub", null));
    }

    private String get(URI address) throws IOException {
        return http.execute(new HttpGet(addresses.checked(address)), answer -> {
            if (answer.getCode() != 200) {
                throw new IOException("%s answered %d".formatted(address, answer.getCode()));
            }
            if (answer.getEntity() == null) {
                throw new IOException(address + " answered nothing");
            }
            try (InputStream body = answer.getEntity().getContent()) {
                byte[] read = body.readNBytes(MOST_BYTES + 1);
                if (read.length > MOST_BYTES) {
                    throw new IOException("%s answered more than %d bytes".formatted(address, MOST_BYTES));
                }
                return new String(read, StandardCharsets.UTF_8);
            }
        });
    }

    @Override
    public void close() throws IOException {
        http.close();
    }
}
