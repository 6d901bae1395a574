package dev.wireproof.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.sun.net.httpserver.HttpServer;
import dev.wireproof.testkit.Shows;
import dev.wireproof.testkit.SteppingClock;
import dev.wireproof.testkit.TestIdentityProvider;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Date;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A provider that answers what it should not, or nothing. */
class IdentityProviderIT {
    private static final String DESCRIPTION = "/.well-known/openid-configuration";

    private final Map<String, Answer> answers = new ConcurrentHashMap<>();
    private final AtomicInteger keysRead = new AtomicInteger();
    private final SteppingClock clock = new SteppingClock();
    private HttpServer http;
    private String issuer;
    private RSAKey key;
    private IdentityProvider provider;

    private record Answer(int status, String body, String location) {
        Answer(String body) {
            this(200, body, "");
        }
    }

    @BeforeEach
    void start() throws IOException, JOSEException {
        http = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        issuer = "http://127.0.0.1:" + http.getAddress().getPort();
        key = new RSAKeyGenerator(2048).keyID("one").generate();
        http.createContext("/", exchange -> {
            String path = exchange.getRequestURI().getPath();
            if (path.equals("/keys")) {
                keysRead.incrementAndGet();
            }
            Answer answer = answers.getOrDefault(path, new Answer(404, "", ""));
            if (!answer.location().isEmpty()) {
                exchange.getResponseHeaders().set("Location", answer.location());
            }
            byte[] body = answer.body().getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(answer.status(), body.length == 0 ? -1 : body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        http.start();
        answers.put(DESCRIPTION, new Answer(description(issuer, issuer + "/keys")));
        answers.put("/keys", new Answer(new JWKSet(key).toPublicJWKSet().toString()));
        provider = provider(true);
    }

    @AfterEach
    void stop() throws IOException {
        provider.close();
        http.stop(0);
    }

    private IdentityProvider provider(boolean privateToo) {
        return new IdentityProvider(new OidcSettings(issuer, "api", null, null, null, privateToo), issuer, clock);
    }

    private String description(String name, String keys) {
        return "{\"issuer\":\"%s\",\"jwks_uri\":\"%s\",\"authorization_endpoint\":\"%s/a\",\"token_endpoint\":\"%s/t\"}"
                .formatted(name, keys, issuer, issuer);
    }

    private String token() {
        return token(key);
    }

    private String token(RSAKey with) {
        return TestIdentityProvider.sign(
                new JWSHeader.Builder(JWSAlgorithm.RS256).keyID(with.getKeyID()).build(),
                new JWTClaimsSet.Builder()
                        .issuer(issuer)
                        .audience("api")
                        .subject("ada")
                        .expirationTime(Date.from(clock.instant().plusSeconds(300)))
                        .build(),
                with);
    }

    @Test
    void whom_a_good_token_speaks_of_is_known_until_it_is_over() {
        String token = token();
        assertThat(provider.person(token))
                .contains(new Person(issuer, "ada", clock.instant().plusSeconds(300)));
        clock.step(Duration.ofSeconds(331));
        assertThat(provider.person(token))
                .as("half a minute's difference of clocks, no more")
                .isEmpty();
    }

    @Test
    void a_new_key_is_fetched_and_unknown_ones_do_not_make_it_ask_each_time() throws JOSEException {
        assertThat(provider.person(token())).isPresent();
        int before = keysRead.get();
        for (int i = 0; i < 20; i++) {
            assertThat(provider.person(
                            token(new RSAKeyGenerator(2048).keyID("unknown" + i).generate())))
                    .isEmpty();
        }
        assertThat(keysRead.get() - before).isLessThanOrEqualTo(2);
        assertThat(provider.person(token())).as("others are not held up").isPresent();
    }

    @Test
    void a_provider_that_is_away_is_no_refusal_and_is_asked_again_when_it_is_back() {
        Answer good = answers.get(DESCRIPTION);
        answers.put(DESCRIPTION, new Answer(503, "", ""));
        assertThatThrownBy(() -> provider.person(token()))
                .isInstanceOf(IdentityProviderAwayException.class)
                .hasMessageContaining(issuer)
                .hasMessageContaining("answered 503");
        answers.put(DESCRIPTION, good);
        assertThatThrownBy(() -> provider.person(token()))
                .as("not with each request")
                .isInstanceOf(IdentityProviderAwayException.class);
        clock.step(Duration.ofSeconds(6));
        assertThat(provider.person(token())).isPresent();
    }

    @Test
    @Shows("S6")
    void what_calls_itself_something_else_or_sends_elsewhere_is_not_the_provider() {
        answers.put(DESCRIPTION, new Answer(description(issuer + "/", issuer + "/keys")));
        refused("it calls itself");
        answers.put("/elsewhere", new Answer(description(issuer, issuer + "/keys")));
        answers.put(DESCRIPTION, new Answer(302, "", issuer + "/elsewhere"));
        refused("answered 302");
        answers.put(DESCRIPTION, new Answer(description(issuer, "http://keys.example.com/keys")));
        refused("no https address");
        answers.put(DESCRIPTION, new Answer(description(issuer, "file:///etc/passwd")));
        refused("no https address");
        answers.put(DESCRIPTION, new Answer("<html>"));
        refused("no JSON");
        answers.put(DESCRIPTION, new Answer("x".repeat(300_000)));
        refused("more than");
    }

    private void refused(String why) {
        clock.step(Duration.ofSeconds(6));
        assertThatThrownBy(() -> provider.person(token()))
                .isInstanceOf(IdentityProviderAwayException.class)
                .hasMessageContaining(why);
    }

    @Test
    void keys_that_come_by_a_redirect_are_not_read() {
        answers.put("/others", answers.get("/keys"));
        answers.put("/keys", new Answer(307, "", issuer + "/others"));
        assertThatThrownBy(() -> provider.person(token())).isInstanceOf(IdentityProviderAwayException.class);
    }

    @Test
    @Shows("S49")
    void nothing_private_is_called_unless_the_operator_allows_it() throws IOException {
        try (IdentityProvider strict = provider(false)) {
            assertThatThrownBy(() -> strict.person(token()))
                    .isInstanceOf(IdentityProviderAwayException.class)
                    .hasMessageContaining("no https address");
        }
        OutboundAddresses addresses = new OutboundAddresses(false);
        assertThatThrownBy(() -> addresses.resolved("localhost"))
                .isInstanceOf(UnknownHostException.class)
                .hasMessageContaining("wireproof.oidc.allow-private-addresses");
        assertThatThrownBy(() -> addresses.checked(URI.create("https://user@example.com/")))
                .isInstanceOf(UnknownHostException.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.0.1", "169.254.169.254", "0.0.0.0", "100.64.0.1",
                "198.18.0.1", "224.0.0.1", "255.255.255.255", "::1", "fe80::1", "fd00::1", "::ffff:127.0.0.1",
                "64:ff9b::7f00:1", "2002:7f00:1::", "::127.0.0.1", "2001::1"
            })
    @Shows("S49")
    void this_machine_its_neighbours_and_addresses_that_hide_them_are_not_public(String address)
            throws UnknownHostException {
        assertThat(OutboundAddresses.isPublic(InetAddress.getByName(address))).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"93.184.216.34", "8.8.8.8", "2606:4700::1111", "2001:4860:4860::8888"})
    void the_internet_is(String address) throws UnknownHostException {
        assertThat(OutboundAddresses.isPublic(InetAddress.getByName(address))).isTrue();
    }

    @Test
    void settings_that_do_not_fit_are_named() {
        assertThatThrownBy(() -> new OidcSettings("id.example.com", "api", null, null, null, false))
                .hasMessageContaining("wireproof.oidc.issuer (id.example.com) must be an https address");
        assertThatThrownBy(() -> new OidcSettings("https://id.example.com", " ", null, null, null, false))
                .hasMessageContaining("wireproof.oidc.audience must be set");
        assertThatThrownBy(() -> new OidcSettings(
                        "https://id.example.com", "api", "c", null, URI.create("https://rmm.example.com/"), false))
                .hasMessageContaining("wireproof.oidc.login-url")
                .hasMessageContaining("/login/callback");
        assertThatThrownBy(() -> new OidcSettings(
                        null, null, null, null, URI.create("https://rmm.example.com/login/callback"), false))
                .hasMessageContaining("needs wireproof.oidc.issuer and wireproof.oidc.client-id");
        assertThat(new OidcSettings("https://id.example.com", "api", "c", "hidden", null, false).toString())
                .doesNotContain("hidden");
    }
}
