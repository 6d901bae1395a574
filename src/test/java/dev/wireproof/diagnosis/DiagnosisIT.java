package dev.wireproof.diagnosis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.wireproof.id.AgentId;
import dev.wireproof.protocol.AgentMessage;
import dev.wireproof.protocol.ServerMessage;
import dev.wireproof.testkit.Http;
import dev.wireproof.testkit.RawPeer;
import dev.wireproof.testkit.RunningServer;
import dev.wireproof.testkit.Shows;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Diagnoses as a technician asks for them, of agents that the test plays on bare sockets. */
@TestInstance(Lifecycle.PER_CLASS)
class DiagnosisIT {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private RunningServer server;

    @BeforeAll
    void start() {
        server = RunningServer.start(
                "wireproof.delivery.ack-wait=1s",
                "wireproof.delivery.max-attempts=2",
                "wireproof.diagnosis.answer-wait=2s",
                "wireproof.connection.echo-interval=2s");
    }

    @AfterAll
    void stop() {
        server.close();
    }

    /** Reads and pongs, and says nothing else: on a thread of its own until the socket ends. */
    private static void pongs(RawPeer peer) {
        Thread.startVirtualThread(() -> {
            for (RawPeer.Frame frame = peer.read(); frame != null; frame = peer.read()) {
                if (frame.opcode() == RawPeer.PING) {
                    peer.frame(RawPeer.PONG, true, frame.payload());
                }
            }
        });
    }

    private JsonNode diagnose(String agent, String body) {
        return server.diagnose(agent, body);
    }

    private static List<String> texts(JsonNode diagnosis, String side) {
        List<String> texts = new ArrayList<>();
        diagnosis.path("evidence").forEach(item -> {
            if (item.path(side).asBoolean(false)) {
                texts.add(item.path("text").asString());
            }
        });
        return texts;
    }

    @Test
    void the_founding_question_is_answered_in_one_call() {
        try (RunningServer.Enrolled agent = server.enrol()) {
            pongs(agent.peer());

            JsonNode found = diagnose(agent.agentId(), "{\"duration_s\":10}");

            assertThat(found.path("verdict").asString()).isEqualTo("agent_not_processing_text");
            assertThat(found.path("summary").asString())
                    .isEqualTo(
                            "The server's bytes left and were read at the other end; the agent does not process Text.");
            assertThat(String.join("\n", texts(found, "for")))
                    .contains("was written to the kernel in full")
                    .contains("read by the other end's WebSocket layer")
                    .contains("no acknowledgement came");
            List<String> excluded = new ArrayList<>();
            found.path("excluded")
                    .forEach(e -> excluded.add(e.path("hypothesis").asString()));
            assertThat(excluded)
                    .contains("agent_offline", "server_not_writing", "server_write_stalled", "outbound_path_lost")
                    .contains("peer_not_reading", "command_handler_stuck");
            JsonNode observations = found.path("observations");
            assertThat(observations.propertyNames())
                    .containsExactlyInAnyOrder("P", "Q", "W", "F", "A", "N", "E", "e", "H");
            assertThat(observations.path("W").asInt()).isPositive();
            assertThat(observations.path("Q").asInt()).isPositive();
            assertThat(observations.path("e").asInt()).isZero();
            JsonNode frames = found.path("evidence").get(0).path("frames");
            assertThat(frames.get(0).path("href").asString()).contains("/frames?since=");
            assertThat(found.path("next_step").asString()).isNotBlank();
            assertThat(found.path("rule").asString()).isEqualTo("read-and-not-answered");
        }
    }

    @Test
    void a_second_probe_at_the_same_time_is_told_of_the_first_and_the_same_key_gets_the_same_answer() {
        try (RunningServer.Enrolled agent = server.enrol()) {
            pongs(agent.peer());
            String path = "/api/v1/agents/" + agent.agentId() + "/diagnoses";

            Http.Answer first = server.admin().post(path, "{\"duration_s\":10}", "Idempotency-Key", "d1");
            Http.Answer second = server.admin().post(path, "{\"duration_s\":10}");
            Http.Answer again = server.admin().post(path, "{\"duration_s\":10}", "Idempotency-Key", "d1");

            assertThat(first.status()).isEqualTo(202);
            assertThat(second.status()).isEqualTo(409);
            assertThat(second.code()).isEqualTo("diagnosis-running");
            assertThat(second.header("location")).isEqualTo(first.header("location"));
            assertThat(again.status()).isEqualTo(202);
            assertThat(again.json().path("id")).isEqualTo(first.json().path("id"));
            server.awaitDiagnosis(first.header("location"));
            assertThat(server.admin().get(path).json().path("items").get(0).path("id"))
                    .isEqualTo(first.json().path("id"));
        }
    }

