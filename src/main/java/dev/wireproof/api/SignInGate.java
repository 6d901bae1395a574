package dev.wireproof.api;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.springframework.security.oauth2.server.resource.web.BearerTokenResolver;
import org.springframework.web.filter.OncePerRequestFilter;

/** Stands before the check of tokens: lets through all but suspects that are not good, and counts those that the check refuses. */
final class SignInGate extends OncePerRequestFilter {
    private final SignInLimit limit;
    private final BearerTokenResolver bearerTokens;

    SignInGate(SignInLimit limit, BearerTokenResolver bearerTokens) {
        this.limit = limit;
        this.bearerTokens = bearerTokens;
    }

    @Override
    protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws ServletException, IOException {
        String secret = bearerTokens.resolve(request);
        if (secret == null) {
            chain.doFilter(request, response); // costs nothing to refuse
            return;
        }
        if (limit.suspect(request, secret) && !limit.good(secret)) {
            limit.failed(request, secret);
            ProblemWriter.write(request, response, SignInLimit.tooMany());
            return;
        }
        chain.doFilter(request, response);
        if (response.getStatus() == HttpServletResponse.SC_UNAUTHORIZED) {
            limit.failed(request, secret);
        }
    }
}
