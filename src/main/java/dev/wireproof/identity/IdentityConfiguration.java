package dev.wireproof.identity;

import java.time.InstantSource;
import java.util.Objects;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** Without an issuer nothing of this is loaded. */
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(OidcSettings.class)
class IdentityConfiguration {
    @Bean
    @ConditionalOnProperty("wireproof.oidc.issuer")
    IdentityProvider identityProvider(OidcSettings settings, InstantSource clock) {
        return new IdentityProvider(settings, Objects.requireNonNull(settings.issuer()), clock);
    }
}
