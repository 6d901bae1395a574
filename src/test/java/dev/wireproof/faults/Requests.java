package dev.wireproof.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wireproof.id.CommandId;
import dev.wireproof.testkit.Http;
import dev.wireproof.testkit.RunningServer;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * A client of the API that writes down what it asked and what it was told: the one side of every claim that is checked afterwards. Each POST
 * has an idempotency key, which is also its note, so that a command can be found by it. Safe for many threads.
 */
final class Requests implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(15);

    /** @param status 0: no answer came */
    record Answer(int status, JsonNode body, Map<String, List<String>> headers) {
        boolean accepted() {
            return status >= 200 && status < 300;
        }

        String header(String name) {
            return String.join(", ", headers.getOrDefault(name, List.of()));
        }
    }

    private static final Answer NONE = new Answer(0, Http.JSON.createObjectNode(), Map.of());

    /** @param body as it was posted */
    record Post(String key, String body) {}

    private final HttpClient client = HttpClient.newHttpClient();
    private final IntSupplier port;
    private final Map<String, CommandId> accepted = new ConcurrentHashMap<>();
    private final Map<String, Post> posts = new ConcurrentHashMap<>();
    /** Ended commands as they were shown, to be compared with what is shown later. */
    private final Map<CommandId, JsonNode> seenEnded = new ConcurrentHashMap<>();

    private final List<String> contradictions = new CopyOnWriteArrayList<>();

    Requests(IntSupplier port) {
        this.port = port;
    }

    Answer post(Object agent, String more) {
        String key = UUID.randomUUID().toString();
        String body = "{\"agent_id\":\"%s\",\"script\":\"hostname\",\"note\":\"%s\"%s}".formatted(agent, key, more);
        Post post = new Post(key, body);
        posts.put(key, post);
        return send(post);
    }

    /** One that has to be accepted. */
    CommandId accepted(LabAgent to, String more) {
        Answer answer = post(to.id(), more);
        assertThat(answer.status()).as(answer.body().toString()).isEqualTo(202);
        return CommandId.parse(answer.body().get("id").asString());
    }

    /** As it is shown now; empty when it is not shown. */
    String stateOf(CommandId id) {
        return get(id).body().path("state").asString("");
    }

    /** Asks again what an earlier POST became. */
    Answer again(String key) {
        return send(Objects.requireNonNull(posts.get(key)));
    }

    private Answer send(Post post) {
        Answer answer = call("POST", "/api/v1/commands", post.body(), "Idempotency-Key", post.key());
        if (answer.accepted()) {
            CommandId id = CommandId.parse(answer.body().get("id").asString());
            CommandId before = accepted.put(post.key(), id);
            if (before != null && !before.equals(id)) {
                contradictions.add("key %s answered %s and then %s".formatted(post.key(), before, id));
            }
        }
        return answer;
    }

    Answer get(CommandId id) {
        Answer answer = call("GET", "/api/v1/commands/" + id, null);
        if (answer.accepted() && !answer.body().get("ended_at").isNull()) {
            JsonNode before = seenEnded.put(id, answer.body());
            compare(id, before, answer.body());
        }
        return answer;
    }

    /** What has ended with a result stays as it was shown. */
    private void compare(CommandId id, @Nullable JsonNode before, JsonNode now) {
        if (before == null || before.get("duration_ms").isNull()) {
            return;
        }
        for (String field : new String[] {"state", "exit_code", "outcome", "stdout_tail", "ended_at", "certainty"}) {
            if (!before.get(field).equals(now.get(field))) {
                contradictions.add("%s: %s was shown as %s and then as %s"
                        .formatted(id, field, before.get(field), now.get(field)));
            }
        }
    }

    Answer call(String method, String path, @Nullable String body, String... headers) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port.getAsInt() + path))
                .timeout(PATIENCE)
                .header("Authorization", "Bearer " + RunningServer.ADMIN)
                .header("Content-Type", "application/json")
                .method(
                        method,
                        body == null ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofString(body));
        if (headers.length > 0) {
            request.headers(headers);
        }
        try {
            HttpResponse<String> answer = client.send(request.build(), HttpResponse.BodyHandlers.ofString());
            boolean json =
                    answer.headers().firstValue("Content-Type").orElse("").contains("json");
            return new Answer(
                    answer.statusCode(),
                    json ? Http.JSON.readTree(answer.body()) : Http.JSON.createObjectNode(),
                    answer.headers().map());
        } catch (IOException e) {
            return NONE;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return NONE;
        }
    }

    /** Commands that were answered 2xx, by key. */
    Map<String, CommandId> accepted() {
        return new TreeMap<>(accepted);
    }

    /** Keys of POSTs of which nobody knows what they became. */
    List<String> unanswered() {
        List<String> keys = new ArrayList<>(posts.keySet());
        keys.removeAll(accepted.keySet());
        return keys;
    }

    int posted() {
        return posts.size();
    }

    List<String> contradictions() {
        return List.copyOf(contradictions);
    }

    @Override
    public void close() {
        client.close();
    }
}
