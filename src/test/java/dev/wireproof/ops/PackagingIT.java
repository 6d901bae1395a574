package dev.wireproof.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.yaml.snakeyaml.Yaml;

/** What an operator copies: units, composition, workflows. */
class PackagingIT {
    private static final Pattern SETTING =
            Pattern.compile("\\b(?:WIREPROOF|SERVER|SPRING_DATASOURCE|MANAGEMENT)_[A-Z_]+");
    private static final List<String> NOT_THE_SERVERS = List.of(
            "WIREPROOF_READER_PASSWORD", "WIREPROOF_SERVER", "WIREPROOF_ENROLLMENT_TOKEN"); // Grafana's; the agent's

    @Test
    void systemd_accepts_the_units() throws Exception {
        Path analyze = RealPrometheus.program("systemd-analyze", "systemd");
        for (Path unit : files("docker/systemd", ".service")) {
            Process process = new ProcessBuilder(analyze.toString(), "verify", unit.toString())
                    .redirectErrorStream(true)
                    .start();
            String told = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            // It also looks for the programs, which are where the unit's head says that they are put.
            assertThat(told.lines()
                            .filter(line -> line.contains(unit.getFileName().toString()))
                            .filter(line -> !line.contains("is not executable")))
                    .isEmpty();
            process.waitFor();
        }
    }

    @Test
    void the_composition_mounts_files_that_exist_and_sets_what_is_documented() throws IOException {
        String text = Files.readString(Path.of("docker/compose.yaml"));
        Map<String, Object> compose = new Yaml().load(text);
        List<String> mounted = new ArrayList<>();
        for (Object service : ((Map<?, ?>) Objects.requireNonNull(compose.get("services"))).values()) {
            if (((Map<?, ?>) service).get("volumes") instanceof List<?> volumes) {
                volumes.stream()
                        .map(Object::toString)
                        .filter(volume -> volume.startsWith("./"))
                        .forEach(volume -> mounted.add(volume.split(":")[0]));
            }
        }
        assertThat(mounted).contains("./tls");
        mounted.remove("./tls"); // made by hand, as the head of the file says
        assertThat(mounted)
                .isNotEmpty()
                .allSatisfy(path -> assertThat(Path.of("docker").resolve(path)).exists());
        String documented =
                Files.readString(Path.of("docs/configuration.md")) + Files.readString(Path.of("docs/operations.md"));
        for (Path file : List.of(
                Path.of("docker/compose.yaml"),
                Path.of("docker/Dockerfile"),
                Path.of("docker/systemd/wireproof-server.service"))) {
            Matcher setting = SETTING.matcher(Files.readString(file));
            while (setting.find()) {
                assertThat(NOT_THE_SERVERS.contains(setting.group()) || documented.contains(setting.group()))
                        .as("%s in %s is documented", setting.group(), file)
                        .isTrue();
            }
        }
    }

    @Test
    void docker_compose_accepts_the_composition() throws Exception {
        Path docker = RealPrometheus.program("docker", "docker.io docker-compose");
        boolean compose = new ProcessBuilder(docker.toString(), "compose", "version")
                        .redirectErrorStream(true)
                        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                        .start()
                        .waitFor()
                == 0;
        if (!compose) {
            System.out.println("skipped: docker has no compose plugin on this machine");
        }
        assumeTrue(compose, "docker has no compose plugin on this machine");
        ProcessBuilder config =
                new ProcessBuilder(docker.toString(), "compose", "-f", "docker/compose.yaml", "config", "--quiet");
        config.environment()
                .putAll(Map.of(
                        "POSTGRES_PASSWORD", "x",
                        "GRAFANA_ADMIN_PASSWORD", "x",
                        "WIREPROOF_READER_PASSWORD", "x",
                        "WIREPROOF_BOOTSTRAP_ADMIN_TOKEN", "x"));
        Process process = config.redirectErrorStream(true).start();
        String told = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(told).isZero();
    }

    @Test
    void container_and_unit_start_the_same_virtual_machine() throws IOException {
        String container = Files.readString(Path.of("docker/Dockerfile"));
        String unit = Files.readString(Path.of("docker/systemd/wireproof-server.service"));
        assertThat(flags(container)).isNotEmpty().isEqualTo(flags(unit));
        assertThat(container).contains("USER wireproof").contains("HEALTHCHECK");
        assertThat(unit).contains("User=wireproof");
    }

    private static List<String> flags(String file) {
        String start = file.lines().filter(line -> line.contains("-XX:")).reduce("", String::concat);
        return Pattern.compile("-{1,2}[A-Za-z][^\\s\",]*")
                .matcher(start)
                .results()
                .map(found -> found.group())
                .filter(flag -> flag.startsWith("-XX") || flag.startsWith("--"))
                .toList();
    }

    @Test
    void workflows_and_forms_are_readable() throws IOException {
        List<Path> files = new ArrayList<>(files(".github/workflows", ".yml"));
        files.addAll(files(".github/ISSUE_TEMPLATE", ".yml"));
        files.add(Path.of(".github/dependabot.yml"));
        for (Path file : files) {
            assertThat((Object) new Yaml().load(Files.readString(file)))
                    .as(file.toString())
                    .isInstanceOf(Map.class);
        }
    }

    private static List<Path> files(String folder, String ending) throws IOException {
        try (Stream<Path> files = Files.list(Path.of(folder))) {
            return files.filter(file -> file.toString().endsWith(ending))
                    .sorted()
                    .toList();
        }
    }
}
