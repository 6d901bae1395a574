package dev.wireproof;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.wireproof.connection.ConnectionRegistry;
import dev.wireproof.id.AgentId;
import dev.wireproof.id.ConnectionId;
import dev.wireproof.testkit.RunningServer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Real agents in processes of their own, which a signal can stop and a network of their own can cut off. */
final class RealAgents {
    private final RunningServer server;
    private final Path home;

    RealAgents(RunningServer server, Path home) {
        this.server = server;
        this.home = home;
    }

    record Agent(Process process, AgentId id, ConnectionId connection) implements AutoCloseable {
        void signal(String name) throws IOException, InterruptedException {
            run("kill", "-" + name, Long.toString(process.pid()));
        }

        @Override
        public void close() throws InterruptedException {
            process.destroyForcibly().waitFor();
        }
    }

    Agent here(String name) throws IOException {
        return start(name, "127.0.0.1", List.of());
    }

    Agent in(CutOffNetwork network, String name) throws IOException {
        return start(name, network.serverAddress(), network.inside());
    }

    private Agent start(String name, String address, List<String> before) throws IOException {
        List<String> words = new ArrayList<>(before);
        words.addAll(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "dev.wireproof.agent.AgentMain",
                "--server",
                "ws://" + address + ":" + server.port() + "/ws",
                "--allow-plaintext",
                "--enrollment-token",
                RunningServer.ENROLLMENT,
                "--tag",
                "name=" + name,
                "--home",
                home.resolve(name).toString()));
        ProcessBuilder builder = new ProcessBuilder(words)
                .redirectErrorStream(true)
                .redirectOutput(home.resolve(name + ".log").toFile());
        builder.environment().put("CLASSPATH", System.getProperty("java.class.path"));
        List<UUID> known = agents();
        Process process = builder.start();
        List<UUID> fresh = new ArrayList<>();
        ConnectionRegistry registry = server.bean(ConnectionRegistry.class);
        await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> {
            fresh.clear();
            fresh.addAll(agents());
            fresh.removeAll(known);
            assertThat(fresh).hasSize(1);
            assertThat(registry.live(new AgentId(fresh.getFirst()))).isPresent();
        });
        AgentId id = new AgentId(fresh.getFirst());
        return new Agent(process, id, registry.live(id).orElseThrow().connectionId());
    }

    private List<UUID> agents() {
        return server.bean(JdbcClient.class)
                .sql("SELECT id FROM agent")
                .query((row, _) -> row.getObject("id", UUID.class))
                .list();
    }

    /** @throws IOException with what it said, when it does not end well */
    static void run(String... words) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(words).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
        if (process.exitValue() != 0) {
            throw new IOException(String.join(" ", words) + ": " + said.strip());
        }
    }
}
