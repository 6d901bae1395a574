package dev.wireproof.api;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Set;
import org.springframework.boot.availability.ApplicationAvailability;
import org.springframework.boot.availability.ReadinessState;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.http.HttpStatus;
import org.springframework.stereotype.Component;
import org.springframework.web.filter.OncePerRequestFilter;

/** Refuses new work while the server starts or drains. What was begun before ends, and reading goes on as long as the server listens. */
@Component
@Order(Ordered.HIGHEST_PRECEDENCE + 20)
class DrainFilter extends OncePerRequestFilter {
    private static final Set<String> READING = Set.of("GET", "HEAD", "OPTIONS");
    private static final String RETRY_AFTER_S = "5";

    private final ApplicationAvailability availability;

    DrainFilter(ApplicationAvailability availability) {
        this.availability = availability;
    }

    @Override
    protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws ServletException, IOException {
        if (availability.getReadinessState() == ReadinessState.ACCEPTING_TRAFFIC) {
            chain.doFilter(request, response);
            return;
        }
        Problem draining = Problem.of(
                        HttpStatus.SERVICE_UNAVAILABLE,
                        "draining",
                        "The server is starting, or about to stop. Nothing of this request was done; send it again.")
                .withHeader("Retry-After", RETRY_AFTER_S);
        ProblemWriter.write(request, response, draining);
    }

    @Override
    protected boolean shouldNotFilter(HttpServletRequest request) {
        return READING.contains(request.getMethod()) || !request.getRequestURI().startsWith("/api/");
    }
}
