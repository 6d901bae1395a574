package dev.wireproof.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.wireproof.id.CommandId;
import dev.wireproof.protocol.AgentMessage;
import dev.wireproof.protocol.ServerMessage;
import dev.wireproof.testkit.Http;
import dev.wireproof.testkit.RunningServer;
import dev.wireproof.testkit.RunningServer.Enrolled;
import dev.wireproof.testkit.Shows;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import tools.jackson.databind.JsonNode;

/** Waiting for a command, reading what it writes, and following it live. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class FollowCommandIT {
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

    /** A command that its agent took. */
    private record Taken(Enrolled enrolled, String at, CommandId id) implements AutoCloseable {
        void writes(AgentMessage.Stream stream, long offset, byte[] bytes) {
            enrolled.peer()
                    .send(new AgentMessage.CommandOutput(
                            id,
                            stream,
                            offset,
                            AgentMessage.Encoding.BASE64,
                            Base64.getEncoder().encodeToString(bytes)));
        }

        void ends(long stdoutBytes) {
            enrolled.peer()
                    .send(new AgentMessage.CommandResult(
                            id, AgentMessage.Outcome.EXITED, 0, null, stdoutBytes, 0, false, null, 1, null));
        }

        @Override
        public void close() {
            enrolled.close();
        }
    }

    private Taken taken() {
        return taken("");
    }

    /** @param more of the command, such as {@code ,"ttl_s":60} */
    private Taken taken(String more) {
        Enrolled enrolled = server.enrol();
        String at = admin.post(
                        "/api/v1/commands",
                        "{\"agent_id\":\"%s\",\"script\":\"x\"%s}".formatted(enrolled.agentId(), more))
                .header("location");
        ServerMessage.Command command = (ServerMessage.Command) enrolled.peer().awaitMessage("Command");
        enrolled.peer()
                .send(new AgentMessage.CommandAck(
                        command.commandId(), 1, false, AgentMessage.AckStatus.RUNNING, null, null));
        return new Taken(enrolled, at, command.commandId());
    }

    @Test
    void a_wait_ends_with_the_command_or_with_its_time() {
        try (Taken taken = taken()) {
            Http.Answer tooSoon = admin.get(taken.at() + "?wait_s=1");
            assertThat(tooSoon.status()).isEqualTo(202);
            assertThat(tooSoon.json().get("state").asString()).isEqualTo("running");
            assertThat(admin.get(taken.at() + "?wait_s=0").status()).isEqualTo(200);
            CompletableFuture<Http.Answer> waiting =
                    CompletableFuture.supplyAsync(() -> admin.get(taken.at() + "?wait_s=60"));
            taken.ends(0);
            assertThat(waiting.join().status()).isEqualTo(200);
            assertThat(waiting.join().json().get("state").asString()).isEqualTo("succeeded");
        }
    }

    @Test
    void output_is_read_from_an_offset_and_says_whether_it_is_all() {
        try (Taken taken = taken()) {
            taken.writes(AgentMessage.Stream.STDOUT, 0, "grün\n".getBytes(StandardCharsets.UTF_8));
            String output = taken.at() + "/output?stream=stdout";
            await().untilAsserted(() -> assertThat(admin.get(output).text()).isEqualTo("grün\n"));
            Http.Answer soFar = admin.get(output);
            assertThat(soFar.header("x-output-complete")).isEqualTo("false");
            assertThat(soFar.header("content-type").replace(" ", "").toLowerCase(java.util.Locale.ROOT))
                    .isEqualTo("text/plain;charset=utf-8");
            taken.ends(6);
            await().untilAsserted(() ->
                    assertThat(admin.get(output).header("x-output-complete")).isEqualTo("true"));
            assertThat(admin.get(output + "&offset=4").text()).isEqualTo("n\n");
            Http.Answer beyond = admin.get(output + "&offset=1000");
            assertThat(beyond.status()).isEqualTo(200);
            assertThat(beyond.text()).isEmpty();
            assertThat(admin.get(taken.at() + "/output?stream=stdin").fields()).containsExactly("stream");
            assertThat(admin.get(output + "&offset=-1").fields()).containsExactly("offset");
        }
    }

    @Test
    @Shows("S28")
    void bytes_that_are_no_text_come_as_bytes() {
        try (Taken taken = taken()) {
            taken.writes(AgentMessage.Stream.STDOUT, 0, new byte[] {(byte) 0xFF, (byte) 0xFE, 0, 65, 66, 67, 68});
            taken.ends(7);
            await().untilAsserted(
                            () -> assertThat(admin.get(taken.at() + "/output").header("content-type"))
                                    .isEqualTo("application/octet-stream"));
        }
    }

    private record Event(String id, String name, JsonNode data) {}

    /** Reads on to an event of that name, or to the end. */
    private List<Event> events(String at, @Nullable String after, String last)
            throws IOException, InterruptedException {
        String[] headers = after == null ? new String[0] : new String[] {"Last-Event-ID", after};
        List<Event> events = new ArrayList<>();
        try (BufferedReader lines = new BufferedReader(
                new InputStreamReader(admin.open(at + "/events", headers), StandardCharsets.UTF_8))) {
            String id = "";
            String name = "";
            String data = "";
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (line.startsWith("id:")) {
                    id = line.substring(3).strip();
                } else if (line.startsWith("event:")) {
                    name = line.substring(6).strip();
                } else if (line.startsWith("data:")) {
                    data = line.substring(5).strip();
                } else if (line.isEmpty() && !name.isEmpty()) {
                    events.add(new Event(id, name, Http.JSON.readTree(data)));
                    if (name.equals(last)) {
                        return events;
                    }
                    name = "";
                }
            }
        }
        return events;
    }

    @Test
    @Shows({"S3", "S7"})
    void a_token_that_is_revoked_while_it_follows_sees_nothing_of_what_comes_after() throws Exception {
        JsonNode token = admin.post("/api/v1/api-tokens", "{\"name\":\"leaving\",\"role\":\"viewer\"}")
                .json();
        Http leaving = Http.at(server.port(), token.get("secret").asString());
        try (Taken taken = taken();
                BufferedReader lines = new BufferedReader(
                        new InputStreamReader(leaving.open(taken.at() + "/events"), StandardCharsets.UTF_8))) {
            for (String line = ""; !"event:attempt".equals(line); ) {
                line = Objects.requireNonNull(lines.readLine(), "it ended before the first attempt");
            }
            admin.delete("/api/v1/api-tokens/" + token.get("id").asString());
            taken.writes(AgentMessage.Stream.STDOUT, 0, "secret\n".getBytes(StandardCharsets.UTF_8));
            assertThat(lines.lines()).noneMatch(line -> line.contains("secret"));
        }
        leaving.close();
    }

    @Test
    @Shows("S7")
    void a_wait_ends_with_the_right_to_its_answer() {
        JsonNode token = admin.post("/api/v1/api-tokens", "{\"name\":\"patient\",\"role\":\"technician\"}")
                .json();
        try (Http patient = Http.at(server.port(), token.get("secret").asString());
                Taken taken = taken()) {
            CompletableFuture<Http.Answer> looking =
                    CompletableFuture.supplyAsync(() -> patient.get(taken.at() + "?wait_s=60"));
            CompletableFuture<Http.Answer> running = CompletableFuture.supplyAsync(() -> patient.post(
                    "/api/v1/commands?wait_s=60",
                    "{\"agent_id\":\"%s\",\"script\":\"theirs\"}"
                            .formatted(taken.enrolled().agentId())));
            taken.enrolled().peer().awaitMessage("Command");
            await().until(() -> admin.get("/api/v1/audit?actor=patient&action=api.sign_in")
                            .json()
                            .get("items")
                            .size()
                    == 1);
            admin.delete("/api/v1/api-tokens/" + token.get("id").asString());
            for (CompletableFuture<Http.Answer> wait : List.of(looking, running)) {
                assertThat(wait.join().code()).isEqualTo("unauthenticated");
                assertThat(wait.join().header("www-authenticate")).isEqualTo("Bearer");
            }
        }
    }

    @Test
    @Shows("S7")
    void a_download_ends_with_the_right_to_it_and_is_seen_to_be_cut() throws IOException {
        int all = 8 * 1024 * 1024; // what sockets hold between the two of them is less
        JsonNode token = admin.post("/api/v1/api-tokens", "{\"name\":\"slow\",\"role\":\"viewer\"}")
                .json();
        try (Taken taken = taken(",\"max_output_bytes\":" + all);
                Socket slow = new Socket()) {
            byte[] part = "x".repeat(32 * 1024).getBytes(StandardCharsets.US_ASCII);
            for (int offset = 0; offset < all; offset += part.length) {
                taken.writes(AgentMessage.Stream.STDOUT, offset, part);
            }
            taken.ends(all);
            await().until(
                            () -> admin.get(taken.at() + "/output?offset=" + all)
                                    .header("x-output-complete"),
                            "true"::equals);
            slow.setReceiveBufferSize(8 * 1024);
            slow.setSoTimeout(60_000);
            slow.connect(new InetSocketAddress("127.0.0.1", server.port()));
            slow.getOutputStream()
                    .write("GET %s/output HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n"
                            .formatted(taken.at(), token.get("secret").asString())
                            .getBytes(StandardCharsets.US_ASCII));
            assertThat(new String(slow.getInputStream().readNBytes(15), StandardCharsets.US_ASCII))
                    .isEqualTo("HTTP/1.1 200 OK");
            admin.delete("/api/v1/api-tokens/" + token.get("id").asString());
            assertThat(endOf(slow.getInputStream()))
                    .as("the end of an answer that is whole")
                    .isNotEqualTo("0\r\n\r\n");
        }
    }

    /** The last five bytes of an answer in chunks, or of what came of it. */
    private static String endOf(InputStream answer) {
        StringBuilder last = new StringBuilder();
        byte[] bytes = new byte[64 * 1024];
        try {
            for (int n = answer.read(bytes); n >= 0; n = answer.read(bytes)) {
                last.append(new String(bytes, 0, n, StandardCharsets.ISO_8859_1));
                last.delete(0, Math.max(0, last.length() - 5));
                if (last.toString().equals("0\r\n\r\n")) {
                    break;
                }
            }
        } catch (IOException reset) {
            last.append(" reset");
        }
        return last.toString();
    }

    @Test
    @Shows("S7")
    void a_stream_without_news_ends_within_seconds_of_the_revocation() throws Exception {
        JsonNode token = admin.post("/api/v1/api-tokens", "{\"name\":\"silent\",\"role\":\"viewer\"}")
                .json();
        Http silent = Http.at(server.port(), token.get("secret").asString());
        try (Taken taken = taken();
                BufferedReader lines = new BufferedReader(
                        new InputStreamReader(silent.open(taken.at() + "/events"), StandardCharsets.UTF_8))) {
            for (String line = ""; !"event:attempt".equals(line); ) {
                line = Objects.requireNonNull(lines.readLine(), "it ended before the first attempt");
            }
            admin.delete("/api/v1/api-tokens/" + token.get("id").asString());
            CompletableFuture<Long> rest = CompletableFuture.supplyAsync(
                    () -> lines.lines().filter(line -> line.startsWith(":")).count());
            await().atMost(Duration.ofSeconds(5)).until(rest::isDone);
            assertThat(rest.join())
                    .as("comments, of which the first comes after ten seconds")
                    .isZero();
        }
        silent.close();
    }

    @Test
    void a_command_is_followed_to_its_end_and_resumed_behind_the_last_event_seen() throws Exception {
        try (Taken taken = taken()) {
            taken.writes(AgentMessage.Stream.STDOUT, 0, "one\n".getBytes(StandardCharsets.UTF_8));
            List<Event> first = events(taken.at(), null, "output");
            assertThat(first).extracting(Event::name).contains("state", "attempt", "output");
            assertThat(first.getLast().data().get("data").asString()).isEqualTo("one\n");
            taken.writes(AgentMessage.Stream.STDOUT, 4, "two\n".getBytes(StandardCharsets.UTF_8));
            taken.ends(8);
            List<Event> rest = events(taken.at(), first.getLast().id(), "end");
            assertThat(rest.stream()
                            .filter(event -> event.name().equals("output"))
                            .map(event -> event.data().get("data").asString()))
                    .containsExactly("two\n");
            assertThat(rest.getLast().name()).isEqualTo("end");
            assertThat(rest.getLast().data().get("state").asString()).isEqualTo("succeeded");
            assertThat(rest.stream()
                            .filter(event -> event.name().equals("state"))
                            .map(event -> event.data().get("state").asString()))
                    .doesNotContain("queued", "offered");
            List<Event> all = events(taken.at(), "nonsense", "none");
            assertThat(all.getLast().name()).isEqualTo("end");
            assertThat(all).extracting(Event::id).doesNotContain("");
        }
    }

    @Test
    void the_reaper_says_what_it_does_next_with_each_open_command_and_why() {
        try (Enrolled agent = server.enrol()) {
            String acked = submit(agent, 600);
            ServerMessage.Command offer = (ServerMessage.Command) agent.peer().awaitMessage("Command");
            agent.peer()
                    .send(new AgentMessage.CommandAck(
                            offer.commandId(), 1, false, AgentMessage.AckStatus.ACCEPTED, null, null));
            String offered = submit(agent, 600);
            String brief = submit(agent, 2);
            String cancelling = submit(agent, 600);
            for (int i = 0; i < 3; i++) {
                agent.peer().awaitMessage("Command");
            }
            admin.post("/api/v1/commands/" + cancelling + "/cancel", "{}");
            agent.peer().awaitMessage("CommandCancel");

            await().atMost(Duration.ofSeconds(10)).untilAsserted(() -> {
                JsonNode next = admin.get("/api/v1/reaper?limit=200").json().path("next");
                assertThat(what(next, acked))
                        .isEqualTo("end it timed_out if no result came and the agent is connected");
                assertThat(what(next, offered)).startsWith("offer it again: its ack is overdue");
                assertThat(what(next, brief)).isIn("", "end it expired: nobody acknowledged it in its time to live");
                assertThat(what(next, cancelling)).startsWith("send CommandCancel again");
            });
            await().atMost(Duration.ofSeconds(10))
                    .until(() -> admin.get("/api/v1/commands/" + brief)
                            .json()
                            .path("state")
                            .asString()
                            .equals("expired"));
            assertThat(what(admin.get("/api/v1/reaper?limit=200").json().path("next"), brief))
                    .isEmpty();
        }
    }

    private String submit(Enrolled agent, int ttl) {
        return admin.post(
                        "/api/v1/commands",
                        "{\"agent_id\":\"%s\",\"script\":\"hostname\",\"ttl_s\":%d}".formatted(agent.agentId(), ttl))
                .json()
                .path("id")
                .asString();
    }

    private static String what(JsonNode next, String command) {
        return next.valueStream()
                .filter(one -> one.path("command_id").asString().equals(command))
                .map(one -> one.path("what").asString())
                .findFirst()
                .orElse("");
    }
}