    @Test
    void an_agent_that_is_away_is_offline_at_once_and_bad_bodies_are_refused() {
        RunningServer.Enrolled agent = server.enrol();
        String id = agent.agentId();
        agent.close();
        await().atMost(PATIENCE)
                .until(() -> server.bean(dev.wireproof.connection.ConnectionRegistry.class)
                        .live(AgentId.parse(id))
                        .isEmpty());

        JsonNode found = diagnose(id, "{}");

        assertThat(found.path("verdict").asString()).isEqualTo("agent_offline");
        assertThat(texts(found, "for").getFirst()).contains("its last connection was");
        Http.Answer bad = server.admin().post("/api/v1/agents/" + id + "/diagnoses", "{\"duration_s\":9}");
        assertThat(bad.status()).isEqualTo(400);
        assertThat(bad.fields()).containsExactly("duration_s");
        assertThat(server.admin()
                        .post("/api/v1/agents/" + UUID.randomUUID() + "/diagnoses", "{}")
                        .status())
                .isEqualTo(404);
        assertThat(server.admin().get("/api/v1/diagnoses/" + UUID.randomUUID()).status())
                .isEqualTo(404);
    }

    @Test
    void a_process_that_comes_back_after_another_took_over_is_an_identity_conflict() {
        RunningServer.Enrolled agent = server.enrol();
        String key = Objects.requireNonNull(agent.welcome().agentKey());
        AgentId id = agent.welcome().agentId();
        UUID one = UUID.randomUUID();
        UUID other = UUID.randomUUID();
        List<RawPeer> peers = new ArrayList<>();
        for (UUID instance : List.of(one, other, one)) {
            RawPeer peer = RawPeer.upgraded(server.port());
            peer.authenticate(RawPeer.auth(new AgentMessage.Credentials.Enrolled(id, key), instance));
            peers.add(peer);
        }
        pongs(peers.getLast());

        JsonNode found = diagnose(id.toString(), "{\"duration_s\":10}");

        assertThat(found.path("verdict").asString()).isEqualTo("identity_conflict");
        peers.forEach(RawPeer::close);
        agent.close();
    }

    @Test
    void texts_on_a_connection_that_a_newer_one_replaced_are_a_split_session() {
        try (RunningServer.Enrolled older = server.enrol()) {
            String key = Objects.requireNonNull(older.welcome().agentKey());
            AgentId id = older.welcome().agentId();
            RawPeer newer = RawPeer.upgraded(server.port());
            newer.authenticate(id, key);
            pongs(newer);
            older.peer().awaitClose(); // and does not answer it
            String frames = "/api/v1/connections/" + older.welcome().connectionId() + "/frames?direction=in&limit=500";
            await().atMost(PATIENCE).pollInterval(Duration.ofMillis(400)).until(() -> {
                older.peer()
                        .send(new AgentMessage.Heartbeat(
                                1,
                                5,
                                new AgentMessage.RxCounters(3, 1, 900, 0, 1),
                                new AgentMessage.TxCounters(2, 200),
                                List.of(),
                                0,
                                null,
                                null));
                return server.admin().get(frames).json().path("items").size() > 5;
            });

            JsonNode found = diagnose(id.toString(), "{\"duration_s\":10}");

            assertThat(found.path("verdict").asString())
                    .as("%s", found.path("excluded"))
                    .isEqualTo("split_session");
            assertThat(found.path("evidence")
                            .get(0)
                            .path("frames")
                            .get(0)
                            .path("connection_id")
                            .asString())
                    .isEqualTo(older.welcome().connectionId().toString());
            newer.close();
        }
    }

    @Test
    void a_command_that_becomes_undeliverable_is_diagnosed_by_itself_and_carries_the_diagnosis() {
        try (RunningServer.Enrolled agent = server.enrol()) {
            pongs(agent.peer());
            String id = submit(agent.agentId(), "");

            JsonNode command = await().atMost(PATIENCE)
                    .until(
                            () -> server.admin().get("/api/v1/commands/" + id).json(),
                            c -> c.path("state").asString("").equals("undeliverable")
                                    && !c.path("diagnosis_id").isNull());
            JsonNode found =
                    server.admin().get("/api/v1/commands/" + id + "/diagnosis").json();

            assertThat(found.path("id")).isEqualTo(command.path("diagnosis_id"));
            assertThat(found.path("kind").asString()).isEqualTo("command");
            assertThat(found.path("verdict").asString()).isEqualTo("agent_not_processing_text");
            assertThat(found.path("observations").path("W").asInt()).isEqualTo(2);
        }
    }

