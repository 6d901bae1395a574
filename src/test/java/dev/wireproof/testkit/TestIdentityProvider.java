package dev.wireproof.testkit;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jose.jwk.source.ImmutableJWKSet;
import com.nimbusds.jose.jwk.source.JWKSource;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.jetty.autoconfigure.servlet.JettyServletWebServerAutoConfiguration;
import org.springframework.boot.security.autoconfigure.web.servlet.SecurityFilterAutoConfiguration;
import org.springframework.boot.webmvc.autoconfigure.DispatcherServletAutoConfiguration;
import org.springframework.boot.webmvc.autoconfigure.WebMvcAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Import;
import org.springframework.core.annotation.Order;
import org.springframework.security.config.Customizer;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.config.annotation.web.configuration.EnableWebSecurity;
import org.springframework.security.config.annotation.web.configuration.OAuth2AuthorizationServerConfiguration;
import org.springframework.security.config.annotation.web.configurers.AbstractHttpConfigurer;
import org.springframework.security.core.userdetails.User;
import org.springframework.security.core.userdetails.UserDetailsService;
import org.springframework.security.oauth2.core.AuthorizationGrantType;
import org.springframework.security.oauth2.core.ClientAuthenticationMethod;
import org.springframework.security.oauth2.core.oidc.endpoint.OidcParameterNames;
import org.springframework.security.oauth2.jwt.JwtDecoder;
import org.springframework.security.oauth2.server.authorization.client.InMemoryRegisteredClientRepository;
import org.springframework.security.oauth2.server.authorization.client.RegisteredClient;
import org.springframework.security.oauth2.server.authorization.client.RegisteredClientRepository;
import org.springframework.security.oauth2.server.authorization.settings.AuthorizationServerSettings;
import org.springframework.security.oauth2.server.authorization.settings.ClientSettings;
import org.springframework.security.oauth2.server.authorization.token.JwtEncodingContext;
import org.springframework.security.oauth2.server.authorization.token.OAuth2TokenCustomizer;
import org.springframework.security.provisioning.InMemoryUserDetailsManager;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.security.web.authentication.LoginUrlAuthenticationEntryPoint;

/**
 * A real identity provider (Spring Authorization Server) in this JVM, with two people and one client, whose key the test holds: so it can
 * sign what no provider would.
 */
public final class TestIdentityProvider implements AutoCloseable {
    public static final String CLIENT = "wireproof-web";
    public static final String PASSWORD = "correct horse";

    private final ConfigurableApplicationContext context;
    private final Given given;

    private TestIdentityProvider(ConfigurableApplicationContext context, Given given) {
        this.context = context;
        this.given = given;
    }

    /** @param callback where it sends people back to */
    public static TestIdentityProvider start(String callback) throws JOSEException {
        int port = Ports.free();
        RSAKey key =
                new RSAKeyGenerator(2048).keyID(UUID.randomUUID().toString()).generate();
        Given given = new Given(key, "http://127.0.0.1:" + port, callback, new AtomicReference<>(_ -> {}));
        ConfigurableApplicationContext context = new SpringApplicationBuilder(Parts.class)
                .initializers(made -> made.getBeanFactory().registerSingleton("given", given))
                .run("--server.port=" + port, "--server.address=127.0.0.1", "--spring.main.banner-mode=off");
        return new TestIdentityProvider(context, given);
    }

    public String issuer() {
        return given.issuer();
    }

    public RSAKey key() {
        return given.key();
    }

    /** What it changes in the claims of each id token from now on, before it signs them. */
    public void inIdTokens(Consumer<Map<String, Object>> change) {
        given.idTokens().set(change);
    }

    /** Signed with its key. */
    public String sign(JWSHeader header, JWTClaimsSet claims) {
        return sign(header, claims, key());
    }

    public String sign(JWTClaimsSet claims) {
        return sign(
                new JWSHeader.Builder(JWSAlgorithm.RS256)
                        .keyID(key().getKeyID())
                        .build(),
                claims);
    }

    public static String sign(JWSHeader header, JWTClaimsSet claims, RSAKey with) {
        try {
            SignedJWT token = new SignedJWT(header, claims);
            token.sign(new RSASSASigner(with));
            return token.serialize();
        } catch (JOSEException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        context.close();
    }

    record Given(RSAKey key, String issuer, String callback, AtomicReference<Consumer<Map<String, Object>>> idTokens) {}

    /** Without an annotation that the server under test, which scans this package, would find. */
    @EnableWebSecurity
    @Import({
        JettyServletWebServerAutoConfiguration.class,
        DispatcherServletAutoConfiguration.class,
        WebMvcAutoConfiguration.class,
        SecurityFilterAutoConfiguration.class
    })
    static final class Parts {
        @Bean
        @Order(1)
        SecurityFilterChain endpoints(HttpSecurity http) {
            http.oauth2AuthorizationServer(server -> {
                        http.securityMatcher(server.getEndpointsMatcher());
                        server.oidc(Customizer.withDefaults());
                    })
                    .authorizeHttpRequests(requests -> requests.anyRequest().authenticated())
                    .exceptionHandling(handling ->
                            handling.authenticationEntryPoint(new LoginUrlAuthenticationEntryPoint("/login")));
            return http.build();
        }

        @Bean
        @Order(2)
        SecurityFilterChain people(HttpSecurity http) {
            http.authorizeHttpRequests(requests -> requests.anyRequest().authenticated())
                    .csrf(AbstractHttpConfigurer::disable)
                    .formLogin(Customizer.withDefaults());
            return http.build();
        }

        @Bean
        UserDetailsService users() {
            return new InMemoryUserDetailsManager(List.of(person("ada"), person("bob")));
        }

        private static org.springframework.security.core.userdetails.UserDetails person(String name) {
            return User.withUsername(name)
                    .password("{noop}" + PASSWORD)
                    .roles("PERSON")
                    .build();
        }

        @Bean
        RegisteredClientRepository clients(Given given) {
            return new InMemoryRegisteredClientRepository(RegisteredClient.withId("1")
                    .clientId(CLIENT)
                    .clientAuthenticationMethod(ClientAuthenticationMethod.NONE)
                    .authorizationGrantType(AuthorizationGrantType.AUTHORIZATION_CODE)
                    .redirectUri(given.callback())
                    .scope("openid")
                    .clientSettings(
                            ClientSettings.builder().requireProofKey(true).build())
                    .build());
        }

        @Bean
        JWKSource<SecurityContext> keys(Given given) {
            return new ImmutableJWKSet<>(new JWKSet(given.key()));
        }

        @Bean
        OAuth2TokenCustomizer<JwtEncodingContext> idTokens(Given given) {
            return context -> {
                if (OidcParameterNames.ID_TOKEN.equals(context.getTokenType().getValue())) {
                    context.getClaims().claims(given.idTokens().get());
                }
            };
        }

        @Bean
        JwtDecoder decoder(JWKSource<SecurityContext> keys) {
            return OAuth2AuthorizationServerConfiguration.jwtDecoder(keys);
        }

        @Bean
        AuthorizationServerSettings settings(Given given) {
            return AuthorizationServerSettings.builder().issuer(given.issuer()).build();
        }
    }
}
