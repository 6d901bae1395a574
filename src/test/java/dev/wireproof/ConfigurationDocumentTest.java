package dev.wireproof;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.io.IOException;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.ConfigurationProperties;

class ConfigurationDocumentTest {
    @Test
    void every_setting_is_in_the_configuration_document_by_its_environment_variable() throws IOException {
        String document = Files.readString(Path.of("docs/configuration.md"));
        assertThat(settings())
                .isNotEmpty()
                .allSatisfy(name -> assertThat(document).contains("`" + name + "`"));
    }

    private static List<String> settings() {
        List<String> names = new ArrayList<>();
        for (JavaClass candidate : new ClassFileImporter()
                .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                .importPackages("dev.wireproof")) {
            if (candidate.isAnnotatedWith(ConfigurationProperties.class)) {
                Class<?> type = candidate.reflect();
                assertThat(type.isRecord()).as("%s is a record", type).isTrue();
                String prefix =
                        type.getAnnotation(ConfigurationProperties.class).value();
                for (RecordComponent component : type.getRecordComponents()) {
                    names.add(environmentVariable(prefix + "." + component.getName()));
                }
            }
        }
        return names;
    }

    /** {@code wireproof.connection.pingInterval} becomes {@code WIREPROOF_CONNECTION_PING_INTERVAL}, as Spring Boot reads it with dashes kept as underscores. */
    private static String environmentVariable(String property) {
        return property.replaceAll("([a-z0-9])([A-Z])", "$1_$2")
                .replace('.', '_')
                .replace('-', '_')
                .toUpperCase(Locale.ROOT);
    }
}
