package dev.wireproof.api;

import dev.wireproof.access.Caller;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.springframework.security.core.GrantedAuthority;
import org.springframework.security.oauth2.core.OAuth2AuthenticatedPrincipal;

/** The caller as Spring Security carries it. Roles are checked by {@link RouteGuard}, so it has no authorities. */
record CallerPrincipal(Caller caller) implements OAuth2AuthenticatedPrincipal {

    @Override
    public Map<String, Object> getAttributes() {
        return Map.of("sub", caller.name());
    }

    @Override
    public Collection<? extends GrantedAuthority> getAuthorities() {
        return List.of();
    }

    @Override
    public String getName() {
        return caller.name();
    }
}