    private String submit(String agent, String more) {
        Http.Answer posted = server.admin()
                .post("/api/v1/commands", "{\"agent_id\":\"%s\",\"script\":\"hostname\"%s}".formatted(agent, more));
        assertThat(posted.status()).as(posted.text()).isEqualTo(202);
        return posted.json().path("id").asString();
    }

    @Test
    void a_command_that_expires_while_its_agent_is_away_says_so_and_a_probes_own_command_is_left_alone() {
        RunningServer.Enrolled agent = server.enrol();
        pongs(agent.peer());
        JsonNode probe = diagnose(agent.agentId(), "{\"duration_s\":10}");
        String probed = probe.path("command_id").asString();
        agent.close();
        await().until(() -> server.admin() // before, the command could be offered to it
                .get("/api/v1/agents/" + agent.agentId())
                .json()
                .path("connection_id")
                .isNull());
        String id = submit(agent.agentId(), ",\"ttl_s\":1");

        JsonNode found = await().atMost(PATIENCE)
                .until(
                        () -> server.admin().get("/api/v1/commands/" + id + "/diagnosis"),
                        answer -> answer.status() == 200)
                .json();

        assertThat(found.path("verdict").asString()).isEqualTo("agent_offline");
        await().atMost(PATIENCE).untilAsserted(() -> {
            JsonNode own = server.admin().get("/api/v1/commands/" + probed).json();
            assertThat(own.path("state").asString()).isIn("expired", "undeliverable");
            assertThat(own.path("diagnosis_id")).isEqualTo(probe.path("id"));
        });
        assertThat(server.admin()
                        .get("/api/v1/agents/" + agent.agentId() + "/diagnoses")
                        .json()
                        .path("items"))
                .hasSize(2);
    }

    @Test
    void a_restart_forgets_no_diagnosis_that_is_due_and_leaves_no_probe_running() {
        String url;
        String waiting;
        String probe;
        try (RunningServer first = RunningServer.start("wireproof.delivery.ack-wait=1s")) {
            url = first.databaseUrl();
            RunningServer.Enrolled agent = first.enrol();
            pongs(agent.peer());
            waiting = first.admin()
                    .post(
                            "/api/v1/commands",
                            "{\"agent_id\":\"%s\",\"script\":\"hostname\",\"ttl_s\":5}".formatted(agent.agentId()))
                    .json()
                    .path("id")
                    .asString();
            String command = "/api/v1/commands/" + waiting;
            await().atMost(PATIENCE)
                    .until(() -> first.admin()
                            .get(command)
                            .json()
                            .path("attempts")
                            .path(0)
                            .path("rung")
                            .asString("")
                            .equals("PEER_READ"));
            probe = first.admin()
                    .post("/api/v1/agents/" + agent.agentId() + "/diagnoses", "{}")
                    .header("location");
        }
        try (RunningServer second = RunningServer.startOn(url)) {
            assertThat(second.admin().get(probe).json().path("rule").asString()).isEqualTo("interrupted");
            String place = "/api/v1/commands/" + waiting + "/diagnosis";
            JsonNode found = await().atMost(PATIENCE)
                    .until(() -> second.admin().get(place), answer -> answer.status() == 200)
                    .json();
            assertThat(found.path("verdict").asString()).isIn("agent_not_processing_text", "inconclusive");
            assertThat(found.path("connection_id").isNull()).isFalse();
        }
    }

    @Test
    @Shows("S19")
    void a_viewer_sees_and_does_not_ask_and_other_sites_see_nothing() {
        RunningServer.Enrolled agent = server.enrol();
        agent.close();
        String site = server.admin()
                .post("/api/v1/sites", "{\"name\":\"elsewhere\"}")
                .json()
                .path("id")
                .asString();
        Http viewer = server.admin().with(token("viewer", null));
        Http stranger = server.admin().with(token("technician", site));
        JsonNode found = diagnose(agent.agentId(), "{\"duration_s\":10}");
        String place = "/api/v1/diagnoses/" + found.path("id").asString();
        String asking = "/api/v1/agents/" + agent.agentId() + "/diagnoses";

        assertThat(viewer.get(place).status()).isEqualTo(200);
        assertThat(viewer.post(asking, "{}").status()).isEqualTo(403);
        assertThat(stranger.get(place).status()).isEqualTo(404);
        assertThat(stranger.post(asking, "{}").status()).isEqualTo(404);
        assertThat(viewer.get("/api/v1/fleet/summary").json().path("verdicts").isObject())
                .isTrue();
        assertThat(stranger.get("/api/v1/fleet/incidents").json().path("items")).isEmpty();
    }

