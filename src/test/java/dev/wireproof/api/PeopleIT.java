package dev.wireproof.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.PlainJWT;
import com.nimbusds.jwt.SignedJWT;
import dev.wireproof.id.SiteId;
import dev.wireproof.testkit.Http;
import dev.wireproof.testkit.Ports;
import dev.wireproof.testkit.RunningServer;
import dev.wireproof.testkit.Shows;
import dev.wireproof.testkit.TestIdentityProvider;
import java.io.IOException;
import java.net.CookieManager;
import java.net.CookiePolicy;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.DriverManagerDataSource;
import tools.jackson.databind.JsonNode;

/** People sign in with a real identity provider, whose key the test has, so it can also sign what no provider would. */
@Shows("S6")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PeopleIT {
    private static final String AUDIENCE = "wireproof-api";
    private static final String SELF = "/api/v1/api-tokens/self";

    private TestIdentityProvider provider;
    private RunningServer server;
    private String base;

    @BeforeAll
    void start() throws JOSEException {
        int port = Ports.free();
        base = "http://127.0.0.1:" + port;
        provider = TestIdentityProvider.start(base + "/login/callback");
        server = RunningServer.start(
                "server.port=" + port,
                "wireproof.oidc.issuer=" + provider.issuer(),
                "wireproof.oidc.audience=" + AUDIENCE,
                "wireproof.oidc.client-id=" + TestIdentityProvider.CLIENT,
                "wireproof.oidc.login-url=" + base + "/login/callback",
                "wireproof.oidc.allow-private-addresses=true",
                "wireproof.api.failed-sign-ins=100000");
    }

    @AfterAll
    void stop() {
        server.close();
        provider.close();
    }

    private JsonNode admit(String subject, String role) {
        Http.Answer made = server.admin()
                .post(
                        "/api/v1/api-tokens",
                        "{\"name\":\"%s\",\"role\":\"%s\",\"subject\":\"%s\"}"
                                .formatted("Person " + subject, role, subject));
        assertThat(made.status()).as(made.text()).isEqualTo(201);
        return made.json();
    }

    private JWTClaimsSet.Builder claims(String subject) {
        Instant now = Instant.now();
        return new JWTClaimsSet.Builder()
                .issuer(provider.issuer())
                .audience(AUDIENCE)
                .subject(subject)
                .issueTime(Date.from(now))
                .expirationTime(Date.from(now.plus(5, ChronoUnit.MINUTES)));
    }

    private Http as(String token) {
        return server.admin().with(token);
    }

    // ---- tokens of the provider

    @Test
    void the_providers_token_opens_what_an_admin_gave_its_subject_and_a_revocation_ends_it_at_once() {
        String token = provider.sign(claims("carol").build());
        assertThat(as(token).get(SELF).status())
                .as("nobody gave carol access yet")
                .isEqualTo(401);

        JsonNode person = admit("carol", "viewer");
        assertThat(person.get("secret").isNull()).isTrue();
        assertThat(person.get("subject").asString()).isEqualTo("carol");
        assertThat(as(token).get(SELF).json().get("id")).isEqualTo(person.get("id"));
        assertThat(as(token).post("/api/v1/sites", "{\"name\":\"x\"}").status())
                .as("what a viewer may not do")
                .isEqualTo(403);
        assertThat(server.admin()
                        .post("/api/v1/api-tokens", "{\"name\":\"again\",\"role\":\"admin\",\"subject\":\"carol\"}")
                        .code())
                .isEqualTo("subject-has-access");

        assertThat(server.admin()
                        .delete("/api/v1/api-tokens/" + person.get("id").asString())
                        .status())
                .isEqualTo(204);
        assertThat(as(token).get(SELF).status()).isEqualTo(401);
    }

    @Test
    void an_admin_of_one_site_is_not_told_who_has_access_at_another() {
        admit("known-elsewhere", "viewer");
        Http limited = as(server.admin()
                .post(
                        "/api/v1/api-tokens",
                        "{\"name\":\"l\",\"role\":\"admin\",\"site_ids\":[\"%s\"]}".formatted(SiteId.DEFAULT))
                .json()
                .get("secret")
                .asString());
        String body = "{\"name\":\"x\",\"role\":\"viewer\",\"site_ids\":[\"%s\"],\"subject\":\"%s\"}";
        Http.Answer known = limited.post("/api/v1/api-tokens", body.formatted(SiteId.DEFAULT, "known-elsewhere"));
        Http.Answer unknown = limited.post("/api/v1/api-tokens", body.formatted(SiteId.DEFAULT, "known-nowhere"));
        assertThat(known.status()).isEqualTo(403);
        assertThat(known.text()).isEqualTo(unknown.text());
    }

    @Test
    void who_got_somebody_elses_address_later_is_not_that_person() {
        admit("the-first-erin", "admin");
        JWTClaimsSet.Builder second = claims("the-second-erin").claim("email", "erin@example.com");
        assertThat(as(provider.sign(claims("the-first-erin")
                                .claim("email", "erin@example.com")
                                .build()))
                        .get(SELF)
                        .status())
                .isEqualTo(200);
        assertThat(as(provider.sign(second.build())).get(SELF).status()).isEqualTo(401);
        assertThat(as(provider.sign(second.claim("preferred_username", "the-first-erin")
                                .claim("name", "Person the-first-erin")
                                .build()))
                        .get(SELF)
                        .status())
                .isEqualTo(401);
    }

    @Test
    void no_forged_token_opens_anything() throws JOSEException {
        admit("mallory-wants-her", "admin");
        String her = "mallory-wants-her";
        assertThat(as(provider.sign(claims(her).build())).get(SELF).status())
                .as("the good one")
                .isEqualTo(200);
        Map<String, String> forged = forged(her);
        assertThat(forged).hasSizeGreaterThanOrEqualTo(18);
        forged.forEach((how, token) -> {
            Http.Answer answer = as(token).get(SELF);
            assertThat(answer.status()).as(how).isEqualTo(401);
            assertThat(answer.code()).as(how).isEqualTo("unauthenticated");
            assertThat(answer.text()).as(how).doesNotContainIgnoringCase("jwt").doesNotContain("signature");
        });
    }

    private Map<String, String> forged(String her) throws JOSEException {
        RSAKey real = provider.key();
        RSAKey own = new RSAKeyGenerator(2048).keyID(real.getKeyID()).generate();
        RSAKey unknown = new RSAKeyGenerator(2048).keyID("unknown").generate();
        JWSHeader usual =
                new JWSHeader.Builder(JWSAlgorithm.RS256).keyID(real.getKeyID()).build();
        JWTClaimsSet good = claims(her).build();
        Date past = Date.from(Instant.now().minusSeconds(120));
        Date future = Date.from(Instant.now().plusSeconds(120));
        Map<String, String> all = new LinkedHashMap<>();
        all.put("signed by nobody", new PlainJWT(good).serialize());
        all.put("signed by nobody, with an empty signature", new PlainJWT(good).serialize() + "AA");
        SignedJWT confused = new SignedJWT(new JWSHeader(JWSAlgorithm.HS256), good);
        confused.sign(new MACSigner(real.toRSAPublicKey().getEncoded()));
        all.put("the public key as a shared secret", confused.serialize());
        all.put("another key by the real one's name", TestIdentityProvider.sign(usual, good, own));
        all.put(
                "a key that nobody knows",
                TestIdentityProvider.sign(
                        new JWSHeader.Builder(JWSAlgorithm.RS256)
                                .keyID("unknown")
                                .build(),
                        good,
                        unknown));
        all.put(
                "a key that it brings along",
                TestIdentityProvider.sign(
                        new JWSHeader.Builder(JWSAlgorithm.RS256)
                                .jwk(unknown.toPublicJWK())
                                .build(),
                        good,
                        unknown));
        all.put(
                "keys at an address of its own",
                TestIdentityProvider.sign(
                        new JWSHeader.Builder(JWSAlgorithm.RS256)
                                .keyID("unknown")
                                .jwkURL(URI.create("http://127.0.0.1:1/keys"))
                                .build(),
                        good,
                        unknown));
        all.put(
                "an algorithm that is not used here",
                provider.sign(
                        new JWSHeader.Builder(JWSAlgorithm.RS512)
                                .keyID(real.getKeyID())
                                .build(),
                        good));
        all.put(
                "something critical that nobody understands",
                provider.sign(
                        new JWSHeader.Builder(JWSAlgorithm.RS256)
                                .keyID(real.getKeyID())
                                .criticalParams(Set.of("x"))
                                .customParam("x", 1)
                                .build(),
                        good));
        all.put(
                "a token of another type",
                provider.sign(
                        new JWSHeader.Builder(JWSAlgorithm.RS256)
                                .keyID(real.getKeyID())
                                .type(new JOSEObjectType("logout+jwt"))
                                .build(),
                        good));
        all.put(
                "another issuer",
                provider.sign(claims(her).issuer("https://evil.example").build()));
        all.put(
                "an issuer that only looks the same",
                provider.sign(claims(her).issuer(provider.issuer() + "/").build()));
        all.put("no issuer", provider.sign(claims(her).issuer(null).build()));
        all.put(
                "for another audience",
                provider.sign(claims(her).audience("another-api").build()));
        all.put(
                "for no audience",
                provider.sign(claims(her).audience((String) null).build()));
        all.put(
                "an id token, which is for the client",
                provider.sign(claims(her).audience(TestIdentityProvider.CLIENT).build()));
        all.put("over", provider.sign(claims(her).expirationTime(past).build()));
        all.put("without an end", provider.sign(claims(her).expirationTime(null).build()));
        all.put("not begun", provider.sign(claims(her).notBeforeTime(future).build()));
        all.put("of nobody", provider.sign(claims(her).subject(null).build()));
        all.put("of an empty name", provider.sign(claims(her).subject("").build()));
        String[] parts = provider.sign(good).split("\\.");
        String[] others = provider.sign(claims("somebody").build()).split("\\.");
        all.put("changed", others[0] + "." + parts[1] + "." + others[2]);
        all.put("cut short", parts[0] + "." + parts[1] + ".");
        return all;
    }

    // ---- signing in by browser

    /** A browser as far as this needs one: cookies, and it shows each redirect. */
    private final class Browser {
        private final HttpClient client = HttpClient.newBuilder()
                .cookieHandler(new CookieManager(null, CookiePolicy.ACCEPT_ALL))
                .followRedirects(HttpClient.Redirect.NEVER)
                .build();

        HttpResponse<String> get(String address) {
            return send(HttpRequest.newBuilder(URI.create(address))
                    .header("Accept", "text/html")
                    .build());
        }

        HttpResponse<String> post(String address, String form) {
            return send(HttpRequest.newBuilder(URI.create(address))
                    .header("Content-Type", "application/x-www-form-urlencoded")
                    .header("Accept", "text/html")
                    .POST(HttpRequest.BodyPublishers.ofString(form))
                    .build());
        }

        private HttpResponse<String> send(HttpRequest request) {
            try {
                return client.send(request, HttpResponse.BodyHandlers.ofString());
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }

        /** @return where the provider sends the person back to, with a code */
        String signInAt(String authorize, String person) {
            HttpResponse<String> who = get(authorize);
            assertThat(location(who)).as(who.body()).endsWith("/login");
            HttpResponse<String> signedIn = post(
                    provider.issuer() + "/login",
                    "username=" + person + "&password="
                            + URLEncoder.encode(TestIdentityProvider.PASSWORD, StandardCharsets.UTF_8));
            HttpResponse<String> back = get(location(signedIn));
            assertThat(location(back)).as(back.body()).startsWith(base + "/login/callback?");
            return location(back);
        }
    }

    private static String location(HttpResponse<String> answer) {
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(302);
        return answer.headers().firstValue("location").orElseThrow();
    }

    private static String token(String page) {
        Matcher found = Pattern.compile("<pre>(wpt_[A-Za-z0-9_-]+)</pre>").matcher(page);
        assertThat(found.find()).as(page).isTrue();
        return found.group(1);
    }

    @Test
    void somebody_signs_in_with_a_browser_and_is_shown_a_token_of_their_own_for_some_hours() {
        JsonNode ada = admit("ada", "technician");
        Browser browser = new Browser();
        HttpResponse<String> begun = browser.get(base + "/login");
        String authorize = location(begun);
        assertThat(authorize)
                .startsWith(provider.issuer() + "/oauth2/authorize?response_type=code&client_id=wireproof-web&")
                .contains("&state=", "&nonce=", "&code_challenge=", "&code_challenge_method=S256");
        assertThat(begun.headers().allValues("set-cookie"))
                .singleElement()
                .asString()
                .contains("HttpOnly", "SameSite=Lax", "Path=/login", "Max-Age=300");

        String back = browser.signInAt(authorize, "ada");
        HttpResponse<String> page = browser.get(back);
        assertThat(page.statusCode()).as(page.body()).isEqualTo(200);
        assertThat(page.body()).contains("Signed in as Person ada");
        assertThat(page.headers().firstValue("content-security-policy").orElse(""))
                .contains("default-src 'none'");
        assertThat(page.headers().firstValue("cache-control").orElse("")).contains("no-store");
        String token = token(page.body());
        JsonNode self = as(token).get(SELF).json();
        assertThat(self.get("id"))
                .as("what is done with it is done by the person")
                .isEqualTo(ada.get("id"));
        assertThat(self.get("role").asString()).isEqualTo("technician");

        assertThat(browser.get(back).statusCode()).as("a code counts once").isEqualTo(401);

        server.admin().delete("/api/v1/api-tokens/" + ada.get("id").asString());
        assertThat(as(token).get(SELF).status())
                .as("the sign-in ends with the person")
                .isEqualTo(401);
        assertThat(actions()).contains("person.sign_in ok");
    }

    private List<String> actions() {
        return await().until(
                        () -> JdbcClient.create(new DriverManagerDataSource(server.databaseUrl(), "postgres", ""))
                                .sql("SELECT action || ' ' || result FROM audit WHERE action LIKE 'person%'")
                                .query(String.class)
                                .list(),
                        found -> !found.isEmpty());
    }

    @Test
    void whom_nobody_gave_access_is_told_their_subject_and_gets_no_token() {
        Browser browser = new Browser();
        HttpResponse<String> page = browser.get(browser.signInAt(location(browser.get(base + "/login")), "bob"));
        assertThat(page.statusCode()).isEqualTo(403);
        assertThat(page.body()).contains("<pre>bob</pre>").doesNotContain("wpt_");
    }

    @Test
    void a_code_counts_only_in_the_browser_that_asked_and_with_the_state_that_it_asked_with() {
        Browser victim = new Browser();
        Browser attacker = new Browser();
        String attackersCode = attacker.signInAt(location(attacker.get(base + "/login")), "bob");
        assertThat(victim.get(attackersCode).statusCode())
                .as("without having begun")
                .isEqualTo(401);
        victim.get(base + "/login");
        assertThat(victim.get(attackersCode).statusCode())
                .as("with another sign-in begun")
                .isEqualTo(401);
        assertThat(attacker.get(attackersCode.replaceAll("state=[^&]*", "state=" + UUID.randomUUID()))
                        .statusCode())
                .as("with another state")
                .isEqualTo(401);
        assertThat(attacker.get(base + "/login/callback?error=access_denied&state=x")
                        .statusCode())
                .isEqualTo(401);
        assertThat(attacker.get(base + "/login/callback").statusCode()).isEqualTo(401);
        assertThat(attacker.get(base + "/login?redirect_uri=https://evil.example&next=https://evil.example")
                        .headers()
                        .firstValue("location")
                        .orElseThrow())
                .doesNotContain("evil.example");
        assertThat(attacker.post(base + "/login", "").statusCode()).isEqualTo(405);
    }

    @Test
    void an_id_token_that_is_not_the_answer_to_this_very_sign_in_lets_nobody_in() {
        JsonNode bob = admit("bob", "admin");
        Map<String, Consumer<Map<String, Object>>> wrong = new LinkedHashMap<>();
        wrong.put("the nonce of another sign-in", claims -> claims.put("nonce", "n-0S6_WzA2Mj"));
        wrong.put("no nonce", claims -> claims.remove("nonce"));
        wrong.put("an empty nonce", claims -> claims.put("nonce", ""));
        wrong.put("for another client", claims -> claims.put("aud", List.of("another-client")));
        wrong.put("for several, and made for another", claims -> {
            claims.put("aud", List.of(TestIdentityProvider.CLIENT, "another-client"));
            claims.put("azp", "another-client");
        });
        wrong.put("of another issuer", claims -> claims.put("iss", "https://evil.example"));
        wrong.put("over", claims -> {
            claims.put("iat", Instant.now().minusSeconds(600));
            claims.put("exp", Instant.now().minusSeconds(120));
        });
        wrong.put("of nobody", claims -> claims.remove("sub"));
        try {
            wrong.forEach((how, change) -> {
                provider.inIdTokens(change);
                Browser browser = new Browser();
                HttpResponse<String> answer =
                        browser.get(browser.signInAt(location(browser.get(base + "/login")), "bob"));
                assertThat(answer.statusCode()).as(how).isEqualTo(401);
                assertThat(answer.body()).as(how).contains("not-signed-in").doesNotContain("wpt_", "nonce");
            });
            provider.inIdTokens(_ -> {});
            Browser browser = new Browser();
            assertThat(token(browser.get(browser.signInAt(location(browser.get(base + "/login")), "bob"))
                            .body()))
                    .as("the true one")
                    .startsWith("wpt_");
        } finally {
            provider.inIdTokens(_ -> {});
            server.admin().delete("/api/v1/api-tokens/" + bob.get("id").asString());
        }
    }

    @Test
    void two_sign_ins_of_one_person_are_one_caller() {
        JsonNode person = admit("two-browsers", "admin");
        String first = provider.sign(claims("two-browsers").jwtID("1").build());
        String second = provider.sign(claims("two-browsers").jwtID("2").build());
        assertThat(as(first).get(SELF).json().get("id")).isEqualTo(person.get("id"));
        assertThat(as(second).get(SELF).json().get("id")).isEqualTo(person.get("id"));
        String body = "{\"name\":\"made by a person\",\"role\":\"viewer\"}";
        Http.Answer made = as(first).post("/api/v1/api-tokens", body, "Idempotency-Key", "once");
        assertThat(made.status()).as(made.text()).isEqualTo(201);
        Http.Answer again = as(second).post("/api/v1/api-tokens", body, "Idempotency-Key", "once");
        assertThat(again.code()).isEqualTo("idempotency-key-sealed");
        assertThat(again.json().get("location").asString())
                .endsWith(made.json().get("id").asString());
        assertThat(as(first)
                        .post("/api/v1/api-tokens", body, "Idempotency-Key", "once")
                        .status())
                .isEqualTo(201);
    }
}
