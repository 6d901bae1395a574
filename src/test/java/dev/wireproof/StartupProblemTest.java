package dev.wireproof;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.wireproof.database.CannotStart;
import java.io.IOException;
import java.sql.SQLException;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.bind.BindException;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.boot.web.server.PortInUseException;

class StartupProblemTest {
    @Test
    void a_value_of_the_wrong_kind_is_named_with_its_property() {
        Binder binder = new Binder(new MapConfigurationPropertySource(Map.of("server.port", "abc")));
        BindException failure =
                catchThrowableOfType(BindException.class, () -> binder.bind("server.port", Bindable.of(Integer.class)));
        assertThat(StartupProblem.describe(new IllegalStateException("wrapped", failure)))
                .hasValueSatisfying(line -> assertThat(line).contains("server.port", "'abc'", "Integer"));
    }

    @Test
    void a_port_in_use_is_named() {
        assertThat(StartupProblem.describe(new IllegalStateException(new PortInUseException(8080))))
                .contains("SERVER_PORT 8080 is in use by another program; stop it or set another port");
    }

    @Test
    void a_wrong_database_password_is_named() {
        SQLException refused = new SQLException("FATAL: password authentication failed for user \"x\"", "28P01");
        assertThat(StartupProblem.describe(new RuntimeException(refused)))
                .hasValueSatisfying(line -> assertThat(line).contains("SPRING_DATASOURCE_PASSWORD"));
    }

    @Test
    void a_full_disk_is_named() {
        assertThat(StartupProblem.describe(new RuntimeException(new IOException("x: No space left on device"))))
                .hasValueSatisfying(line -> assertThat(line).startsWith("the disk is full"));
    }

    @Test
    void our_own_refusals_are_told_in_their_own_words() {
        assertThat(StartupProblem.describe(new RuntimeException(new CannotStart("do this"))))
                .contains("do this");
    }

    @Test
    void what_nobody_foresaw_is_left_to_the_full_report() {
        assertThat(StartupProblem.describe(new IllegalStateException("a defect")))
                .isEmpty();
    }

    @Test
    void a_management_port_in_use_is_named_by_its_own_setting() {
        Map<String, String> both = Map.of("SERVER_PORT", "8080", "MANAGEMENT_SERVER_PORT", "9090");
        assertThat(StartupProblem.portSetting(9090, both)).isEqualTo("MANAGEMENT_SERVER_PORT");
        assertThat(StartupProblem.portSetting(8080, both)).isEqualTo("SERVER_PORT");
        assertThat(StartupProblem.portSetting(8080, Map.of())).isEqualTo("SERVER_PORT");
    }
}
