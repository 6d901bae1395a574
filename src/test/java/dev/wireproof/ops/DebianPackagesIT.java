package dev.wireproof.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.wireproof.testkit.Http;
import dev.wireproof.testkit.Ports;
import dev.wireproof.testkit.RunningServer;
import dev.wireproof.testkit.TestDatabase;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The Debian packages, put into a root of their own by dpkg and started there by their units' own lines. */
class DebianPackagesIT {
    private static final Path BUILT =
            Path.of(System.getProperty("wireproof.server.jar")).resolveSibling("");

    @TempDir
    Path root;

    private static String run(String... words) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(words).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor())
                .as("%s: %s", String.join(" ", words), said)
                .isZero();
        return said;
    }

    /** What is not there (a JDK 25 as Debian knows it) is not asked for: this root has nothing but our files. */
    private void install(String name) throws Exception {
        Path dpkg = RealPrometheus.program("dpkg", "dpkg");
        Path admin = root.resolve("var/lib/dpkg");
        Files.createDirectories(admin.resolve("info"));
        Files.createDirectories(admin.resolve("updates"));
        if (!Files.exists(admin.resolve("status"))) {
            Files.createFile(admin.resolve("status"));
        }
        run(
                dpkg.toString(),
                "--root=" + root,
                "--force-not-root,depends,script-chrootless,bad-path",
                "--install",
                BUILT.resolve(name + ".deb").toString());
    }

    /** The unit's own start line, with the paths of this root and this machine's JDK. */
    private List<String> startLine(String unit, Map<String, String> variables) throws IOException {
        String line = Files.readAllLines(root.resolve("usr/lib/systemd/system/" + unit)).stream()
                .filter(each -> each.startsWith("ExecStart="))
                .findFirst()
                .orElseThrow()
                .substring("ExecStart=".length());
        List<String> words = new ArrayList<>();
        for (String word : line.split(" ")) {
            String set = word;
            for (Map.Entry<String, String> variable : variables.entrySet()) {
                set = set.replace("${" + variable.getKey() + "}", variable.getValue());
            }
            words.add(
                    set.startsWith("/opt/") || set.startsWith("/var/")
                            ? root.resolve(set.substring(1)).toString()
                            : set);
        }
        assertThat(words.getFirst()).isEqualTo("/usr/bin/java");
        words.set(0, Path.of(System.getProperty("java.home"), "bin", "java").toString());
        return words;
    }

    private Process start(List<String> words, Map<String, String> environment, String log) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(words)
                .redirectErrorStream(true)
                .redirectOutput(root.resolve(log).toFile());
        builder.environment().putAll(environment);
        return builder.start();
    }

    @Test
    void what_dpkg_installs_starts_by_its_units_lines_and_an_installed_agent_runs_a_command() throws Exception {
        install("wireproof-server");
        install("wireproof-agent");
        assertThat(PosixFilePermissions.toString(
                        Files.getPosixFilePermissions(root.resolve("etc/wireproof/agent.env"))))
                .as("the file that holds the enrolment token")
                .isEqualTo("rw-------");
        assertThat(run("dpkg", "--root=" + root, "--verify", "wireproof-server", "wireproof-agent"))
                .as("files that are not as they were packed")
                .isBlank();
        assertThat(Files.readString(root.resolve("var/lib/dpkg/info/wireproof-server.conffiles")))
                .contains("/etc/wireproof/server.env");

        int port = Ports.free();
        String url = TestDatabase.freshUrl();
        Process server = start(
                startLine("wireproof-server.service", Map.of()),
                Map.of(
                        "WIREPROOF_HOME",
                        root.resolve("var/lib/wireproof").toString(),
                        "WIREPROOF_DEMO",
                        "false",
                        "SERVER_PORT",
                        Integer.toString(port),
                        "SPRING_DATASOURCE_URL",
                        url,
                        "SPRING_DATASOURCE_USERNAME",
                        "postgres",
                        "SPRING_DATASOURCE_PASSWORD",
                        "",
                        "WIREPROOF_BOOTSTRAP_ADMIN_TOKEN",
                        RunningServer.ADMIN,
                        "WIREPROOF_BOOTSTRAP_ENROLLMENT_TOKEN",
                        RunningServer.ENROLLMENT),
                "server.log");
        try (Http admin = Http.at(port, RunningServer.ADMIN)) {
            await().atMost(Duration.ofSeconds(90))
                    .ignoreExceptions()
                    .until(() -> admin.get("/actuator/health/readiness").status() == 200);
            String address = "ws://127.0.0.1:" + port + "/ws";
            Process agent = start(
                    startLine("wireproof-agent.service", Map.of("WIREPROOF_SERVER", address)),
                    Map.of("WIREPROOF_SERVER", address, "WIREPROOF_ENROLLMENT_TOKEN", RunningServer.ENROLLMENT),
                    "agent.log");
            try {
                String id = await().atMost(Duration.ofSeconds(60))
                        .until(
                                () -> admin.get("/api/v1/agents?status=online")
                                        .json()
                                        .path("items")
                                        .path(0)
                                        .path("id")
                                        .asString(""),
                                found -> !found.isEmpty());
                String ran = admin.post(
                                "/api/v1/commands?wait_s=30",
                                "{\"agent_id\":\"%s\",\"script\":\"echo installed\"}".formatted(id))
                        .text();
                assertThat(ran).contains("\"succeeded\"").contains("installed");
            } finally {
                stop(agent);
            }
        } catch (AssertionError failed) {
            throw new AssertionError(Files.readString(root.resolve("server.log")), failed);
        } finally {
            stop(server);
        }
    }

    private static void stop(Process process) throws InterruptedException {
        process.destroy();
        process.waitFor();
    }

    @Test
    void the_packages_hold_the_units_and_the_jars_and_nothing_that_anybody_may_write() throws Exception {
        for (String name : List.of("wireproof-server", "wireproof-agent")) {
            String listed =
                    run("dpkg-deb", "--contents", BUILT.resolve(name + ".deb").toString());
            assertThat(listed)
                    .contains("./opt/wireproof/" + name + ".jar")
                    .contains("./usr/lib/systemd/system/" + name + ".service");
            assertThat(Arrays.stream(listed.split("\n")).filter(line -> line.charAt(8) == 'w'))
                    .isEmpty();
            assertThat(Arrays.stream(listed.split("\n")).filter(line -> !line.contains("root/root")))
                    .isEmpty();
        }
    }
}
