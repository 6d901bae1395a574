package dev.wireproof.api;

import dev.wireproof.access.ApiTokens;
import dev.wireproof.access.AuditEntry;
import dev.wireproof.access.AuditLog;
import dev.wireproof.identity.IdentityProvider;
import dev.wireproof.identity.OidcSettings;
import dev.wireproof.identity.Person;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.annotation.Order;
import org.springframework.http.HttpStatus;
import org.springframework.http.converter.FormHttpMessageConverter;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.config.annotation.web.configurers.AbstractHttpConfigurer;
import org.springframework.security.config.http.SessionCreationPolicy;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.AuthenticationException;
import org.springframework.security.oauth2.client.OAuth2AuthorizedClient;
import org.springframework.security.oauth2.client.endpoint.RestClientAuthorizationCodeTokenResponseClient;
import org.springframework.security.oauth2.client.http.OAuth2ErrorResponseErrorHandler;
import org.springframework.security.oauth2.client.oidc.authentication.OidcIdTokenValidator;
import org.springframework.security.oauth2.client.registration.ClientRegistration;
import org.springframework.security.oauth2.client.registration.ClientRegistrationRepository;
import org.springframework.security.oauth2.client.web.DefaultOAuth2AuthorizationRequestResolver;
import org.springframework.security.oauth2.client.web.OAuth2AuthorizationRequestCustomizers;
import org.springframework.security.oauth2.client.web.OAuth2AuthorizationRequestRedirectFilter;
import org.springframework.security.oauth2.client.web.OAuth2AuthorizationRequestResolver;
import org.springframework.security.oauth2.client.web.OAuth2AuthorizedClientRepository;
import org.springframework.security.oauth2.core.AuthorizationGrantType;
import org.springframework.security.oauth2.core.ClientAuthenticationMethod;
import org.springframework.security.oauth2.core.endpoint.OAuth2AuthorizationRequest;
import org.springframework.security.oauth2.core.http.converter.OAuth2AccessTokenResponseHttpMessageConverter;
import org.springframework.security.oauth2.core.oidc.user.OidcUser;
import org.springframework.security.oauth2.jwt.JwtDecoderFactory;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.security.web.context.NullSecurityContextRepository;
import org.springframework.web.client.RestClient;
import org.springframework.web.filter.OncePerRequestFilter;
import org.springframework.web.util.HtmlUtils;

/**
 * People sign in with a browser: {@code GET /login} sends them to the identity provider (authorization code with PKCE, state and nonce),
 * and where they come back they are shown an API token of their own, good for some hours. There is no session and nowhere to be sent on
 * to, so there is no address that a link could bend. Only there when {@code wireproof.oidc.login-url} is set.
 */
@Configuration(proxyBeanMethods = false)
@ConditionalOnProperty("wireproof.oidc.login-url")
class BrowserSignIn {
    private static final Logger log = LoggerFactory.getLogger(BrowserSignIn.class);
    private static final String BEGIN = "/login";
    private static final String PROVIDER = "provider";

    @Bean
    JwtDecoderFactory<ClientRegistration> idTokens(IdentityProvider provider) {
        return registration -> provider.decoder(new OidcIdTokenValidator(registration));
    }