    private String token(String role, @Nullable String site) {
        String sites = site == null ? "" : ",\"site_ids\":[\"" + site + "\"]";
        return server.admin()
                .post("/api/v1/api-tokens", "{\"name\":\"t\",\"role\":\"%s\"%s}".formatted(role, sites))
                .json()
                .path("secret")
                .asString();
    }

    @Test
    void the_evidence_of_a_command_is_signed_by_the_servers_key_and_its_timeline_has_frames_and_heartbeats(
            @TempDir Path folder) throws Exception {
        try (RunningServer.Enrolled agent = server.enrol()) {
            RawPeer peer = agent.peer();
            String id = submit(agent.agentId(), "");
            ServerMessage.Command offer = (ServerMessage.Command) peer.awaitMessage("Command");
            peer.send(new AgentMessage.CommandAck(
                    offer.commandId(), 1, false, AgentMessage.AckStatus.ACCEPTED, null, null));
            peer.send(new AgentMessage.Heartbeat(
                    1,
                    5,
                    new AgentMessage.RxCounters(3, 1, 900, 0, 1),
                    new AgentMessage.TxCounters(2, 200),
                    List.of(),
                    0,
                    null,
                    null));
            pongs(peer);
            await().atMost(PATIENCE).untilAsserted(() -> {
                List<String> kinds = new ArrayList<>();
                server.admin()
                        .get("/api/v1/commands/" + id + "/timeline")
                        .json()
                        .path("items")
                        .forEach(entry -> kinds.add(entry.path("kind").asString()));
                assertThat(kinds).contains("state", "attempt", "rung", "frame", "heartbeat");
            });

            Http.Answer evidence = server.admin().get("/api/v1/commands/" + id + "/evidence");
            Path file = folder.resolve("e.json");
            Files.write(file, evidence.text().getBytes(StandardCharsets.UTF_8));
            String key = server.admin()
                    .get("/api/v1/evidence-key")
                    .json()
                    .path("public_key")
                    .asString();

            String[] call = {file.toString(), "--public-key", key};
            assertThat(VerifyEvidence.run(call, System.out, System.err)).isZero();
            Files.writeString(file, evidence.text().replace("hostname", "hostnamf"));
            assertThat(VerifyEvidence.run(call, System.out, System.err)).isEqualTo(1);
        }
    }

    @Test
    void the_clock_of_an_agent_that_is_a_day_ahead_is_measured_and_shown_and_dates_nothing() {
        try (RunningServer.Enrolled agent = server.enrol()) {
            RawPeer peer = agent.peer();
            String id = submit(agent.agentId(), "");
            ServerMessage.Command offer = (ServerMessage.Command) peer.awaitMessage("Command");
            Instant tomorrow = Instant.now().plus(Duration.ofDays(1));
            peer.send(new AgentMessage.CommandAck(
                            offer.commandId(), 1, false, AgentMessage.AckStatus.ACCEPTED, null, null))
                    .send(new AgentMessage.CommandStarted(offer.commandId(), 4711, tomorrow))
                    .send(new AgentMessage.CommandResult(
                            offer.commandId(), AgentMessage.Outcome.EXITED, 0, null, 0, 0, false, tomorrow, 1, null));
            peer.awaitMessage("CommandResultAck");

            await().atMost(PATIENCE).untilAsserted(() -> {
                List<JsonNode> items = server.admin()
                        .get("/api/v1/commands/" + id + "/timeline")
                        .json()
                        .path("items")
                        .valueStream()
                        .toList();
                assertThat(items).extracting(one -> one.path("kind").asString()).contains("clock", "frame", "state");
                JsonNode clock = items.stream()
                        .filter(one -> one.path("kind").asString().equals("clock"))
                        .findFirst()
                        .orElseThrow();
                assertThat(clock.toString()).containsPattern("8639\\d s ahead|86400 s ahead");
                assertThat(items)
                        .extracting(one -> Instant.parse(one.path("at").asString()))
                        .as("times of this server's, though the agent told others")
                        .allMatch(at -> at.isBefore(tomorrow.minus(Duration.ofHours(23))));
            });
        }
    }
}
