package dev.wireproof;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wireproof.testkit.Ports;
import dev.wireproof.testkit.ServerProcess;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The first thing a newcomer does, done with the real jar: start the demo, run the printed `curl`, stop, start again, kill, start again. */
class MainJobIT {
    private static final String CURL =
            "^curl -s '(?<url>[^']+)' -H '(?<auth>[^']+)' -H 'Content-Type: application/json' -d '(?<body>[^']+)'$";
    private static final JsonMapper JSON = JsonMapper.shared();

    @TempDir
    Path home;

    @Test
    void the_printed_command_runs_hostname_and_shows_its_way_and_nothing_is_lost_by_stops_and_kills()
            throws IOException, InterruptedException {
        JsonNode first;
        try (ServerProcess server = start()) {
            first = runPrintedCurl(server);
            assertThat(first.get("state").asString()).isEqualTo("succeeded");
            assertThat(first.get("certainty").asString()).isEqualTo("executed");
            assertThat(first.get("stdout_tail").asString().strip()).isEqualTo(hostname());
            assertThatTheWayIsShown(first.get("attempts").get(0));
            assertThat(server.stop()).isIn(0, 143);
        }
        assertThat(postmasterOf(home)).isEmpty();

        try (ServerProcess server = start()) {
            Matcher curl = server.awaitLine(CURL);
            assertThat(get(curl, first.get("id").asString()).get("stdout_tail")).isEqualTo(first.get("stdout_tail"));
            server.kill();
        }
        assertThat(postmasterOf(home)).as("left behind by the kill").isPresent();

        try (ServerProcess server = start()) {
            JsonNode again = runPrintedCurl(server);
            assertThat(again.get("state").asString()).isEqualTo("succeeded");
            assertThat(again.get("agent_id")).as("the same identity").isEqualTo(first.get("agent_id"));
            assertThat(server.stop()).isIn(0, 143);
        }
        assertThat(postmasterOf(home)).isEmpty();
    }

    private ServerProcess start() {
        return ServerProcess.start(
                List.of(),
                List.of(),
                ServerProcess.jar(),
                Map.of(
                        "WIREPROOF_HOME", home.toString(),
                        "WIREPROOF_DEMO", "true",
                        "SERVER_PORT", Integer.toString(Ports.free())));
    }

    private static void assertThatTheWayIsShown(JsonNode attempt) {
        assertThat(attempt.get("rung").asString()).isEqualTo("ACKED");
        for (String rung : new String[] {
            "connection_id",
            "enqueued_at",
            "write_started_at",
            "written_at",
            "peer_read_at",
            "acked_at",
            "fence_seq",
            "frame_bytes",
            "frame_sha256",
            "write_ns",
            "fence_rtt_ns"
        }) {
            assertThat(attempt.get(rung)).as(rung).isNotNull();
            assertThat(attempt.get(rung).isNull())
                    .as(rung + " is null in " + attempt)
                    .isFalse();
        }
    }

    private static JsonNode runPrintedCurl(ServerProcess server) throws IOException, InterruptedException {
        Matcher curl = server.awaitLine(CURL);
        return send(request(curl.group("url"), curl)
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(curl.group("body"))));
    }

    private static JsonNode get(Matcher curl, String commandId) throws IOException, InterruptedException {
        return send(request(curl.group("url").replaceAll("\\?.*", "/" + commandId), curl)
                .GET());
    }

    private static HttpRequest.Builder request(String url, Matcher curl) {
        String[] header = curl.group("auth").split(": ", 2);
        return HttpRequest.newBuilder(URI.create(url)).header(header[0], header[1]);
    }

    private static JsonNode send(HttpRequest.Builder request) throws IOException, InterruptedException {
        try (HttpClient client = HttpClient.newHttpClient()) {
            HttpResponse<String> answer = client.send(request.build(), HttpResponse.BodyHandlers.ofString());
            assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
            return JSON.readTree(answer.body());
        }
    }

    private static String hostname() throws IOException {
        Path file = Path.of("/proc/sys/kernel/hostname");
        return Files.exists(file)
                ? Files.readString(file).strip()
                : InetAddress.getLocalHost().getHostName();
    }

    private static Optional<ProcessHandle> postmasterOf(Path home) throws IOException {
        Path lock = home.resolve("postgres/postmaster.pid");
        if (!Files.exists(lock)) {
            return Optional.empty();
        }
        return ProcessHandle.of(
                Long.parseLong(Files.readAllLines(lock).getFirst().strip()));
    }
}
