package dev.wireproof.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.wireproof.simulator.TestFleet;
import dev.wireproof.testkit.Http;
import dev.wireproof.testkit.Ports;
import dev.wireproof.testkit.RunningServer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AlertsIT {
    private static final Path RULES = Path.of("docker/prometheus/rules/wireproof.yml");
    private static final Pattern DURATION = Pattern.compile("(\\d+)(d|h|m)\\b");

    @TempDir
    Path folder;

    @Test
    void promtool_sees_each_alert_fire_and_stay_silent_as_its_tests_say() throws Exception {
        Path promtool = RealPrometheus.program("promtool", "prometheus");
        Path config = Files.writeString(
                folder.resolve("documented.yml"),
                Files.readString(Path.of("docker/prometheus/prometheus.yml"))
                        .replace(
                                "/etc/prometheus/rules/", RULES.toAbsolutePath().getParent() + "/"));
        assertThat(run(promtool.toString(), "check", "config", config.toString()))
                .contains("SUCCESS");
        assertThat(run(promtool.toString(), "check", "rules", RULES.toString())).contains("SUCCESS");
        for (String tests : List.of("wireproof.test.yml", "wireproof.slow.test.yml")) {
            Path file = RULES.resolveSibling(tests);
            assertThat(run(promtool.toString(), "test", "rules", file.toString()))
                    .contains("SUCCESS");
        }
    }

    private static String run(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(output).isZero();
        return output;
    }

    /** The very rules, with a minute as a second. */
    @Test
    void agents_that_ignore_commands_make_a_real_prometheus_fire_the_alert_on_delivery_and_no_other() throws Exception {
        RealPrometheus.program("prometheus", "prometheus");
        int management = Ports.free();
        try (RunningServer server = RunningServer.start(
                        "management.server.port=" + management,
                        "wireproof.delivery.ack-wait=200ms",
                        "wireproof.delivery.max-attempts=2");
                TestFleet fleet = TestFleet.start(server.port(), RunningServer.ENROLLMENT, 12, "command-deaf=3");
                RealPrometheus prometheus = RealPrometheus.start(folder, quickened(), management)) {
            await().atMost(Duration.ofSeconds(30)).until(prometheus::ready);
            await().atMost(Duration.ofSeconds(30)).until(() -> prometheus.value("count_over_time(up[1m])") >= 2);
            await().atMost(Duration.ofSeconds(30)).until(() -> {
                fleet.healthy().forEach(agent -> post(server, agent));
                return prometheus.value("rate(wireproof_ack_duration_seconds_count[15s])") > 0.5;
            });
            assertThat(prometheus.firing()).as("all is well").isEmpty();

            List<String> deaf = Rows.agentsWith(server.databaseUrl(), "command-deaf");
            assertThat(deaf).hasSize(3);
            deaf.forEach(agent -> post(server, agent));
            await().atMost(Duration.ofSeconds(30))
                    .until(() -> !prometheus.firing().isEmpty());
            assertThat(prometheus.firing()).isEqualTo(Set.of("WireproofDeliveryFailing"));
        }
    }

    private Path quickened() throws IOException {
        String quick = DURATION.matcher(Files.readString(RULES)).replaceAll(found -> switch (found.group(2)) {
            case "m" -> found.group(1) + "s";
            case "h" -> found.group(1) + "m";
            default -> Integer.parseInt(found.group(1)) * 24 + "m";
        });
        return Files.writeString(folder.resolve("quick.yml"), quick);
    }

    private static void post(RunningServer server, String agent) {
        Http.Answer answer = server.admin()
                .post("/api/v1/commands", "{\"agent_id\":\"%s\",\"script\":\"hostname\"}".formatted(agent));
        assertThat(answer.status()).as(answer.text()).isEqualTo(202);
    }
}
