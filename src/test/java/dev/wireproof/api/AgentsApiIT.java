package dev.wireproof.api;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.wireproof.id.AgentId;
import dev.wireproof.protocol.AgentMessage;
import dev.wireproof.protocol.ServerMessage;
import dev.wireproof.testkit.Http;
import dev.wireproof.testkit.RawPeer;
import dev.wireproof.testkit.RunningServer;
import dev.wireproof.testkit.RunningServer.Enrolled;
import dev.wireproof.testkit.Shows;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import tools.jackson.databind.JsonNode;

/** Agents, connections and frames, as a technician meets them. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class AgentsApiIT {
    private static final AgentMessage.RxCounters NOTHING_READ = new AgentMessage.RxCounters(0, 0, 0, 0, 0);

    private RunningServer server;
    private Http admin;

    @BeforeAll
    void start() {
        server = RunningServer.start();
        admin = server.admin();
    }

    @AfterAll
    void stop() {
        server.close();
    }

    private JsonNode agent(String id) {
        return admin.get("/api/v1/agents/" + id).json();
    }

    private static String path(JsonNode agent) {
        return agent.path("command_path").path("status").asString();
    }

    private static void answerEcho(RawPeer peer) {
        ServerMessage.Echo echo = (ServerMessage.Echo) peer.awaitMessage("Echo");
        peer.send(new AgentMessage.EchoReply(echo.nonce(), NOTHING_READ, new AgentMessage.TxCounters(1, 1)));
    }

    @Test
    void an_agent_that_only_connected_is_online_and_unproven_until_it_answers_an_echo() {
        try (Enrolled enrolled = server.enrol()) {
            JsonNode before = agent(enrolled.agentId());
            assertThat(before.get("status").asString()).isEqualTo("online");
            assertThat(path(before)).isEqualTo("unproven");
            assertThat(before.get("connection_id").asString())
                    .isEqualTo(enrolled.welcome().connectionId().toString());
            assertThat(before.get("last_echo_at").isNull()).isTrue();
            assertThat(before.get("os").get("family").asString()).isEqualTo("linux");
            answerEcho(enrolled.peer());
            await().untilAsserted(() -> {
                JsonNode after = agent(enrolled.agentId());
                assertThat(path(after)).isEqualTo("proven");
                assertThat(after.get("command_path").get("evidence").asString())
                        .contains("answered an Echo")
                        .contains(after.get("last_echo_at").asString());
            });
        }
    }

    @Test
    void lists_are_filtered_by_status_tag_os_text_and_go_on_at_their_cursor() {
        try (Enrolled one = server.enrol();
                Enrolled other = server.enrol()) {
            assertThat(admin.patch("/api/v1/agents/" + one.agentId(), "{\"tags\":{\"ring\":\"first\"}}")
                            .status())
                    .isEqualTo(200);
            for (String tag : List.of("ring", "ring:first", "ring=first")) {
                assertThat(ids("/api/v1/agents?tag=" + tag)).containsExactly(one.agentId());
            }
            assertThat(ids("/api/v1/agents?tag=ring=other")).isEmpty();
            assertThat(ids("/api/v1/agents?q=" + other.agentId().toUpperCase(java.util.Locale.ROOT)))
                    .containsExactly(other.agentId());
            assertThat(ids("/api/v1/agents?status=online&os_family=linux&limit=500"))
                    .contains(one.agentId(), other.agentId());
            assertThat(ids("/api/v1/agents?status=offline&limit=500")).doesNotContain(one.agentId());
            assertThat(ids("/api/v1/agents?os_family=macos")).isEmpty();
            JsonNode first = admin.get("/api/v1/agents?limit=1").json();
            assertThat(first.get("items").get(0).get("id").asString()).isEqualTo(other.agentId());
            assertThat(ids("/api/v1/agents?limit=1&cursor="
                            + first.get("next_cursor").asString()))
                    .containsExactly(one.agentId());
        }
    }

    private List<String> ids(String path) {
        return admin.get(path)
                .json()
                .get("items")
                .valueStream()
                .map(item -> item.get("id").asString())
                .toList();
    }

    @Test
    void a_patch_changes_what_it_names_and_null_takes_it_back() {
        try (Enrolled enrolled = server.enrol()) {
            String at = "/api/v1/agents/" + enrolled.agentId();
            JsonNode named = admin.patch(
                            at,
                            "{\"display_name\":\"Till"
                                    + " 4\",\"tags\":{\"a\":\"b\"},\"config\":{\"heartbeat_interval_s\":60}}")
                    .json();
            assertThat(named.get("display_name").asString()).isEqualTo("Till 4");
            assertThat(named.get("config")
                            .get("config")
                            .get("heartbeat_interval_s")
                            .asInt())
                    .isEqualTo(60);
            JsonNode kept = admin.patch(at, "{}").json();
            assertThat(kept.get("display_name").asString()).isEqualTo("Till 4");
            assertThat(kept.get("tags").get("a").asString()).isEqualTo("b");
            JsonNode back =
                    admin.patch(at, "{\"display_name\":null,\"tags\":null}").json();
            assertThat(back.get("display_name").isNull()).isTrue();
            assertThat(back.get("tags")).isEmpty();
            Http.Answer moved = admin.patch(at, "{\"site_id\":\"%s\"}".formatted(UUID.randomUUID()));
            assertThat(moved.status()).isEqualTo(404);
        }
    }

    @Test
    void a_deleted_agent_is_closed_with_4403_and_its_open_commands_end_without_a_claim() {
        try (Enrolled enrolled = server.enrol()) {
            Http.Answer posted = admin.post(
                    "/api/v1/commands", "{\"agent_id\":\"%s\",\"script\":\"x\"}".formatted(enrolled.agentId()));
            enrolled.peer().awaitMessage("Command");
            assertThat(admin.delete("/api/v1/agents/" + enrolled.agentId()).status())
                    .isEqualTo(204);
            assertThat(enrolled.peer().awaitClose().closeCode()).isEqualTo(4403);
            JsonNode command =
                    admin.get(posted.header("location") + "?wait_s=20").json();
            assertThat(command.get("state").asString()).isEqualTo("undeliverable");
            assertThat(command.get("certainty").asString()).isEqualTo("unknown");
            assertThat(admin.get("/api/v1/agents/" + enrolled.agentId()).status())
                    .isEqualTo(404);
            assertThat(admin.delete("/api/v1/agents/" + enrolled.agentId()).status())
                    .isEqualTo(404);
        }
    }

    @Test
    void an_evicted_agent_is_closed_with_4410_and_then_offline_with_the_reason() {
        try (Enrolled enrolled = server.enrol()) {
            Http.Answer evicted =
                    admin.post("/api/v1/agents/" + enrolled.agentId() + "/evict", "{\"reason\":\"try again\"}");
            assertThat(evicted.status()).isEqualTo(202);
            RawPeer.Frame close = enrolled.peer().awaitClose();
            assertThat(close.closeCode()).isEqualTo(4410);
            assertThat(close.closeReason()).contains("try again");
            await().untilAsserted(() -> {
                JsonNode agent = agent(enrolled.agentId());
                assertThat(agent.get("status").asString()).isEqualTo("offline");
                assertThat(path(agent)).isEqualTo("failing");
                assertThat(agent.get("command_path").get("evidence").asString())
                        .contains("4410")
                        .contains("try again");
            });
            assertThat(admin.post("/api/v1/agents/" + enrolled.agentId() + "/evict", "{}")
                            .code())
                    .isEqualTo("agent-offline");
            assertThat(admin.post("/api/v1/agents/" + enrolled.agentId() + "/echo", "")
                            .code())
                    .isEqualTo("agent-offline");
        }
    }

    @Test
    void an_echo_answers_with_each_leg() {
        try (Enrolled enrolled = server.enrol()) {
            RawPeer peer = enrolled.peer();
            peer.awaitText("Echo"); // the server's own
            CompletableFuture<Http.Answer> asked = CompletableFuture.supplyAsync(
                    () -> admin.post("/api/v1/agents/" + enrolled.agentId() + "/echo", ""));
            ServerMessage.Echo echo = (ServerMessage.Echo) peer.awaitMessage("Echo");
            peer.frame(RawPeer.PONG, true, peer.awaitPing().payload());
            peer.send(new AgentMessage.EchoReply(echo.nonce(), NOTHING_READ, new AgentMessage.TxCounters(1, 1)));
            Http.Answer answer = asked.join();
            assertThat(answer.status()).isEqualTo(200);
            JsonNode legs = answer.json();
            assertThat(legs.get("rung").asString()).isEqualTo("ACKED");
            assertThat(legs.get("enqueued_ns").asLong())
                    .isLessThanOrEqualTo(legs.get("write_started_ns").asLong());
            assertThat(legs.get("peer_read_ns").asLong())
                    .isLessThanOrEqualTo(legs.get("replied_ns").asLong());
            assertThat(legs.get("reply_rtt_ns").asLong()).isPositive();
        }
    }

    @Test
    void an_echo_that_nobody_answers_ends_after_ten_seconds_with_the_last_rung() {
        try (Enrolled enrolled = server.enrol()) {
            RawPeer peer = enrolled.peer();
            peer.awaitText("Echo");
            CompletableFuture<Http.Answer> asked = CompletableFuture.supplyAsync(
                    () -> admin.post("/api/v1/agents/" + enrolled.agentId() + "/echo", ""));
            peer.awaitMessage("Echo");
            peer.frame(RawPeer.PONG, true, peer.awaitPing().payload());
            Http.Answer answer = asked.join();
            assertThat(answer.status()).isEqualTo(504);
            assertThat(answer.header("content-type")).isEqualTo("application/problem+json");
            assertThat(answer.code()).isEqualTo("echo-unanswered");
            assertThat(answer.json().get("last_rung").asString()).isEqualTo("PEER_READ");
            JsonNode agent = agent(enrolled.agentId());
            assertThat(path(agent)).isEqualTo("failing");
            assertThat(agent.get("status").asString()).isEqualTo("suspect");
            assertThat(ids("/api/v1/agents?status=suspect")).contains(enrolled.agentId());
        }
    }

    @Test
    void a_trace_pings_at_once_and_says_when_it_ends() {
        try (Enrolled enrolled = server.enrol()) {
            Http.Answer answer = admin.post("/api/v1/agents/" + enrolled.agentId() + "/trace", "{\"duration_s\":60}");
            assertThat(answer.status()).isEqualTo(202);
            assertThat(answer.json().get("until").asString()).isNotBlank();
            enrolled.peer().awaitPing();
            assertThat(admin.post("/api/v1/agents/" + enrolled.agentId() + "/trace", "{\"duration_s\":0}")
                            .fields())
                    .containsExactly("duration_s");
        }
    }

    @Test
    void connections_are_listed_live_and_past_with_their_frames_in_order() {
        try (Enrolled first = server.enrol()) {
            String agent = first.agentId();
            answerEcho(first.peer());
            RawPeer again = RawPeer.upgraded(server.port());
            ServerMessage.AuthAck ack = again.authenticate(
                    first.welcome().agentId(), requireNonNull(first.welcome().agentKey()));
            assertThat(first.peer().awaitClose().closeCode()).isEqualTo(4409);
            JsonNode all =
                    admin.get("/api/v1/agents/" + agent + "/connections").json().get("items");
            assertThat(all).hasSize(2);
            assertThat(all.get(0).get("id").asString())
                    .isEqualTo(ack.connectionId().toString());
            assertThat(all.get(0).get("live").asBoolean()).isTrue();
            assertThat(all.get(1).get("live").asBoolean()).isFalse();
            assertThat(all.get(1).get("close_code").asInt()).isEqualTo(4409);
            assertThat(all.get(0).get("epoch").asLong())
                    .isGreaterThan(all.get(1).get("epoch").asLong());
            List<String> live = ids("/api/v1/connections?live=true&limit=500");
            assertThat(live)
                    .contains(ack.connectionId().toString())
                    .doesNotContain(first.welcome().connectionId().toString());
            assertThat(ids("/api/v1/connections?live=false&limit=500"))
                    .contains(first.welcome().connectionId().toString())
                    .doesNotContain(ack.connectionId().toString());
            String one = "/api/v1/connections/" + first.welcome().connectionId();
            JsonNode view = admin.get(one).json();
            assertThat(view.get("counters").get("text_in").asLong()).isEqualTo(2);
            assertThat(view.get("queue").get("frames").asInt()).isZero();
            assertThat(view.has("socket")).isTrue();
            JsonNode frames = admin.get(one + "/frames").json().get("items");
            assertThat(frames.get(0).get("type").asString()).isEqualTo("Auth");
            assertThat(frames.get(0).get("received_ns").isNumber()).isTrue();
            assertThat(frames.valueStream()
                            .map(frame -> frame.get("seq").asLong())
                            .toList())
                    .isSorted();
            assertThat(admin.get(one + "/frames?direction=out&type=AuthAck")
                            .json()
                            .get("items"))
                    .hasSize(1);
            JsonNode part = admin.get(one + "/frames?limit=2").json();
            JsonNode next = admin.get(one + "/frames?limit=1&cursor="
                            + part.get("next_cursor").asString())
                    .json();
            assertThat(next.get("items").get(0).get("seq").asLong())
                    .isEqualTo(frames.get(2).get("seq").asLong());
            again.close();
        }
    }

    @Test
    void a_second_agent_of_one_device_waits_for_approval_and_may_replace_the_first() {
        String device = "device-" + UUID.randomUUID();
        RawPeer one = RawPeer.upgraded(server.port());
        var enrolling = new AgentMessage.Credentials.Enrolling(RunningServer.ENROLLMENT, device);
        ServerMessage.AuthAck first = one.authenticate(RawPeer.auth(enrolling, UUID.randomUUID()));
        answerEcho(one);
        await().untilAsserted(() ->
                assertThat(path(agent(first.agentId().toString()))).isEqualTo("proven"));
        RawPeer two = RawPeer.upgraded(server.port());
        ServerMessage.AuthAck second = two.authenticate(RawPeer.auth(enrolling, UUID.randomUUID()));
        JsonNode pending = agent(second.agentId().toString());
        assertThat(pending.get("status").asString()).isEqualTo("pending");
        assertThat(pending.get("same_device_as").asString())
                .isEqualTo(first.agentId().toString());
        assertThat(ids("/api/v1/agents?status=pending"))
                .contains(second.agentId().toString());
        String at = "/api/v1/agents/" + second.agentId();
        assertThat(admin.post("/api/v1/agents/" + first.agentId() + "/approve", "{}")
                        .code())
                .isEqualTo("not-pending");
        Http.Answer approved = admin.post(at + "/approve", "{\"replace\":true}");
        assertThat(approved.status()).isEqualTo(200);
        assertThat(approved.json().get("status").asString()).isNotEqualTo("pending");
        assertThat(one.awaitClose().closeCode()).isEqualTo(4403);
        assertThat(admin.get("/api/v1/agents/" + first.agentId()).status()).isEqualTo(404);
        assertThat(admin.post(at + "/release", "").code()).isEqualTo("not-conflicted");
        assertThat(admin.post(at + "/rotate-key", "").status()).isEqualTo(202);
        one.close();
        two.close();
    }

    @Test
    @Shows("S13")
    void a_rotated_key_comes_with_the_next_auth() {
        try (Enrolled enrolled = server.enrol()) {
            answerEcho(enrolled.peer());
            assertThat(admin.post("/api/v1/agents/" + enrolled.agentId() + "/rotate-key", "")
                            .status())
                    .isEqualTo(202);
            try (RawPeer again = RawPeer.upgraded(server.port())) {
                ServerMessage.AuthAck ack = again.authenticate(
                        enrolled.welcome().agentId(),
                        requireNonNull(enrolled.welcome().agentKey()));
                assertThat(ack.agentKey())
                        .isNotNull()
                        .isNotEqualTo(enrolled.welcome().agentKey());
            }
        }
    }

    @Test
    @Shows("S13")
    void no_command_is_lost_while_the_key_is_replaced_and_the_old_key_is_dead_afterwards() {
        try (Enrolled enrolled = server.enrol()) {
            answerEcho(enrolled.peer());
            AgentId agent = enrolled.welcome().agentId();
            String oldKey = requireNonNull(enrolled.welcome().agentKey());
            String offered = command(agent);
            assertThat(enrolled.peer().awaitMessage("Command")).isInstanceOf(ServerMessage.Command.class);
            assertThat(admin.post("/api/v1/agents/" + agent + "/rotate-key", "").status())
                    .isEqualTo(202);
            String newKey;
            String meanwhile;
            try (RawPeer between = RawPeer.upgraded(server.port())) {
                newKey = requireNonNull(between.authenticate(agent, oldKey).agentKey());
                ServerMessage.Command again = (ServerMessage.Command) between.awaitMessage("Command");
                assertThat(offered).endsWith(again.commandId().toString());
                succeeds(between, again);
                meanwhile = command(agent);
                assertThat(between.awaitMessage("Command")).isInstanceOf(ServerMessage.Command.class);
            }
            try (RawPeer with = RawPeer.upgraded(server.port())) {
                assertThat(with.authenticate(agent, newKey).agentKey()).isNull();
                ServerMessage.Command again = (ServerMessage.Command) with.awaitMessage("Command");
                assertThat(meanwhile).endsWith(again.commandId().toString());
                succeeds(with, again);
                for (String at : List.of(offered, meanwhile)) {
                    assertThat(admin.get(at + "?wait_s=20").json().get("state").asString())
                            .isEqualTo("succeeded");
                }
            }
            try (RawPeer late = RawPeer.upgraded(server.port())) {
                late.send(RawPeer.auth(
                        new AgentMessage.Credentials.Enrolled(agent, oldKey), java.util.UUID.randomUUID()));
                assertThat(late.awaitClose().closeCode()).isEqualTo(4401);
            }
        }
    }

    private String command(AgentId agent) {
        return admin.post("/api/v1/commands", "{\"agent_id\":\"%s\",\"script\":\"x\"}".formatted(agent))
                .header("location");
    }

    private static void succeeds(RawPeer peer, ServerMessage.Command command) {
        peer.send(new AgentMessage.CommandResult(
                command.commandId(), AgentMessage.Outcome.EXITED, 0, null, 0, 0, false, null, 1, null));
    }
}
