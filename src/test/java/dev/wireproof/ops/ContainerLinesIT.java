package dev.wireproof.ops;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wireproof.testkit.Http;
import dev.wireproof.testkit.Ports;
import dev.wireproof.testkit.RunningServer;
import dev.wireproof.testkit.TestDatabase;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code docker/Dockerfile} does, line by line and without Docker: laying the jar out, the layers, the start, the health check. */
class ContainerLinesIT {
    private static final String JAVA =
            Path.of(System.getProperty("java.home"), "bin").toString();

    @TempDir
    Path folder;

    @Test
    void what_the_dockerfile_lays_out_starts_by_its_entry_point_and_passes_its_health_check() throws Exception {
        String file = Files.readString(Path.of("docker/Dockerfile")).replace("\\\n", " ");
        Path build = Files.createDirectories(folder.resolve("build"));
        Files.copy(
                Path.of(System.getProperty("wireproof.server.jar")).toRealPath(),
                build.resolve(
                        only(file, "COPY target/wireproof-server.jar (\\S+)").group(1)));
        shell(build, only(file, "RUN (java -Djarmode=tools .*)").group(1), Map.of());
        Path image = Files.createDirectories(folder.resolve("image"));
        List<String> layers = Pattern.compile("COPY --from=layers /build/(\\S+)/ \\./")
                .matcher(file)
                .results()
                .map(found -> found.group(1))
                .toList();
        assertThat(layers).hasSize(4);
        for (String layer : layers) {
            shell(folder, "cp -r build/" + layer + "/. image/", Map.of());
        }

        int port = Ports.free();
        List<String> words = List.of(only(file, "ENTRYPOINT \\[(.*)]").group(1).split(",")).stream()
                .map(word -> word.strip().replace("\"", ""))
                .map(word ->
                        word.equals("java") ? JAVA + "/java" : word) // this process looks programs up in its own PATH
                .toList();
        ProcessBuilder start = new ProcessBuilder(words)
                .directory(image.toFile())
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("server.log").toFile());
        Map<String, String> environment = start.environment();
        environment.put("PATH", JAVA + ":" + environment.get("PATH"));
        environment.put("WIREPROOF_HOME", folder.resolve("home").toString());
        environment.put("SERVER_PORT", Integer.toString(Ports.free()));
        environment.put("MANAGEMENT_SERVER_PORT", Integer.toString(port));
        environment.put("SPRING_DATASOURCE_URL", TestDatabase.freshUrl());
        environment.put("SPRING_DATASOURCE_USERNAME", "postgres");
        environment.put("SPRING_DATASOURCE_PASSWORD", "");
        environment.put("WIREPROOF_BOOTSTRAP_ADMIN_TOKEN", RunningServer.ADMIN);
        environment.put("JAVA_TOOL_OPTIONS", "-Xmx512m -XX:TieredStopAtLevel=1");
        Process server = start.start();
        try {
            Awaitility.await().atMost(Duration.ofSeconds(90)).until(() -> Http.ready(port) || !server.isAlive());
            assertThat(server.isAlive())
                    .as(Files.readString(folder.resolve("server.log")))
                    .isTrue();
            String check = only(file, "HEALTHCHECK [^\\n]*?CMD ([^\\n]*)").group(1);
            shell(image, check, Map.of("MANAGEMENT_SERVER_PORT", Integer.toString(port)));
        } finally {
            server.toHandle().destroy();
            assertThat(server.waitFor(40, TimeUnit.SECONDS)).isTrue();
        }
        assertThat(server.exitValue()).as("a container is stopped by SIGTERM").isIn(0, 143);
    }

    private static MatchResult only(String file, String pattern) {
        List<MatchResult> found =
                Pattern.compile(pattern).matcher(file).results().toList();
        assertThat(found).as(pattern).hasSize(1);
        return found.getFirst();
    }

    private static void shell(Path in, String line, Map<String, String> more) throws IOException, InterruptedException {
        ProcessBuilder shell =
                new ProcessBuilder("sh", "-c", line).directory(in.toFile()).redirectErrorStream(true);
        shell.environment().put("PATH", JAVA + ":" + shell.environment().get("PATH"));
        shell.environment().putAll(more);
        Process process = shell.start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as("%s: %s", line, said).isZero();
    }
}
