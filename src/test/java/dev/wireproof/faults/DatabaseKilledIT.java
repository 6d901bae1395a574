package dev.wireproof.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.wireproof.id.CommandId;
import dev.wireproof.testkit.KillablePostgres;
import dev.wireproof.testkit.RunningServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** PostgreSQL itself dies and recovers from its log. */
class DatabaseKilledIT {
    @TempDir
    Path home;

    @Test
    void after_a_kill_it_recovers_and_the_server_goes_on_with_what_was_due_and_what_was_answered() {
        WireTap tap = new WireTap();
        try (KillablePostgres postgres = KillablePostgres.start(home);
                RunningServer server = serverOn(postgres);
                Requests requests = new Requests(server::port);
                LabAgent agent = new LabAgent("killed", server::port, home, tap).start()) {
            agent.id();
            agent.holdResults();
            CommandId running = requests.accepted(agent, "");
            await().untilAsserted(() -> assertThat(requests.stateOf(running)).isEqualTo("running"));
            long connections = tap.connections();

            postgres.kill();
            agent.tellResults();
            Requests.Answer refused = requests.post(agent.id(), "");

            assertThat(refused.status()).isEqualTo(503);
            assertThat(refused.header("retry-after")).isNotEmpty();
            assertThat(tap.resultsConfirmed()).doesNotContain(running);
            postgres.startAgain();
            await().atMost(Duration.ofSeconds(10))
                    .untilAsserted(() -> assertThat(tap.resultsConfirmed()).contains(running));
            assertThat(tap.connections())
                    .as(() -> "no agent had to come again: "
                            + requests.call("GET", "/api/v1/agents/" + agent.id() + "/connections", null)
                                    .body())
                    .isEqualTo(connections);
            CommandId next = requests.accepted(agent, "");
            await().untilAsserted(() -> assertThat(requests.stateOf(next)).isEqualTo("succeeded"));
            new Invariants(requests, postgres.direct(), tap, List.of(agent)).hold();
        }
    }

    /**
     * The kernel says that what was written is not on disk: PostgreSQL must not go on as if it were. It ends all that it was doing, and reads
     * its log again.
     */
    @Test
    void after_an_fsync_that_failed_it_recovers_and_what_was_confirmed_is_there() throws Exception {
        assumeTrue(canTrace(), "skipped: strace is not here, or this account may not trace");
        WireTap tap = new WireTap();
        try (KillablePostgres postgres = KillablePostgres.start(home);
                RunningServer server = serverOn(postgres);
                Requests requests = new Requests(server::port);
                LabAgent agent = new LabAgent("fsync", server::port, home, tap).start()) {
            agent.id();
            CommandId first = requests.accepted(agent, "");
            await().untilAsserted(() -> assertThat(requests.stateOf(first)).isEqualTo("succeeded"));
            Process strace = failingFsyncs(postgres.children());
            try {
                for (int i = 0; i < 5; i++) {
                    requests.post(agent.id(), ""); // whichever answer, or none: the key will tell
                }
                await().until(() -> Files.readString(log(home)).contains("PANIC"));
            } finally {
                strace.destroy();
                strace.waitFor();
            }
            await().atMost(Duration.ofSeconds(60))
                    .until(() -> requests.post(agent.id(), "").accepted());
            assertThat(requests.stateOf(first)).isEqualTo("succeeded");
            new Invariants(requests, postgres.direct(), tap, List.of(agent)).hold();
        }
    }

    private static Path log(Path home) throws IOException {
        try (Stream<Path> logs = Files.list(home.resolve("postgres/log"))) {
            return logs.findFirst().orElseThrow();
        }
    }

    /** Each of these processes fails at its next fsync, and none that is started later does. */
    private static Process failingFsyncs(List<Long> processes) throws IOException {
        List<String> words = new ArrayList<>(List.of(
                "strace",
                "-qq",
                "-e",
                "trace=fsync,fdatasync",
                "-e",
                "inject=fsync,fdatasync:error=EIO:when=1",
                "-o",
                "/dev/null"));
        processes.forEach(process -> words.addAll(List.of("-p", process.toString())));
        Process strace = new ProcessBuilder(words)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        await().until(() -> processes.stream().allMatch(DatabaseKilledIT::traced));
        return strace;
    }

    private static boolean traced(long process) {
        try {
            return Files.readAllLines(Path.of("/proc/" + process + "/status")).stream()
                    .anyMatch(line -> line.startsWith("TracerPid:") && !line.endsWith("\t0"));
        } catch (IOException ended) {
            return true;
        }
    }

    private static boolean canTrace() throws InterruptedException {
        try {
            Process sleep = new ProcessBuilder("sleep", "60").start();
            Process strace = new ProcessBuilder("strace", "-qq", "-p", Long.toString(sleep.pid()))
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            try {
                await().until(() -> !strace.isAlive() || traced(sleep.pid()));
                return strace.isAlive();
            } finally {
                strace.destroy();
                strace.waitFor();
                sleep.destroyForcibly().waitFor();
            }
        } catch (IOException notThere) {
            return false;
        }
    }

    private static RunningServer serverOn(KillablePostgres postgres) {
        return RunningServer.startOn(
                postgres.jdbcUrl(),
                "spring.datasource.username=" + postgres.user(),
                "spring.datasource.password=" + postgres.password(),
                "wireproof.delivery.ack-wait=1s");
    }
}
