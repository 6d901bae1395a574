package dev.wireproof.api;

import dev.wireproof.access.Caller;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Duration;
import org.springframework.http.HttpStatus;
import org.springframework.web.filter.OncePerRequestFilter;

/** So many requests a second for one token, and 429 with the time to wait beyond it. */
final class RateLimit extends OncePerRequestFilter {
    private static final String COUNTED = RateLimit.class.getName() + ".counted";

    private final RequestRates rates;

    RateLimit(RequestRates rates) {
        this.rates = rates;
    }

    /** For what counts a request before it comes here: it is not counted twice. */
    static void counted(HttpServletRequest request) {
        request.setAttribute(COUNTED, true);
    }

    @Override
    protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws ServletException, IOException {
        Caller caller = Callers.current();
        if (caller != null && request.getAttribute(COUNTED) == null) {
            long waitNs = rates.take(caller);
            if (waitNs > 0) {
                ProblemWriter.write(request, response, tooMany(waitNs));
                return;
            }
        }
        chain.doFilter(request, response);
    }

    private static Problem tooMany(long waitNs) {
        long seconds = Math.max(1, Math.ceilDiv(waitNs, Duration.ofSeconds(1).toNanos()));
        return Problem.of(
                        HttpStatus.TOO_MANY_REQUESTS,
                        "rate-limited",
                        "This token makes more requests a second than the server allows.")
                .withHeader("Retry-After", Long.toString(seconds));
    }
}
