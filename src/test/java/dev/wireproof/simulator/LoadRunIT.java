package dev.wireproof.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.wireproof.id.CommandId;
import dev.wireproof.protocol.AgentMessage;
import dev.wireproof.protocol.ServerMessage;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A load run against a scripted API and one agent: what it counts, and that it ends when commands are lost. */
class LoadRunIT {
    private ScriptedServer server;
    private HttpServer api;
    private volatile ScriptedServer.@Nullable Peer connected;
    private final AtomicInteger posts = new AtomicInteger();
    private volatile int loseEvery = Integer.MAX_VALUE;
    private volatile int busyEvery = Integer.MAX_VALUE;
    private volatile int repeatEvery = Integer.MAX_VALUE;

    @BeforeEach
    void start() throws Exception {
        server = new ScriptedServer();
        api = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 100);
        api.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        api.createContext("/api/v1/commands", this::answer);
        api.start();
    }

    @AfterEach
    void stop() throws Exception {
        api.stop(0);
        server.close();
    }

    private ScriptedServer.Peer peer() {
        return Objects.requireNonNull(connected);
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            if (exchange.getRequestMethod().equals("GET")) {
                respond(exchange, 200, """
                    {"state": "succeeded", "created_at": "2026-01-01T00:00:00.000000Z",
                     "attempts": [{"acked_at": null}, {"acked_at": "2026-01-01T00:00:00.002000Z"}]}\
                    """);
                return;
            }
            exchange.getRequestBody().readAllBytes();
            int number = posts.incrementAndGet();
            if (number % busyEvery == 0) {
                respond(exchange, 503, "{}");
                return;
            }
            CommandId id = new CommandId(UUID.randomUUID());
            exchange.getResponseHeaders().add("Location", "/api/v1/commands/" + id);
            ServerMessage.Command command = SimulatedAgentIT.command("hostname", 1, id, SimulatedAgentIT.FAR);
            if (number % loseEvery != 0) {
                peer().send(command); // Before the 202: an agent may be quicker than the answer.
            }
            if (number % repeatEvery == 0) {
                peer().send(command);
            }
            respond(exchange, 202, "{\"id\":\"" + id + "\"}");
        }
    }

    private static void respond(HttpExchange exchange, int status, String body) throws IOException {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(status, bytes.length);
        exchange.getResponseBody().write(bytes);
    }

    private Map<String, Object> run(LoadPlan.Until until) throws Exception {
        LoadPlan plan = new LoadPlan(
                "http://127.0.0.1:" + api.getAddress().getPort(),
                "token",
                200,
                20,
                8,
                until,
                "hostname",
                60,
                Duration.ofSeconds(1),
                10);
        LoadRun load = new LoadRun(plan, () -> CpuTimes.now(null, null));
        FleetSettings settings = new FleetSettings(
                server.endpoint(), 1, FaultPlan.parse(List.of()), "token", List.of(), 100, 1, Duration.ZERO, null);
        try (Fleet fleet = new Fleet(settings, InstantSource.system(), load)) {
            fleet.start();
            connected = server.nextPeer();
            peer().next(AgentMessage.ConfigAck.class);
            Thread.ofVirtual().start(this::confirmResults);
            return load.start(fleet.shard(0).loop, fleet.commandable())
                    .get(30, TimeUnit.SECONDS)
                    .toMap(plan);
        }
    }

    private void confirmResults() {
        try {
            while (true) {
                peer().send(new ServerMessage.CommandResultAck(
                        peer().next(AgentMessage.CommandResult.class).commandId()));
            }
        } catch (IOException | InterruptedException | AssertionError e) {
            // The run is over.
        }
    }

    @Test
    void every_command_goes_all_the_way_and_is_sampled() throws Exception {
        Map<String, Object> report = run(LoadPlan.Until.ack);

        assertThat(report)
                .containsEntry("completed", 200)
                .containsEntry("losses", 0)
                .containsEntry("doubles", 0)
                .containsEntry("posts_failed", 0)
                .containsEntry("sampled_states", Map.of("succeeded", 10));
        assertThat(String.valueOf(report.get("created_at_to_acked_at_sampled"))).contains("p50_ms=2.0");
        assertThat(posts).hasValue(220);
    }

    @Test
    void commands_that_never_reach_the_agent_are_losses_and_do_not_hold_the_run() throws Exception {
        loseEvery = 50;

        Map<String, Object> report = run(LoadPlan.Until.ack);

        assertThat(report).containsEntry("losses", 4).containsEntry("answered_but_unacked", 4);
    }

    @Test
    void a_busy_server_is_asked_again_and_repeated_offers_are_no_doubles() throws Exception {
        busyEvery = 40;
        repeatEvery = 25;

        Map<String, Object> report = run(LoadPlan.Until.result);

        assertThat(report).containsEntry("completed", 200).containsEntry("doubles", 0);
        assertThat(report).doesNotContainEntry("busy_answers", 0).doesNotContainEntry("repeated_offers_on_the_wire", 0);
    }
}
