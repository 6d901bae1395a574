package dev.wireproof;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.EnvironmentPostProcessor;
import org.springframework.boot.SpringApplication;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.core.env.CommandLinePropertySource;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.EnumerablePropertySource;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.env.MutablePropertySources;
import org.springframework.core.env.PropertySource;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.env.SystemEnvironmentPropertySource;

/**
 * An empty setting is one that is not set: compose files, unit files and scripts pass {@code NAME=} for what nobody gave them. Without this
 * each reader of a setting would have to think of it, and a switch that only asks whether a name is there would take it for yes.
 */
@Order(Ordered.HIGHEST_PRECEDENCE) // before anything reads a setting, or wraps the environment
final class EmptySettings implements EnvironmentPostProcessor {
    private static final List<String> OURS =
            List.of("wireproof.", "spring.datasource.", "server.", "management.server.");

    @Override
    public void postProcessEnvironment(ConfigurableEnvironment environment, SpringApplication application) {
        MutablePropertySources all = environment.getPropertySources();
        without(
                all,
                StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME,
                given -> new SystemEnvironmentPropertySource(
                        StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME, given));
        without(
                all,
                CommandLinePropertySource.COMMAND_LINE_PROPERTY_SOURCE_NAME,
                given -> new MapPropertySource(CommandLinePropertySource.COMMAND_LINE_PROPERTY_SOURCE_NAME, given));
    }

    private static void without(
            MutablePropertySources all, String name, Function<Map<String, Object>, PropertySource<?>> made) {
        if (!(all.get(name) instanceof EnumerablePropertySource<?> source)
                || Arrays.stream(source.getPropertyNames())
                        .noneMatch(property -> empty(property, source.getProperty(property)))) {
            return;
        }
        Map<String, Object> given = new LinkedHashMap<>();
        for (String property : source.getPropertyNames()) {
            Object value = source.getProperty(property);
            if (value != null && !empty(property, value)) {
                given.put(property, value);
            }
        }
        all.replace(name, made.apply(given));
    }

    private static boolean empty(String property, @Nullable Object value) {
        String dotted = property.toLowerCase(Locale.ROOT).replace('_', '.');
        return value != null && value.toString().isBlank() && OURS.stream().anyMatch(dotted::startsWith);
    }
}
