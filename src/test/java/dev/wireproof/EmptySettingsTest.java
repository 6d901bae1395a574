package dev.wireproof;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.env.SimpleCommandLinePropertySource;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.env.SystemEnvironmentPropertySource;

class EmptySettingsTest {
    private static StandardEnvironment environment(Map<String, Object> variables, String... arguments) {
        StandardEnvironment environment = new StandardEnvironment();
        environment
                .getPropertySources()
                .replace(
                        StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME,
                        new SystemEnvironmentPropertySource(
                                StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME, variables));
        environment.getPropertySources().addFirst(new SimpleCommandLinePropertySource(arguments));
        environment
                .getPropertySources()
                .addLast(new MapPropertySource("file", Map.of("wireproof.api.rate", "600", "server.port", "8080")));
        new EmptySettings().postProcessEnvironment(environment, new SpringApplication());
        return environment;
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "\t"})
    void an_empty_variable_or_argument_is_one_that_is_not_set(String empty) {
        StandardEnvironment environment = environment(
                Map.of("WIREPROOF_OIDC_ISSUER", empty, "WIREPROOF_API_RATE", empty), "--server.port=" + empty);
        assertThat(environment.containsProperty("wireproof.oidc.issuer")).isFalse();
        assertThat(environment.getProperty("wireproof.api.rate", Integer.class)).isEqualTo(600);
        assertThat(Binder.get(environment).bind("server.port", Integer.class).get())
                .isEqualTo(8080);
    }

    @Test
    void what_is_set_and_what_is_not_ours_stays_as_it_is() {
        StandardEnvironment environment = environment(
                Map.of("WIREPROOF_OIDC_ISSUER", "https://id.example.com", "WIREPROOF_DEMO", "", "COLUMNS", ""),
                "--wireproof.api.rate=7",
                "--wireproof.demo=");
        assertThat(environment.getProperty("wireproof.oidc.issuer")).isEqualTo("https://id.example.com");
        assertThat(environment.getProperty("wireproof.api.rate")).isEqualTo("7");
        assertThat(environment.getProperty("COLUMNS")).isEmpty();
        assertThat(environment.containsProperty("wireproof.demo")).isFalse();
    }
}
