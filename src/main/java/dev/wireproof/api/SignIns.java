package dev.wireproof.api;

import dev.wireproof.access.Caller;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.springframework.web.filter.OncePerRequestFilter;

/** Tells the {@link SignInLog} and the {@link SignInLimit} of each request with a good token. */
final class SignIns extends OncePerRequestFilter {
    private final SignInLog log;
    private final SignInLimit limit;

    SignIns(SignInLog log, SignInLimit limit) {
        this.log = log;
        this.limit = limit;
    }

    @Override
    protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws ServletException, IOException {
        Caller caller = Callers.current();
        if (caller != null) {
            log.note(caller, request.getRemoteAddr());
            limit.passed(Callers.secret());
        }
        chain.doFilter(request, response);
    }
}