    @Bean
    @Order(0)
    SecurityFilterChain browserSignInDoor(
            HttpSecurity http,
            IdentityProvider provider,
            OidcSettings settings,
            ApiTokens tokens,
            SignInLimit limit,
            AuditLog audit) {
        ClientRegistrationRepository registrations = id -> registration(provider, settings);
        PendingSignIns pending = new PendingSignIns(
                "https".equals(Objects.requireNonNull(settings.loginUrl()).getScheme()));
        Ends ends = new Ends(Objects.requireNonNull(settings.issuer()), tokens, limit, audit);
        http.securityMatcher(BEGIN, OidcSettings.CALLBACK)
                .csrf(AbstractHttpConfigurer::disable) // the state is what ties the two requests together
                .sessionManagement(sessions -> sessions.sessionCreationPolicy(SessionCreationPolicy.STATELESS))
                .securityContext(context -> context.securityContextRepository(new NullSecurityContextRepository()))
                .requestCache(AbstractHttpConfigurer::disable)
                .logout(AbstractHttpConfigurer::disable)
                .headers(SecurityHeaders::configure)
                .authorizeHttpRequests(requests -> requests.anyRequest().denyAll())
                .oauth2Login(login -> login.loginPage(BEGIN)
                        .clientRegistrationRepository(registrations)
                        .authorizedClientRepository(new NoClients())
                        .authorizationEndpoint(to -> to.authorizationRequestResolver(requests(registrations))
                                .authorizationRequestRepository(pending))
                        .redirectionEndpoint(back -> back.baseUri(OidcSettings.CALLBACK))
                        .tokenEndpoint(code -> code.accessTokenResponseClient(codes(provider)))
                        .successHandler(ends::succeeded)
                        .failureHandler(ends::failed))
                .exceptionHandling(handling -> handling.authenticationEntryPoint(
                        (request, response, unused) -> ProblemWriter.write(request, response, Ends.notSignedIn())))
                .addFilterBefore(new Gate(provider, limit), OAuth2AuthorizationRequestRedirectFilter.class);
        return http.build();
    }

    private static ClientRegistration registration(IdentityProvider provider, OidcSettings settings) {
        IdentityProvider.Endpoints endpoints = provider.endpoints();
        String secret = settings.clientSecret();
        return ClientRegistration.withRegistrationId(PROVIDER)
                .clientId(Objects.requireNonNull(settings.clientId()))
                .clientSecret(secret)
                .clientAuthenticationMethod(
                        secret == null
                                ? ClientAuthenticationMethod.NONE
                                : ClientAuthenticationMethod.CLIENT_SECRET_BASIC)
                .authorizationGrantType(AuthorizationGrantType.AUTHORIZATION_CODE)
                .redirectUri(Objects.requireNonNull(settings.loginUrl()).toString())
                .scope("openid")
                .authorizationUri(endpoints.authorization().toString())
                .tokenUri(endpoints.token().toString())
                .jwkSetUri(endpoints.keys())
                .issuerUri(Objects.requireNonNull(settings.issuer()))
                .userNameAttributeName("sub")
                .build();
    }

    private static OAuth2AuthorizationRequestResolver requests(ClientRegistrationRepository registrations) {
        DefaultOAuth2AuthorizationRequestResolver any = new DefaultOAuth2AuthorizationRequestResolver(registrations);
        any.setAuthorizationRequestCustomizer(OAuth2AuthorizationRequestCustomizers.withPkce());
        return new OAuth2AuthorizationRequestResolver() {
            @Override
            public @Nullable OAuth2AuthorizationRequest resolve(HttpServletRequest request) {
                return BEGIN.equals(request.getRequestURI()) ? any.resolve(request, PROVIDER) : null;
            }

            @Override
            public @Nullable OAuth2AuthorizationRequest resolve(HttpServletRequest request, String registrationId) {
                return resolve(request);
            }
        };
    }

    private static RestClientAuthorizationCodeTokenResponseClient codes(IdentityProvider provider) {
        RestClientAuthorizationCodeTokenResponseClient codes = new RestClientAuthorizationCodeTokenResponseClient();
        codes.setRestClient(RestClient.builder()
                .requestFactory(provider.requests())
                .configureMessageConverters(converters -> converters
                        .addCustomConverter(new FormHttpMessageConverter())
                        .addCustomConverter(new OAuth2AccessTokenResponseHttpMessageConverter()))
                .defaultStatusHandler(new OAuth2ErrorResponseErrorHandler())
                .build());
        return codes;
    }

    /** Keeps out who failed too often, and says so when the provider is away. */
    private static final class Gate extends OncePerRequestFilter {
        private final IdentityProvider provider;
        private final SignInLimit limit;

        Gate(IdentityProvider provider, SignInLimit limit) {
            this.provider = provider;
            this.limit = limit;
        }

