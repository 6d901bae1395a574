package dev.wireproof.access;

import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties({AuditSettings.class, BootstrapSettings.class})
class AccessConfiguration {

    /** The first tokens exist before the server listens. */
    @Bean
    Bootstrap bootstrap(BootstrapTokens tokens, BootstrapSettings settings) {
        return tokens.run(settings);
    }
}
