package dev.wireproof.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.wireproof.id.AgentId;
import dev.wireproof.id.CommandId;
import dev.wireproof.protocol.AgentMessage;
import dev.wireproof.protocol.ServerMessage;
import dev.wireproof.testkit.Http;
import dev.wireproof.testkit.RawPeer;
import dev.wireproof.testkit.RunningServer;
import dev.wireproof.testkit.RunningServer.Enrolled;
import dev.wireproof.testkit.TestDatabase;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.jdbc.core.simple.JdbcClient;
import tools.jackson.databind.JsonNode;

/** More of everything than anybody needs: it costs its sender, and nobody else notices. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class OverloadIT {
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    /** As many as may wait for one agent; outside of tests it is 10,000. */
    private static final int WAITING = 2_000;

    private static final int TOGETHER = 64;

    private RunningServer server;
    private Http admin;
    private WillingAgent bystander;
    private String bystanderId;

    @BeforeAll
    void start() {
        server = RunningServer.start("wireproof.api.rate=100000", "wireproof.command.max-waiting=" + WAITING);
        admin = server.admin();
        bystander = WillingAgent.on(server);
        bystanderId =
                admin.get("/api/v1/agents").json().get("items").get(0).get("id").asString();
    }

    @AfterAll
    void stop() {
        bystander.close();
        server.close();
    }

    private Http.Answer post(String agent) {
        return admin.post("/api/v1/commands", "{\"agent_id\":\"%s\",\"script\":\"hostname\"}".formatted(agent));
    }

    /** The bystander's commands run as on any day. */
    private void othersGoOn() {
        JsonNode ended = admin.post(
                        "/api/v1/commands?wait_s=30",
                        "{\"agent_id\":\"%s\",\"script\":\"hostname\"}".formatted(bystanderId))
                .json();
        assertThat(ended.get("state").asString()).as(ended.toString()).isEqualTo("succeeded");
    }

    private JdbcClient sql() {
        return JdbcClient.create(TestDatabase.at(server.databaseUrl()));
    }

    private static String heartbeat(String seq, String uptime, String metrics) {
        return "{\"type\":\"Heartbeat\",\"payload\":{\"seq\":%s,\"uptime_s\":%s,\"rx\":{\"text\":1,\"ping\":1,\"bytes\":1,"
                        .formatted(seq, uptime)
                + "\"parse_errors\":0,\"last_ping_seq\":0},\"tx\":{\"text\":1,\"bytes\":1},\"running_commands\":[],"
                + "\"queued_commands\":0,\"last_error\":null,\"metrics\":" + metrics + "}}";
    }

    private long heartbeatsOf(Enrolled agent) {
        return sql().sql("SELECT count(*) FROM heartbeat WHERE agent_id = :id::uuid")
                .param("id", agent.agentId())
                .query(Long.class)
                .single();
    }

    private double shedHeartbeats() {
        return admin.get("/actuator/prometheus")
                .text()
                .lines()
                .filter(line -> line.startsWith("wireproof_telemetry_shed_rows_total{kind=\"heartbeat\"}"))
                .mapToDouble(line -> Double.parseDouble(line.replaceAll(".* ", "")))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void a_storm_of_heartbeats_is_kept_once_a_second_and_the_rest_is_counted() {
        try (Enrolled agent = server.enrol()) {
            double before = shedHeartbeats();
            for (int i = 0; i < 1_000; i++) {
                agent.peer().text(heartbeat(String.valueOf(i), "1", "null"));
            }
            othersGoOn();
            await().atMost(PATIENCE).until(() -> shedHeartbeats() - before > 900);
            await().atMost(PATIENCE).until(() -> heartbeatsOf(agent) >= 2);
            assertThat(shedHeartbeats() - before + heartbeatsOf(agent)).isEqualTo(1_000);
            assertThat(alive(agent)).isTrue();
        }
    }

    @Test
    void who_sends_more_than_is_permitted_is_closed_with_4429_alone() {
        try (Enrolled agent = server.enrol()) {
            byte[] one = RawPeer.encoded(
                    0x81, true, heartbeat("1", "1", "null").getBytes(java.nio.charset.StandardCharsets.UTF_8));
            byte[] many = new byte[one.length * 20_000];
            for (int i = 0; i < 20_000; i++) {
                System.arraycopy(one, 0, many, i * one.length, one.length);
            }
            Thread.startVirtualThread(() -> agent.peer().rawUntilReset(many));
            assertThat(agent.peer().awaitClose().closeCode()).isEqualTo(4429);
            othersGoOn();
        }
    }

    private boolean alive(Enrolled agent) {
        return !admin.get("/api/v1/agents/" + agent.agentId())
                .json()
                .get("connection_id")
                .isNull();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"cpu_pct\":NaN}",
                "{\"cpu_pct\":-1}",
                "{\"cpu_pct\":1e308}",
                "{\"cpu_pct\":1e400}",
                "{\"load_1m\":Infinity}",
                "{\"mem_used_bytes\":-1}",
                "{\"mem_used_bytes\":99999999999999999999}",
                "{\"disk_total_bytes\":\"much\"}"
            })
    void a_heartbeat_with_an_absurd_measure_is_answered_and_poisons_nothing(String metrics) {
        absurd(heartbeat("1", "1", metrics));
    }

    @ParameterizedTest
    @ValueSource(strings = {"-1, 1", "1, -1", "1.5, 1", "9223372036854775808, 1"})
    void a_heartbeat_with_an_absurd_count_is_answered_and_poisons_nothing(String counts) {
        String[] both = counts.split(", ");
        absurd(heartbeat(both[0], both[1], "null"));
    }

    @Test
    void a_heartbeat_from_another_millennium_is_answered_and_poisons_nothing() {
        absurd(heartbeat("1", "1", "null")
                .replace(
                        "\"last_error\":null",
                        "\"last_error\":{\"sha256\":\"" + "ab".repeat(32)
                                + "\",\"message\":\"x\",\"at\":\"+12345-01-01T00:00:00Z\"}"));
    }

    private void absurd(String text) {
        try (Enrolled agent = server.enrol()) {
            agent.peer().text(text);
            ServerMessage.ProtocolError error =
                    (ServerMessage.ProtocolError) agent.peer().awaitMessage("ProtocolError");
            assertThat(error.fault().message()).isNotBlank();
            assertThat(heartbeatsOf(agent)).isZero();
            agent.peer().text(heartbeat("2", "1", "{\"cpu_pct\":12.5}"));
            await().until(() -> heartbeatsOf(agent) == 1);
            assertThat(alive(agent)).isTrue();
        }
    }

    private JsonNode configOf(Enrolled agent) {
        return admin.get("/api/v1/agents/" + agent.agentId()).json().get("config");
    }

    private long configure(Enrolled agent, int heartbeatS) {
        admin.patch(
                "/api/v1/agents/" + agent.agentId(),
                "{\"config\":{\"heartbeat_interval_s\":%d}}".formatted(heartbeatS));
        ServerMessage.ConfigUpdate update =
                (ServerMessage.ConfigUpdate) agent.peer().awaitMessage("ConfigUpdate");
        assertThat(update.config().heartbeatIntervalS()).isEqualTo(heartbeatS);
        return update.configVersion();
    }

    @Test
    void of_configurations_that_cross_each_other_the_highest_version_counts_and_a_refusal_is_shown_and_not_repeated() {
        try (Enrolled agent = server.enrol()) {
            assertThat(configOf(agent).get("answer").isNull()).isTrue();
            long first = configure(agent, 30);
            long second = configure(agent, 45);
            assertThat(second).isGreaterThan(first);
            agent.peer().send(new AgentMessage.ConfigAck(second, true, null));
            await().until(() -> !configOf(agent).get("answer").isNull());
            agent.peer().send(new AgentMessage.ConfigAck(first, false, "late")); // it was on its way for long
            agent.peer().send(new AgentMessage.ConfigAck(first, true, null));
            agent.peer().text("{\"type\":\"Marker\",\"payload\":{}}");
            agent.peer().awaitText("ProtocolError"); // so the acks were read
            assertThat(configOf(agent).get("version").asLong()).isEqualTo(second);
            assertThat(configOf(agent).get("answer").get("version").asLong()).isEqualTo(second);
            assertThat(configOf(agent).get("answer").get("applied").asBoolean()).isTrue();

            agent.peer().send(new AgentMessage.ConfigAck(second, false, "went back to what it had"));
            await().until(() -> !configOf(agent).get("answer").get("applied").asBoolean());
            agent.peer().text("{\"type\":\"Marker\",\"payload\":{}}");
            RawPeer.Frame next = agent.peer()
                    .await(
                            frame -> frame.opcode() == RawPeer.TEXT
                                    && !frame.text().contains("\"Echo\""),
                            "a text that is no Echo");
            assertThat(next.text()).as("it is not sent again and again").contains("ProtocolError");
        }
    }

    @Test
    void as_many_commands_as_may_wait_for_one_that_is_away_come_in_order_and_one_more_is_refused_by_name()
            throws Exception {
        Enrolled enrolled = server.enrol();
        enrolled.close();
        await().until(() -> !alive(enrolled));
        Semaphore together = new Semaphore(TOGETHER);
        try (ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Integer>> posts = new ArrayList<>();
            for (int i = 0; i < WAITING; i++) {
                together.acquire();
                posts.add(clients.submit(() -> {
                    try {
                        return post(enrolled.agentId()).status();
                    } finally {
                        together.release();
                    }
                }));
            }
            othersGoOn();
            for (Future<Integer> one : posts) {
                assertThat(one.get()).isEqualTo(202);
            }
        }
        Http.Answer tooMany = post(enrolled.agentId());
        assertThat(tooMany.status()).isEqualTo(429);
        assertThat(tooMany.code()).isEqualTo("agent-queue-full");
        assertThat(tooMany.header("retry-after")).isNotEmpty();
        List<String> created = sql().sql("SELECT id::text FROM command WHERE agent_id = :id::uuid ORDER BY id")
                .param("id", enrolled.agentId())
                .query((row, _) -> row.getString(1))
                .list();
        assertThat(created).hasSize(WAITING);

        Taker taker = new Taker(0);
        try (RawPeer back = RawPeer.upgraded(server.port())) {
            back.authenticate(
                    AgentId.parse(enrolled.agentId()),
                    String.valueOf(enrolled.welcome().agentKey()));
            Thread serving = Thread.startVirtualThread(() -> taker.serve(back));
            await().atMost(PATIENCE).until(() -> taker.order.size() >= 500);
            othersGoOn();
            await().atMost(PATIENCE).until(() -> endedOf(enrolled, "succeeded") == WAITING);
            assertThat(Set.copyOf(taker.order)).hasSize(WAITING);
            assertThat(taker.order).as("offered once each").hasSize(WAITING);
            assertThat(farthestOutOfOrder(created, taker.order))
                    .as("oldest first, but for what was posted together")
                    .isLessThanOrEqualTo(TOGETHER);
            assertThat(serving.isAlive()).isTrue();
        }
    }

    @Test
    void commands_that_get_stuck_leave_the_rest_of_the_window_to_the_others() {
        int stuck = 12; // more than half of the window of 16
        int others = 150;
        Enrolled agent = server.enrol();
        agent.close();
        await().until(() -> !alive(agent));
        for (int i = 0; i < stuck + others; i++) {
            assertThat(post(agent.agentId()).status()).isEqualTo(202);
        }
        Taker taker = new Taker(stuck);
        try (RawPeer back = RawPeer.upgraded(server.port())) {
            back.authenticate(
                    AgentId.parse(agent.agentId()),
                    String.valueOf(agent.welcome().agentKey()));
            Thread.startVirtualThread(() -> taker.serve(back));
            await().until(() -> endedOf(agent, "succeeded") == others);
        }
    }

    private long endedOf(Enrolled agent, String state) {
        return sql().sql("SELECT count(*) FROM command WHERE agent_id = :id::uuid AND state = :state")
                .param("id", agent.agentId())
                .param("state", state)
                .query(Long.class)
                .single();
    }

    private static int farthestOutOfOrder(List<String> created, List<String> offered) {
        Map<String, Integer> places = new ConcurrentHashMap<>();
        IntStream.range(0, created.size()).forEach(i -> places.put(created.get(i), i));
        return IntStream.range(0, offered.size())
                .map(i -> Math.abs(places.getOrDefault(offered.get(i), Integer.MAX_VALUE / 2) - i))
                .max()
                .orElse(0);
    }

    /** Takes each command and ends it at once. */
    private static final class Taker {
        private final List<String> order = java.util.Collections.synchronizedList(new ArrayList<>());
        private final int stuck;

        /** @param stuck so many it takes first and never ends */
        Taker(int stuck) {
            this.stuck = stuck;
        }

        void serve(RawPeer peer) {
            peer.serve(message -> {
                if (message instanceof ServerMessage.Command command) {
                    order.add(command.commandId().toString());
                    if (order.size() > stuck) {
                        peer.send(ended(command.commandId(), 0));
                    }
                }
            });
        }
    }

    private static AgentMessage.CommandResult ended(CommandId id, long stdoutBytes) {
        return new AgentMessage.CommandResult(
                id, AgentMessage.Outcome.EXITED, 0, null, stdoutBytes, 0, false, null, 1, null);
    }

    @Test
    void a_flood_of_output_of_two_hundred_agents_is_stored_whole_and_delays_nobody() throws Exception {
        int agents = 200;
        int chunks = 16;
        String chunk = "x".repeat(32 * 1024);
        List<Enrolled> flooding = new ArrayList<>();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < agents; i++) {
                flooding.add(server.enrol());
            }
            List<Future<?>> ended = new ArrayList<>();
            for (Enrolled one : flooding) {
                ended.add(threads.submit(() -> flood(one, chunk, chunks)));
            }
            othersGoOn();
            for (Future<?> one : ended) {
                one.get();
            }
            othersGoOn();
            long stored = sql().sql("SELECT count(*) FROM command WHERE state = 'succeeded' AND stdout_bytes = :bytes")
                    .param("bytes", (long) chunk.length() * chunks)
                    .query(Long.class)
                    .single();
            assertThat(stored).isEqualTo(agents);
        } finally {
            flooding.forEach(Enrolled::close);
        }
    }

    /** As fast as the server lets it. Ends with the server's confirmation. */
    private void flood(Enrolled agent, String chunk, int chunks) {
        assertThat(post(agent.agentId()).status()).isEqualTo(202);
        RawPeer peer = agent.peer();
        CommandId id = ((ServerMessage.Command) peer.awaitMessage("Command")).commandId();
        peer.send(new AgentMessage.CommandAck(id, 1, false, AgentMessage.AckStatus.RUNNING, null, null));
        for (int i = 0; i < chunks; i++) {
            peer.send(new AgentMessage.CommandOutput(
                    id, AgentMessage.Stream.STDOUT, (long) i * chunk.length(), AgentMessage.Encoding.UTF_8, chunk));
        }
        peer.send(ended(id, (long) chunks * chunk.length()));
        peer.awaitMessage("CommandResultAck");
    }
}
