package dev.wireproof.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.wireproof.testkit.Http;
import dev.wireproof.testkit.RunningServer;
import dev.wireproof.testkit.TcpProxy;
import dev.wireproof.testkit.TlsFront;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** The real agent on the paths that real sites have: slow lines, reverse proxies that lose patience, TLS that breaks, names that move. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SlowAndProxiedPathsIT {
    private static final Duration PATIENCE = Duration.ofSeconds(90);
    private static final int UNPROVEN_S = 12;

    @TempDir
    Path folder;

    private RunningServer server;
    private Http admin;

    @BeforeAll
    void start() {
        server = RunningServer.start(
                "wireproof.connection.ping-interval=1s",
                "wireproof.connection.outbound-unproven-timeout=" + UNPROVEN_S + "s",
                "wireproof.delivery.ack-wait=2s");
        admin = server.admin();
    }

    @AfterAll
    void stop() {
        server.close();
    }

    private AgentProcess agent(String name, String uri, List<String> flags, String... more) throws IOException {
        Path home = folder.resolve(name);
        return AgentProcess.start(
                home,
                flags,
                Stream.concat(
                                Stream.of(
                                        "--server",
                                        uri,
                                        "--enrollment-token",
                                        RunningServer.ENROLLMENT,
                                        "--tag",
                                        "name=" + name,
                                        "--home",
                                        home.toString()),
                                Stream.of(more))
                        .toList());
    }

    private AgentProcess agent(String name, TcpProxy through) throws IOException {
        return agent(name, "ws://127.0.0.1:" + through.port() + "/ws", List.of());
    }

    /** Waits until the server has let it in. */
    private String idOf(String name) {
        List<String> found = new ArrayList<>();
        await().atMost(PATIENCE).until(() -> {
            found.clear();
            admin.get("/api/v1/agents?limit=100")
                    .json()
                    .get("items")
                    .valueStream()
                    .filter(agent -> name.equals(agent.path("tags").path("name").asString("")))
                    .forEach(agent -> found.add(agent.get("id").asString()));
            return found.size() == 1;
        });
        return found.getFirst();
    }

    private String post(String agent, String script) {
        Http.Answer answer = admin.post(
                "/api/v1/commands",
                "{\"agent_id\":\"%s\",\"script\":%s}"
                        .formatted(agent, Http.JSON.valueToTree(script).toString()));
        assertThat(answer.status()).as(answer.text()).isEqualTo(202);
        return answer.header("location");
    }

    private JsonNode succeeded(String command) {
        await().atMost(PATIENCE)
                .untilAsserted(
                        () -> assertThat(admin.get(command).json().get("state").asString())
                                .isEqualTo("succeeded"));
        return admin.get(command).json();
    }

    /** All that it ever had, the newest first. */
    private List<JsonNode> connections(String agent) {
        return admin.get("/api/v1/agents/" + agent + "/connections?limit=100")
                .json()
                .get("items")
                .valueStream()
                .toList();
    }

    @Test
    void much_output_over_a_slow_line_takes_its_time_and_its_connection_is_not_taken_for_dead() throws Exception {
        int bytes = 600 * 1024;
        try (TcpProxy slow = TcpProxy.to(server.port(), 4 * 1024);
                AgentProcess _ = agent("slow", slow)) {
            String id = idOf("slow");
            slow.up().rate(24 * 1024); // 192 kbit/s: 25 s, twice as long as silence may last
            JsonNode ended = succeeded(post(id, "head -c " + bytes + " /dev/zero | tr '\\0' x"));
            assertThat(ended.get("stdout_bytes").asInt()).isEqualTo(bytes);
            assertThat(ended.get("attempts")).hasSize(1);
            assertThat(connections(id)).as("nobody took it for dead").hasSize(1);
        }
    }

    @Test
    void a_reverse_proxy_that_ends_idle_connections_never_sees_one() throws Exception {
        try (TcpProxy impatient = TcpProxy.to(server.port())) {
            impatient.endIdle(Duration.ofSeconds(3)); // three times the Pings' interval, as nginx' 60 s are to our 20 s
            try (AgentProcess _ = agent("kept", impatient)) {
                String id = idOf("kept");
                String first = connections(id).getFirst().get("id").asString();
                await().atMost(PATIENCE)
                        .until(() -> connections(id)
                                        .getFirst()
                                        .path("counters")
                                        .path("pong_in")
                                        .asInt()
                                >= 6);
                succeeded(post(id, "hostname"));
                assertThat(connections(id))
                        .extracting(one -> one.get("id").asString())
                        .containsExactly(first);
            }
        }
    }

    @Test
    void a_reverse_proxy_that_loses_patience_all_the_same_ends_a_connection_and_no_command() throws Exception {
        try (TcpProxy impatient = TcpProxy.to(server.port())) {
            impatient.endIdle(Duration.ofMillis(400)); // shorter than the Pings' interval
            try (AgentProcess _ = agent("ended", impatient)) {
                String id = idOf("ended");
                String slower = post(id, "sleep 2; echo done");
                await().atMost(PATIENCE).until(() -> connections(id).size() > 2);
                JsonNode ended = succeeded(slower);
                assertThat(ended.get("stdout_tail").asString()).isEqualTo("done\n");
                assertThat(connections(id).getLast().get("close_reason").asString())
                        .isEqualTo("the socket ended without a Close");
            }
        }
    }

    @Test
    void a_broken_TLS_record_ends_its_own_connection_and_the_agent_comes_again_by_TLS() throws Exception {
        try (TlsFront front = TlsFront.of(server.port(), folder.resolve("tls"));
                TcpProxy path = TcpProxy.to(front.port());
                TcpProxy plain = TcpProxy.to(server.port());
                AgentProcess _ = agent(
                        "sealed",
                        "wss://localhost:" + path.port() + "/ws",
                        List.of(),
                        "--ca",
                        front.authority().toString());
                AgentProcess _ = agent("other", plain)) {
            String id = idOf("sealed");
            String other = idOf("other");
            succeeded(post(id, "hostname"));
            path.down().flipOneBit();
            succeeded(post(id, "hostname"));
            await().atMost(PATIENCE).until(() -> connections(id).size() == 2);
            path.up().flipOneBit();
            succeeded(post(id, "hostname"));
            await().atMost(PATIENCE).until(() -> connections(id).size() == 3);
            assertThat(connections(other)).as("no other connection notices").hasSize(1);
        }
    }

    @Test
    void a_certificate_that_is_not_trusted_any_more_is_refused_and_nothing_goes_out_in_the_clear() throws Exception {
        try (TlsFront front = TlsFront.of(server.port(), folder.resolve("tls-old"));
                TlsFront foreign = TlsFront.of(server.port(), folder.resolve("tls-foreign"));
                TcpProxy path = TcpProxy.to(front.port());
                AgentProcess agent = agent(
                        "rotated",
                        "wss://localhost:" + path.port() + "/ws",
                        List.of(),
                        "--ca",
                        front.authority().toString())) {
            String id = idOf("rotated");
            succeeded(post(id, "hostname"));
            int before = connections(id).size();
            path.retarget(foreign.port());
            path.cutAll();
            await().atMost(PATIENCE).until(() -> agent.log().contains("PKIX"));
            String waits = post(id, "hostname");
            assertThat(connections(id))
                    .as("it comes to no server that it cannot trust")
                    .hasSize(before);
            path.retarget(front.port());
            succeeded(waits);
        }
    }

    @Test
    void an_agent_looks_the_servers_name_up_each_time_it_connects() throws Exception {
        Path hosts = Files.writeString(folder.resolve("hosts"), "127.0.0.9 rmm.test\n"); // where nobody listens
        try (AgentProcess agent = agent(
                "moved",
                "ws://rmm.test:" + server.port() + "/ws",
                List.of("-Djdk.net.hosts.file=" + hosts),
                "--allow-plaintext")) {
            await().atMost(PATIENCE).until(() -> agent.log().contains("refused"));
            Files.writeString(hosts, "127.0.0.1 rmm.test\n");
            String id = idOf("moved");
            Files.writeString(hosts, "127.0.0.9 rmm.test\n");
            succeeded(post(id, "hostname"));
            assertThat(connections(id)).as("what is connected is not touched").hasSize(1);
        }
    }
}
