package dev.wireproof.api;

import static org.assertj.core.api.Assertions.assertThat;

import jakarta.validation.ConstraintViolation;
import jakarta.validation.Validation;
import jakarta.validation.ValidatorFactory;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

class ApiSettingsTest {
    @Test
    void the_defaults_are_these() {
        assertThat(new Binder(new MapConfigurationPropertySource(Map.of()))
                        .bindOrCreate("wireproof.api", ApiSettings.class))
                .isEqualTo(new ApiSettings(600, 60, 1_000, 100, 5));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1, 1_000_001})
    void a_rate_that_makes_no_sense_is_refused(int rate) {
        try (ValidatorFactory factory = Validation.buildDefaultValidatorFactory()) {
            assertThat(factory.getValidator().validate(new ApiSettings(rate, 60, 1_000, 100, 5)))
                    .extracting(ConstraintViolation::getPropertyPath)
                    .extracting(Object::toString)
                    .containsExactly("rate");
        }
    }
}
