package dev.wireproof.simulator;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/** Reports as JSON or as lines of text, with the machine they were made on: a figure without it cannot be compared. */
final class Reports {
    enum Format {
        json,
        text
    }

    private static final JsonMapper JSON =
            JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

    private Reports() {}

    static String render(Map<String, Object> report, Format format) {
        if (format == Format.json) {
            return JSON.writeValueAsString(report);
        }
        StringBuilder out = new StringBuilder();
        lines(out, "", report);
        return out.toString();
    }

    private static void lines(StringBuilder out, String path, Map<?, ?> values) {
        values.forEach((name, value) -> {
            String here = path.isEmpty() ? String.valueOf(name) : path + "." + name;
            if (value instanceof Map<?, ?> deeper) {
                lines(out, here, deeper);
            } else {
                out.append(here).append(" = ").append(value).append('\n');
            }
        });
    }

    /** @param arguments as they were given; what follows an option whose name has "token" or "password" in it is left out */
    static Map<String, Object> environment(List<String> arguments) {
        Map<String, Object> about = new LinkedHashMap<>();
        about.put("command_line", redacted(arguments));
        about.put("version", version());
        about.put("java", System.getProperty("java.vm.name") + " " + System.getProperty("java.runtime.version"));
        about.put("os", System.getProperty("os.name") + " " + System.getProperty("os.version"));
        about.put("cores", Runtime.getRuntime().availableProcessors());
        about.put("cpu", firstValue(Path.of("/proc/cpuinfo"), "model name"));
        about.put("memory", firstValue(Path.of("/proc/meminfo"), "MemTotal"));
        return about;
    }

    static String redacted(List<String> arguments) {
        List<String> shown = new ArrayList<>();
        boolean hide = false;
        for (String argument : arguments) {
            int equals = argument.indexOf('=');
            boolean secret = argument.startsWith("--") && (argument.contains("token") || argument.contains("password"));
            if (hide) {
                shown.add("…");
            } else if (secret && equals > 0) {
                shown.add(argument.substring(0, equals) + "=…");
            } else {
                shown.add(argument);
            }
            hide = secret && equals < 0;
        }
        return "simulate " + String.join(" ", shown);
    }

    private static String version() {
        return Objects.requireNonNullElse(Reports.class.getPackage().getImplementationVersion(), "unpackaged");
    }

    private static String firstValue(Path file, String name) {
        try (Stream<String> lines = Files.lines(file, StandardCharsets.UTF_8)) {
            return lines.filter(line -> line.startsWith(name))
                    .findFirst()
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .orElse("unknown");
        } catch (IOException e) {
            return "unknown";
        }
    }
}
