package dev.wireproof;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.wireproof.connection.ConnectionRegistry;
import dev.wireproof.connection.SocketWatch;
import dev.wireproof.id.AgentId;
import dev.wireproof.id.ConnectionId;
import dev.wireproof.kernel.SocketReading;
import dev.wireproof.protocol.AgentMessage;
import dev.wireproof.protocol.ServerMessage;
import dev.wireproof.testkit.RawPeer;
import dev.wireproof.testkit.RunningServer;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarFile;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.jdbc.core.simple.JdbcClient;
import tools.jackson.databind.JsonNode;

/** The rung between our kernel and the agent, with real agents in processes of their own: stopped ones, and ones that nothing reaches. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TcpAckedIT {
    private static final long PID = ProcessHandle.current().pid();
    private static final String HERE = "10.213." + PID % 250 + ".1";
    private static final String THERE = "10.213." + PID % 250 + ".2";
    private static final String OUR_END = "wpa" + PID;
    private static final String ITS_END = "wpb" + PID;
    /** Nobody has it: frames to it are dropped by whoever gets them. */
    private static final String NOBODYS_MAC = "02:00:00:00:00:99";

    @TempDir
    Path home;

    private RunningServer server;

    @BeforeAll
    void start() {
        server = RunningServer.start(
                "server.address=0.0.0.0",
                "wireproof.connection.plaintext=any",
                "wireproof.delivery.ack-wait=60s",
                "wireproof.connection.trusted-proxies=127.0.0.1");
    }

    @AfterAll
    void stop() {
        server.close();
    }

    /** A real agent in a process of its own. */
    private record Agent(Process process, AgentId id, ConnectionId connection) implements AutoCloseable {
        void signal(String name) throws IOException, InterruptedException {
            run("kill", "-" + name, Long.toString(process.pid()));
        }

        @Override
        public void close() throws InterruptedException {
            process.destroyForcibly().waitFor();
        }
    }

    /** @param namespace of the network; null: this one */
    private Agent agent(String name, String address, @Nullable String namespace) throws IOException {
        List<String> words = new ArrayList<>();
        if (namespace != null) {
            words.addAll(List.of("ip", "netns", "exec", namespace));
        }
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
        List<UUID> before = agents();
        Process process = builder.start();
        List<UUID> fresh = new ArrayList<>();
        await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> {
            fresh.clear();
            fresh.addAll(agents());
            fresh.removeAll(before);
            assertThat(fresh).hasSize(1);
            assertThat(registry().live(new AgentId(fresh.getFirst()))).isPresent();
        });
        AgentId id = new AgentId(fresh.getFirst());
        return new Agent(process, id, registry().live(id).orElseThrow().connectionId());
    }

    private ConnectionRegistry registry() {
        return server.bean(ConnectionRegistry.class);
    }

    private List<UUID> agents() {
        return server.bean(JdbcClient.class)
                .sql("SELECT id FROM agent")
                .query((row, _) -> row.getObject("id", UUID.class))
                .list();
    }

    private static String run(String... words) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(words).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
        if (process.exitValue() != 0) {
            throw new IOException(String.join(" ", words) + ": " + said.strip());
        }
        return said;
    }

    private String post(AgentId agent) {
        JsonNode command = server.admin()
                .post("/api/v1/commands", "{\"agent_id\":\"" + agent + "\",\"script\":\"echo there\"}")
                .json();
        return command.get("id").asString();
    }

    private JsonNode command(String id) {
        return server.admin().get("/api/v1/commands/" + id).json();
    }

    private JsonNode firstAttempt(String id) {
        return command(id).get("attempts").get(0);
    }

    private SocketReading socket(Agent agent) {
        return server.bean(SocketWatch.class).read(agent.connection());
    }

    private void assumeTheKernelTells(Agent agent) {
        SocketReading reading = socket(agent);
        if (!(reading instanceof SocketReading.Seen)) {
            System.out.println("SKIPPED: this machine's kernel does not show its sockets: " + reading);
        }
        assumeTrue(reading instanceof SocketReading.Seen);
    }

    @Test
    void a_stopped_process_is_tcp_acknowledged_and_has_not_read_until_it_goes_on() throws Exception {
        try (Agent agent = agent("stopped", "127.0.0.1", null)) {
            assumeTheKernelTells(agent);
            agent.signal("STOP");
            String id = post(agent.id());
            await().untilAsserted(() -> {
                JsonNode attempt = firstAttempt(id);
                assertThat(attempt.get("rung").asString()).isEqualTo("TCP_ACKED");
                assertThat(attempt.get("tcp_acked_at").isNull()).isFalse();
                assertThat(attempt.get("peer_read_at").isNull()).isTrue();
                assertThat(attempt.get("acked_at").isNull()).isTrue();
            });
            assertThat(command(id).get("state").asString()).isEqualTo("offered");
            assertThat(server.admin()
                            .get("/api/v1/commands/" + id + "/timeline")
                            .text())
                    .contains("\"TCP_ACKED\"");

            agent.signal("CONT");
            await().untilAsserted(() ->
                    assertThat(command(id).get("state").asString()).isEqualTo("succeeded"));
            JsonNode attempt = firstAttempt(id);
            assertThat(attempt.get("rung").asString()).isEqualTo("ACKED");
            assertThat(Instant.parse(attempt.get("tcp_acked_at").asString()))
                    .isAfter(Instant.parse(attempt.get("written_at").asString()))
                    .isBefore(Instant.parse(attempt.get("peer_read_at").asString()));
        }
    }

    @Test
    void an_agent_that_answers_at_once_has_no_time_that_nobody_measured() throws Exception {
        try (Agent agent = agent("quick", "127.0.0.1", null)) {
            String warm = post(agent.id());
            await().untilAsserted(() ->
                    assertThat(command(warm).get("state").asString()).isEqualTo("succeeded"));
            String id = post(agent.id());
            await().untilAsserted(() ->
                    assertThat(command(id).get("state").asString()).isEqualTo("succeeded"));
            JsonNode attempt = firstAttempt(id);
            assertThat(attempt.get("rung").asString()).isEqualTo("ACKED");
            boolean quick = attempt.get("fence_rtt_ns").asLong() < 100_000_000L;
            assertThat(attempt.get("tcp_acked_at").isNull() || !quick).isTrue();
        }
    }

    @Test
    void what_nothing_reaches_any_more_is_written_and_not_tcp_acknowledged() throws Exception {
        String namespace = "wireproof-" + PID;
        boolean ours = twoNetworks(namespace);
        assumeTrue(ours);
        try (Agent agent = agent("cut-off", HERE, namespace)) {
            assumeTheKernelTells(agent);
            run("ip", "neigh", "replace", THERE, "lladdr", NOBODYS_MAC, "dev", OUR_END, "nud", "permanent");
            String id = post(agent.id());
            await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> {
                JsonNode socket = socketOf(agent.connection().toString());
                assertThat(socket.get("hop").asString()).isEqualTo("peer");
                assertThat(socket.get("unacked_bytes").asLong()).isPositive();
                assertThat(socket.get("retransmits").asLong()).isGreaterThanOrEqualTo(2);
            });
            JsonNode lost = firstAttempt(id);
            assertThat(lost.get("rung").asString()).isEqualTo("WRITTEN");
            assertThat(lost.get("tcp_acked_at").isNull()).isTrue();

            run("ip", "neigh", "del", THERE, "dev", OUR_END);
            await().atMost(Duration.ofSeconds(30))
                    .untilAsserted(() ->
                            assertThat(command(id).get("state").asString()).isEqualTo("succeeded"));
        } finally {
            run("ip", "netns", "del", namespace); // its end of the pair goes with it, and so does ours
        }
    }

    private JsonNode socketOf(String connection) {
        return server.admin().get("/api/v1/connections/" + connection).json().get("socket");
    }

    @Test
    void behind_a_proxy_the_kernel_speaks_of_the_way_to_the_proxy() {
        try (RawPeer proxy = RawPeer.connect(server.port())) {
            proxy.handshake(List.of("Sec-WebSocket-Protocol: rmm.v1", "X-Forwarded-For: 192.0.2.7"));
            ServerMessage.AuthAck welcome = proxy.authenticate(RawPeer.auth(
                    new AgentMessage.Credentials.Enrolling(RunningServer.ENROLLMENT, "behind-a-proxy"),
                    UUID.randomUUID()));
            String connection = welcome.connectionId().toString();
            boolean told = !socketOf(connection).isNull();
            if (!told) {
                System.out.println("SKIPPED: this machine's kernel does not show its sockets");
            }
            assumeTrue(told);
            assertThat(socketOf(connection).get("hop").asString()).isEqualTo("proxy");
            assertThat(socketOf(connection).get("rtt_us").asLong()).isPositive();
            assertThat(socketOf(connection).get("unsent_bytes").isNumber()).isTrue();
        }
    }

    /** @return false, with the reason printed, where this machine does not let us */
    private static boolean twoNetworks(String namespace) throws InterruptedException {
        try {
            run("ip", "netns", "add", namespace);
        } catch (IOException e) {
            System.out.println("SKIPPED: no network namespace for a path that drops one way: " + e.getMessage());
            return false;
        }
        try {
            run("ip", "link", "add", OUR_END, "type", "veth", "peer", "name", ITS_END, "netns", namespace);
            run("ip", "addr", "add", HERE + "/30", "dev", OUR_END);
            run("ip", "link", "set", OUR_END, "up");
            run("ip", "-n", namespace, "addr", "add", THERE + "/30", "dev", ITS_END);
            run("ip", "-n", namespace, "link", "set", ITS_END, "up");
            run("ip", "-n", namespace, "link", "set", "lo", "up");
            return true;
        } catch (IOException e) {
            System.out.println("SKIPPED: no pair of networks for a path that drops one way: " + e.getMessage());
            try {
                run("ip", "netns", "del", namespace);
            } catch (IOException left) {
                System.out.println("left behind: " + left.getMessage());
            }
            return false;
        }
    }

    @Test
    void the_servers_jar_may_ask_the_kernel() throws IOException {
        try (JarFile jar = new JarFile(System.getProperty("wireproof.server.jar"))) {
            assertThat(jar.getManifest().getMainAttributes().getValue("Enable-Native-Access"))
                    .isEqualTo("ALL-UNNAMED");
        }
    }
}
