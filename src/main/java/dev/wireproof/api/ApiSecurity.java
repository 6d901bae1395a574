package dev.wireproof.api;

import dev.wireproof.access.TokenCheck;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.http.HttpServletRequest;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;
import org.springframework.http.HttpStatus;
import org.springframework.security.authorization.AuthorizationDecision;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.config.annotation.web.configurers.AbstractHttpConfigurer;
import org.springframework.security.config.http.SessionCreationPolicy;
import org.springframework.security.config.observation.SecurityObservationSettings;
import org.springframework.security.oauth2.server.resource.introspection.BadOpaqueTokenException;
import org.springframework.security.oauth2.server.resource.introspection.OpaqueTokenIntrospector;
import org.springframework.security.oauth2.server.resource.web.BearerTokenResolver;
import org.springframework.security.oauth2.server.resource.web.authentication.BearerTokenAuthenticationFilter;
import org.springframework.security.web.AuthenticationEntryPoint;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.security.web.access.AccessDeniedHandler;
import org.springframework.security.web.access.intercept.AuthorizationFilter;
import org.springframework.security.web.firewall.RequestRejectedHandler;
import org.springframework.security.web.servlet.util.matcher.PathPatternRequestMatcher;
import org.springframework.security.web.util.matcher.NegatedRequestMatcher;
import org.springframework.security.web.util.matcher.RequestMatcher;

/**
 * Who gets past the door. Everything needs a token but liveness and readiness, and the API's description with the way to it, which hold no secret. Metrics
 * need one that sees all sites, unless they have a port of their own: then whoever reaches that port may read them. Agents show their own
 * credentials inside the WebSocket, so {@code /ws} is not filtered here at all (each header of its answer would stay in memory as long as
 * the connection). What a token may do is declared by each route and enforced by {@link RouteGuard}.
 */
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(ApiSettings.class)
class ApiSecurity {
    @Bean
    OpaqueTokenIntrospector introspector(TokenCheck tokens) {
        return secret -> new CallerPrincipal(
                tokens.callerWith(secret).orElseThrow(() -> new BadOpaqueTokenException("unknown token")));
    }

    /**
     * The filter chain is not observed filter by filter: those dozen observations of each request cost more than the filters do (a sixth of
     * the time of a POST), and {@code http_server_requests} tells each request's time already.
     */
    @Bean
    SecurityObservationSettings filtersUnobserved() {
        return SecurityObservationSettings.noObservations();
    }

    /** Only the header, never the query: URLs end up in logs. Any visible ASCII, because operators may choose a bootstrap token. */
    @Bean
    BearerTokenResolver bearerTokens() {
        return request -> {
            String header = request.getHeader("Authorization");
            if (header == null || !header.regionMatches(true, 0, "Bearer ", 0, 7)) {
                return null;
            }
            String secret = header.substring(7).strip();
            return secret.isEmpty() || !secret.chars().allMatch(c -> c > ' ' && c < 127) ? null : secret;
        };
    }

    @Bean
    SecurityFilterChain door(
            HttpSecurity http,
            OpaqueTokenIntrospector introspector,
            BearerTokenResolver bearerTokens,
            RequestRates rates,
            SignInLog signIns,
            SignInLimit limit,
            Environment environment) {
        AuthenticationEntryPoint unauthenticated = unauthenticated();
        AccessDeniedHandler denied =
                (request, response, unused) -> ProblemWriter.write(request, response, Problem.notFound());
        http.securityMatcher(new NegatedRequestMatcher(PathPatternRequestMatcher.pathPattern("/ws")))
                .csrf(AbstractHttpConfigurer::disable) // nothing is authenticated by what a browser sends on its own
                .sessionManagement(sessions -> sessions.sessionCreationPolicy(SessionCreationPolicy.STATELESS))
                .requestCache(AbstractHttpConfigurer::disable)
                .formLogin(AbstractHttpConfigurer::disable)
                .httpBasic(AbstractHttpConfigurer::disable)
                .logout(AbstractHttpConfigurer::disable)
                .headers(SecurityHeaders::configure)
                .authorizeHttpRequests(requests -> requests.dispatcherTypeMatchers(
                                DispatcherType.ERROR, DispatcherType.ASYNC)
                        .permitAll()
                        .requestMatchers(
                                "/",
                                "/actuator/health/**",
                                "/v3/api-docs/**",
                                "/v3/api-docs.yaml",
                                "/docs",
                                "/docs/**",
                                "/swagger-ui/**")
                        .permitAll()
                        .requestMatchers(onManagementPort(environment))
                        .permitAll()
                        .requestMatchers("/actuator/**")
                        .access((authentication, context) -> new AuthorizationDecision(authentication.get() != null
                                && authentication.get().getPrincipal() instanceof CallerPrincipal principal
                                && principal.caller().seesAll()))
                        .anyRequest()
                        .authenticated())
                .oauth2ResourceServer(bearer -> bearer.bearerTokenResolver(bearerTokens)
                        .opaqueToken(opaque -> opaque.introspector(introspector))
                        .authenticationEntryPoint(unauthenticated)
                        .accessDeniedHandler(denied))
                .exceptionHandling(handling ->
                        handling.authenticationEntryPoint(unauthenticated).accessDeniedHandler(denied))
                .addFilterBefore(new SignInGate(limit, bearerTokens), BearerTokenAuthenticationFilter.class)
                .addFilterAfter(new RateLimit(rates), AuthorizationFilter.class)
                .addFilterAfter(new SignIns(signIns, limit), RateLimit.class);
        return http.build();
    }

    private static AuthenticationEntryPoint unauthenticated() {
        return (request, response, unused) -> ProblemWriter.write(request, response, Problem.unauthenticated());
    }

    /** Whether metrics have a port of their own and the request came in there. */
    private static RequestMatcher onManagementPort(Environment environment) {
        Integer port = environment.getProperty("management.server.port", Integer.class);
        if (port == null) {
            return _ -> false; // asked once: looking a property up takes longer than all other rules together
        }
        return request -> {
            Integer bound = environment.getProperty("local.management.port", Integer.class, port);
            Integer main = environment.getProperty("local.server.port", Integer.class, -1);
            return !bound.equals(main) && request.getLocalPort() == bound && isActuator(request);
        };
    }

    private static boolean isActuator(HttpServletRequest request) {
        return request.getRequestURI().startsWith("/actuator/");
    }

    /** What the firewall refuses (encoded slashes, control characters, unknown methods) is a problem too. */
    @Bean
    RequestRejectedHandler rejected() {
        return (request, response, unused) -> ProblemWriter.write(
                request,
                response,
                Problem.of(
                        HttpStatus.BAD_REQUEST,
                        "bad-request",
                        "The method or the path of the request cannot be used."));
    }
}
