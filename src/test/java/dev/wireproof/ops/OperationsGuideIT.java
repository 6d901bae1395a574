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
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands of {@code docs/operations.md}, as they stand but for the port. The install line, the proxies and the restore have tests of their own. */
class OperationsGuideIT {
    @TempDir
    Path folder;

    @Test
    void the_commands_for_a_sooner_start_for_health_sizes_and_the_audit_log_do_what_they_say() throws Exception {
        int port = Ports.free();
        String url = TestDatabase.freshUrl();
        Map<String, String> settings = new HashMap<>(Map.of(
                "PATH",
                Path.of(System.getProperty("java.home"), "bin") + ":" + System.getenv("PATH"),
                "WIREPROOF_HOME",
                folder.resolve("home").toString(),
                "SERVER_PORT",
                Integer.toString(port),
                "SPRING_DATASOURCE_URL",
                url,
                "SPRING_DATASOURCE_USERNAME",
                "postgres",
                "SPRING_DATASOURCE_PASSWORD",
                "",
                "WIREPROOF_BOOTSTRAP_ADMIN_TOKEN",
                RunningServer.ADMIN));
        Files.copy(
                Path.of(System.getProperty("wireproof.server.jar")).toRealPath(),
                folder.resolve("wireproof-server.jar"));
        List<String> sooner = block("sh", "jarmode=tools").lines().toList();
        assertThat(sooner.getLast()).contains("-XX:AOTCache=");
        shell(settings, String.join("\n", sooner.subList(0, sooner.size() - 1)));
        assertThat(folder.resolve("app/wireproof.aot")).isNotEmptyFile();

        Process server = begin(settings, sooner.get(1) + "\nexec " + sooner.getLast(), "server.log");
        try {
            Awaitility.await().atMost(Duration.ofSeconds(90)).until(() -> Http.ready(port) || !server.isAlive());
            assertThat(server.isAlive())
                    .as(Files.readString(folder.resolve("server.log")))
                    .isTrue();
            assertThat(shell(settings, block("sh", "/actuator/health").replace("8080", Integer.toString(port))))
                    .contains("\"durability\"", "\"database\"");
            assertThat(Rows.of(
                            url,
                            "SELECT relname FROM ("
                                    + block("sql", "pg_total_relation_size")
                                            .strip()
                                            .replaceAll(";$", "") + ") AS sizes"))
                    .contains("command");
            String verify = block("sh", "verify-audit").lines().findFirst().orElseThrow();
            assertThat(shell(settings, verify)).contains("VALID");
        } finally {
            server.toHandle().destroy();
            assertThat(server.waitFor(40, TimeUnit.SECONDS)).isTrue();
        }
    }

    /** The one block of that language that holds this. */
    private static String block(String language, String what) throws IOException {
        List<String> found = Pattern.compile("```" + language + "\n(.*?)```", Pattern.DOTALL)
                .matcher(Files.readString(Path.of("docs/operations.md")))
                .results()
                .map(block -> block.group(1))
                .filter(block -> block.contains(what))
                .toList();
        assertThat(found).as(what).hasSize(1);
        return found.getFirst();
    }

    private Process begin(Map<String, String> settings, String script, String log) throws IOException {
        ProcessBuilder shell = new ProcessBuilder("sh", "-ec", script)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve(log).toFile());
        shell.environment().putAll(settings);
        return shell.start();
    }

    private String shell(Map<String, String> settings, String script) throws IOException, InterruptedException {
        Process process = begin(settings, script, "said.log");
        assertThat(process.waitFor()).as(() -> script + ": " + read("said.log")).isZero();
        return read("said.log");
    }

    private String read(String log) {
        try {
            return Files.readString(folder.resolve(log), StandardCharsets.UTF_8);
        } catch (IOException e) {
            return e.toString();
        }
    }
}
