package dev.wireproof.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import jakarta.validation.Validation;
import jakarta.validation.ValidatorFactory;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

class FleetSettingsTest {
    @Test
    void the_defaults_are_these() {
        assertThat(new Binder(new MapConfigurationPropertySource(Map.of()))
                        .bindOrCreate("wireproof.fleet", FleetSettings.class))
                .isEqualTo(new FleetSettings(30));
    }

    @Test
    void a_limit_below_one_is_refused() {
        try (ValidatorFactory factory = Validation.buildDefaultValidatorFactory()) {
            assertThat(factory.getValidator().validate(new FleetSettings(0))).hasSize(1);
        }
    }
}
