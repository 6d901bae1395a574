package dev.wireproof.api;

import dev.wireproof.access.AuditEntry;
import dev.wireproof.access.AuditLog;
import dev.wireproof.access.Caller;
import dev.wireproof.id.SiteId;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.stereotype.Component;
import org.springframework.web.method.HandlerMethod;
import org.springframework.web.servlet.HandlerInterceptor;

/**
 * Enforces what each route declares, before its body is read, and tells the audit log of what it let through and what it refused. A route
 * that declares nothing is denied; so is one without a token that needs one, should the filter chain ever let it pass.
 */
@Component
class RouteGuard implements HandlerInterceptor {
    private static final String SITE = RouteGuard.class.getName() + ".site";
    private static final String HIDDEN = RouteGuard.class.getName() + ".hidden";
    private static final String DETAIL = RouteGuard.class.getName() + ".detail";
    /** What the audit log calls a refused look at something: what is allowed to read leaves no line, what is refused does. */
    private static final String READ = "read";

    private final AuditLog audit;

    RouteGuard(AuditLog audit) {
        this.audit = audit;
    }

    /** For the audit log: which site a request turned out to be about. */
    static void about(HttpServletRequest request, SiteId site) {
        request.setAttribute(SITE, site);
    }

    /**
     * Something is there, and not the caller's: they are told what anybody is told of what is not there, and the audit log what it was.
     *
     * @param site whose it is; null: of several, or of none
     */
    static ProblemException hidden(HttpServletRequest request, @Nullable SiteId site) {
        request.setAttribute(HIDDEN, true);
        if (site != null) {
            about(request, site);
        }
        return Problem.notFound().exception();
    }

    /** For the audit log: what else is to be known of a request, such as the hash of a script. No secrets. */
    static void detail(HttpServletRequest request, Map<String, String> detail) {
        request.setAttribute(DETAIL, detail);
    }

    @Override
    public boolean preHandle(HttpServletRequest request, HttpServletResponse response, Object handler) {
        if (request.getDispatcherType() == DispatcherType.ASYNC || !(handler instanceof HandlerMethod method)) {
            return true; // decided at first, or a file of the API's description
        }
        if (method.hasMethodAnnotation(Anyone.class) || isDescription(method)) {
            return true;
        }
        RequiresRole declared = method.getMethodAnnotation(RequiresRole.class);
        Caller caller = Callers.current();
        if (declared == null || caller == null) {
            throw Problem.notFound().exception();
        }
        if (!caller.role().includes(declared.value())) {
            audit.recordSoon(entry(request, caller, declared, "403", null));
            throw Problem.of(
                            HttpStatus.FORBIDDEN,
                            "forbidden",
                            "This needs the role %s; the token has %s."
                                    .formatted(
                                            declared.value().wireName(),
                                            caller.role().wireName()))
                    .exception();
        }
        if (request.getContentLengthLong() > ApiJson.BODY_BYTES) {
            throw Problem.tooLarge(ApiJson.BODY_BYTES).exception();
        }
        QueryParameters.check(method, request.getQueryString());
        return true;
    }

    private static boolean isDescription(HandlerMethod method) {
        return method.getBeanType().getName().startsWith("org.springdoc.");
    }

    @Override
    public void afterCompletion(
            HttpServletRequest request, HttpServletResponse response, Object handler, @Nullable Exception failed) {
        if (!(handler instanceof HandlerMethod method)) {
            return;
        }
        RequiresRole declared = method.getMethodAnnotation(RequiresRole.class);
        Caller caller = Callers.current();
        if (declared != null && caller != null) {
            passed(request, response, caller, declared);
        }
    }

    /** Tells the audit log what became of a request that was let through. */
    void passed(HttpServletRequest request, HttpServletResponse response, Caller caller, RequiresRole declared) {
        if (declared.audit().isEmpty() && request.getAttribute(HIDDEN) == null) {
            return;
        }
        int status = response.getStatus();
        String result = status < 400 ? "ok" : Integer.toString(status);
        audit.recordSoon(entry(request, caller, declared, result, response.getHeader("Location")));
    }

    private static AuditEntry entry(
            HttpServletRequest request, Caller caller, RequiresRole declared, String result, @Nullable String made) {
        return new AuditEntry(
                caller.name(),
                caller.tokenId(),
                declared.audit().isEmpty() ? READ : declared.audit(),
                made == null ? request.getRequestURI() : made,
                request.getAttribute(SITE) instanceof SiteId site ? site : null,
                request.getRemoteAddr(),
                result,
                detail(request));
    }

    @SuppressWarnings("unchecked")
    private static Map<String, String> detail(HttpServletRequest request) {
        return request.getAttribute(DETAIL) instanceof Map<?, ?> detail ? (Map<String, String>) detail : Map.of();
    }
}