        @Override
        protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
                throws ServletException, IOException {
            if (!"GET".equals(request.getMethod())) {
                ProblemWriter.write(request, response, Problem.wrongMethod(request.getMethod(), "GET"));
                return;
            }
            if (limit.suspect(request, "")) {
                ProblemWriter.write(request, response, SignInLimit.tooMany());
                return;
            }
            provider.endpoints(); // away: the outermost filter answers 503
            chain.doFilter(request, response);
        }
    }

    /** Nothing is asked of the provider on anybody's behalf afterwards, so its tokens are dropped. */
    private static final class NoClients implements OAuth2AuthorizedClientRepository {
        @Override
        public <T extends OAuth2AuthorizedClient> @Nullable T loadAuthorizedClient(
                String registration, Authentication principal, HttpServletRequest request) {
            return null;
        }

        @Override
        public void saveAuthorizedClient(
                OAuth2AuthorizedClient client,
                Authentication principal,
                HttpServletRequest request,
                HttpServletResponse response) {}

        @Override
        public void removeAuthorizedClient(
                String registration,
                Authentication principal,
                HttpServletRequest request,
                HttpServletResponse response) {}
    }

    /** What people see when they come back. */
    private record Ends(String issuer, ApiTokens tokens, SignInLimit limit, AuditLog audit) {
        void succeeded(HttpServletRequest request, HttpServletResponse response, Authentication signedIn)
                throws IOException {
            OidcUser user = (OidcUser) Objects.requireNonNull(signedIn.getPrincipal());
            Person person = new Person(
                    issuer, // checked with the token's signature
                    Objects.requireNonNull(user.getIdToken().getSubject()),
                    Objects.requireNonNull(user.getIdToken().getExpiresAt()));
            tokens.signIn(person)
                    .ifPresentOrElse(
                            made -> {
                                note(request, made.token().name(), made.token().personId(), "ok");
                                page(response, HttpStatus.OK, welcome(made));
                            },
                            () -> {
                                note(request, person.subject(), null, "403");
                                page(response, HttpStatus.FORBIDDEN, unknown(person));
                            });
        }

        private void note(HttpServletRequest request, String who, @Nullable UUID id, String result) {
            audit.recordSoon(new AuditEntry(
                    who, id, "person.sign_in", OidcSettings.CALLBACK, null, request.getRemoteAddr(), result, Map.of()));
        }

        void failed(HttpServletRequest request, HttpServletResponse response, AuthenticationException why)
                throws IOException {
            log.atInfo()
                    .addKeyValue("address", request.getRemoteAddr())
                    .addKeyValue("cause", why.getMessage())
                    .log("person.sign_in_failed");
            limit.failed(request, "");
            ProblemWriter.write(request, response, notSignedIn());
        }

        static Problem notSignedIn() {
            return Problem.of(
                    HttpStatus.UNAUTHORIZED,
                    "not-signed-in",
                    "This sign-in was not completed, or it was begun in another browser or more than five minutes ago."
                            + " Begin again at /login.");
        }

        private static List<String> welcome(ApiTokens.Created made) {
            return List.of(
                    "Signed in as " + made.token().name(),
                    "Your token, until %s, with the role %s. It is shown this once."
                            .formatted(
                                    made.token().expiresAt(),
                                    made.token().role().wireName()),
                    made.secret());
        }

        private static List<String> unknown(Person person) {
            return List.of(
                    "No access",
                    "The identity provider knows you, but nobody gave you access here. An admin does so with the subject below"
                            + " (POST /api/v1/api-tokens).",
                    person.subject());
        }

        /** A heading, a sentence, and something to copy: no script, no style, nothing loaded. */
        private static void page(HttpServletResponse response, HttpStatus status, List<String> says) {
            String html =
                    "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Wireproof</title><h1>%s</h1><p>%s</p><pre>%s</pre></html>"
                            .formatted(says.stream().map(HtmlUtils::htmlEscape).toArray());
            byte[] body = html.getBytes(StandardCharsets.UTF_8);
            response.setStatus(status.value());
            response.setContentType("text/html;charset=utf-8");
            response.setContentLength(body.length);
            try {
                response.getOutputStream().write(body);
            } catch (IOException gone) {
                log.atDebug().addKeyValue("cause", gone.toString()).log("person.gone_before_the_page");
            }
        }
    }
}
