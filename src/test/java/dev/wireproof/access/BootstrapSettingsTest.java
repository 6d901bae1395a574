package dev.wireproof.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

class BootstrapSettingsTest {
    private static BootstrapSettings bound(Map<String, String> properties) {
        return new Binder(new MapConfigurationPropertySource(properties))
                .bindOrCreate("wireproof.bootstrap", BootstrapSettings.class);
    }

    @Test
    void by_default_both_are_made_at_the_first_start() {
        assertThat(bound(Map.of())).isEqualTo(new BootstrapSettings(null, null));
        assertThat(bound(Map.of("wireproof.bootstrap.admin-token", ""))).isEqualTo(new BootstrapSettings(null, null));
    }

    @Test
    void any_secret_of_sixteen_visible_characters_is_taken() {
        String secret = "p@ss:word/16+ch=";
        assertThat(bound(Map.of("wireproof.bootstrap.admin-token", secret)).adminToken())
                .isEqualTo(secret);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "short",
                "fifteen-letters",
                "aaaaaaaaaaaaaaaaaaaa",
                "a blank in the middle",
                "übergroße-schlüssel"
            })
    void a_trivial_or_unfit_secret_is_refused_without_showing_it(String secret) {
        assertThatThrownBy(() -> new BootstrapSettings(secret, null))
                .hasMessageContaining("wireproof.bootstrap.admin-token")
                .hasMessageContaining("16 to 255 visible ASCII characters")
                .hasMessageNotContaining(secret);
        assertThatThrownBy(() -> new BootstrapSettings(null, secret))
                .hasMessageContaining("wireproof.bootstrap.enrollment-token");
    }
}
