package dev.wireproof.api;

import dev.wireproof.access.Caller;
import org.jspecify.annotations.Nullable;
import org.springframework.core.MethodParameter;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.context.SecurityContextHolder;
import org.springframework.security.oauth2.server.resource.authentication.BearerTokenAuthentication;
import org.springframework.web.bind.support.WebDataBinderFactory;
import org.springframework.web.context.request.NativeWebRequest;
import org.springframework.web.method.support.HandlerMethodArgumentResolver;
import org.springframework.web.method.support.ModelAndViewContainer;

/** Hands the {@link Caller} of a request to handlers that have such a parameter. */
final class Callers implements HandlerMethodArgumentResolver {

    /** @return null when the request came without a token */
    static @Nullable Caller current() {
        Authentication authentication = SecurityContextHolder.getContext().getAuthentication();
        return authentication != null && authentication.getPrincipal() instanceof CallerPrincipal principal
                ? principal.caller()
                : null;
    }

    /** The secret that the caller showed; empty when there was none. Never logged, never stored. */
    static String secret() {
        return SecurityContextHolder.getContext().getAuthentication() instanceof BearerTokenAuthentication bearer
                ? bearer.getToken().getTokenValue()
                : "";
    }

    @Override
    public boolean supportsParameter(MethodParameter parameter) {
        return parameter.getParameterType() == Caller.class;
    }

    @Override
    public Object resolveArgument(
            MethodParameter parameter,
            @Nullable ModelAndViewContainer container,
            NativeWebRequest request,
            @Nullable WebDataBinderFactory binderFactory) {
        Caller caller = current();
        if (caller == null) {
            throw Problem.notFound().exception(); // RouteGuard lets none through
        }
        return caller;
    }
}
