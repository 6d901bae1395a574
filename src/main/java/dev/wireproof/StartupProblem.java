package dev.wireproof;

import dev.wireproof.database.CannotStart;
import java.io.IOException;
import java.io.PrintStream;
import java.net.BindException;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.SpringBootExceptionReporter;
import org.springframework.boot.context.properties.bind.validation.BindValidationException;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.boot.web.server.PortInUseException;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.validation.FieldError;
import org.springframework.validation.ObjectError;

/**
 * Turns what an operator can mend into one line on standard error that names the setting, the value and what is allowed. What it
 * does not know is left to Spring Boot's own report.
 */
@Order(Ordered.HIGHEST_PRECEDENCE)
final class StartupProblem implements SpringBootExceptionReporter {
    private static final Logger log = LoggerFactory.getLogger(StartupProblem.class);

    private final PrintStream out = System.err;

    @Override
    public boolean reportException(Throwable failure) {
        Optional<String> line = describe(failure);
        line.ifPresent(text -> out.println("wireproof: cannot start: " + text.replaceAll("\\s+", " ")));
        log.debug("start failed", failure);
        return line.isPresent();
    }

    /** The line without its prefix; empty when the failure is none that an operator is expected to mend. */
    static Optional<String> describe(Throwable failure) {
        List<Throwable> chain = new ArrayList<>();
        for (Throwable cause = failure; cause != null && chain.size() < 50; cause = cause.getCause()) {
            chain.add(cause);
        }
        if (chain.stream().anyMatch(PortInUseException.class::isInstance)) {
            chain.removeIf(BindException.class::isInstance); // the wrapper knows the port, its cause does not
        }
        for (Throwable cause : chain.reversed()) { // the deepest cause knows most
            Optional<String> line = describeOne(cause);
            if (line.isPresent()) {
                return line;
            }
        }
        return Optional.empty();
    }

    private static Optional<String> describeOne(Throwable cause) {
        return switch (cause) {
            case CannotStart known -> Optional.ofNullable(known.getMessage());
            case BindValidationException invalid ->
                Optional.of(invalid.getValidationErrors().getAllErrors().stream()
                        .map(error -> describe(invalid.getValidationErrors().getName(), error))
                        .collect(Collectors.joining("; ")));
            case org.springframework.boot.context.properties.bind.BindException bind -> Optional.of(describe(bind));
            case InvalidConfigurationPropertyValueException invalid ->
                Optional.of("%s is '%s': %s".formatted(invalid.getName(), invalid.getValue(), invalid.getReason()));
            case PortInUseException inUse ->
                Optional.of("%s %d is in use by another program; stop it or set another port"
                        .formatted(portSetting(inUse.getPort(), System.getenv()), inUse.getPort()));
            case BindException bind ->
                Optional.of("cannot listen on SERVER_ADDRESS and SERVER_PORT: " + bind.getMessage());
            case SQLException sql -> describe(sql);
            case IOException io
            when String.valueOf(io.getMessage()).contains("No space left") ->
                Optional.of("the disk is full: " + io.getMessage());
            default -> Optional.empty();
        };
    }

    private static String describe(ConfigurationPropertyName prefix, ObjectError error) {
        if (error instanceof FieldError field) {
            String name = ConfigurationPropertyName.adapt(field.getField(), '.').toString();
            return "%s.%s is '%s': %s"
                    .formatted(
                            prefix, kebab(field.getField(), name), field.getRejectedValue(), error.getDefaultMessage());
        }
        return prefix + ": " + error.getDefaultMessage();
    }

    private static String kebab(String field, String fallback) {
        return field.isEmpty()
                ? fallback
                : field.replaceAll("([a-z0-9])([A-Z])", "$1-$2").toLowerCase(Locale.ROOT);
    }

    /** Which setting named the port that is in use. */
    static String portSetting(int port, Map<String, String> environment) {
        return Integer.toString(port).equals(environment.get("MANAGEMENT_SERVER_PORT"))
                ? "MANAGEMENT_SERVER_PORT"
                : "SERVER_PORT";
    }

    private static String describe(org.springframework.boot.context.properties.bind.BindException bind) {
        Throwable root = bind;
        while (root.getCause() != null && root.getCause() != root) {
            root = root.getCause();
        }
        String name = bind.getProperty() == null
                ? bind.getName().toString()
                : bind.getProperty().getName().toString();
        Object value = bind.getProperty() == null ? "" : bind.getProperty().getValue();
        Class<?> expected = bind.getTarget().getType().toClass();
        String why = "not a valid %s (%s)".formatted(expected.getSimpleName(), root.getMessage());
        return "%s is '%s': %s".formatted(name, value, why);
    }

    /** Codes of PostgreSQL, appendix A of its manual. */
    private static Optional<String> describe(SQLException sql) {
        String state = sql.getSQLState() == null ? "" : sql.getSQLState();
        return switch (state) {
            case "28P01", "28000" ->
                Optional.of("the database refuses SPRING_DATASOURCE_USERNAME and SPRING_DATASOURCE_PASSWORD: "
                        + sql.getMessage());
            case "3D000" ->
                Optional.of("SPRING_DATASOURCE_URL names a database that does not exist: " + sql.getMessage());
            case "08001", "08004", "08006" ->
                Optional.of("the database of SPRING_DATASOURCE_URL cannot be reached: " + sql.getMessage());
            case "53100" -> Optional.of("the database's disk is full: " + sql.getMessage());
            default -> Optional.empty();
        };
    }
}
