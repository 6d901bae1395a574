package dev.wireproof.testkit;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A plain HTTP client, as a script would use one. */
public final class Http implements AutoCloseable {
    public static final JsonMapper JSON = JsonMapper.shared();

    private final HttpClient client = HttpClient.newHttpClient();
    private final int port;
    private final @Nullable String token;

    private Http(int port, @Nullable String token) {
        this.port = port;
        this.token = token;
    }

    /** @param token null: none is shown */
    public static Http at(int port, @Nullable String token) {
        return new Http(port, token);
    }

    public Http with(@Nullable String otherToken) {
        return new Http(port, otherToken);
    }

    /** Whether a server there says that it is ready; nobody there is no. */
    public static boolean ready(int port) {
        // Asked many times while a server starts: a client, with the threads and TLS that it makes, only once somebody
        // listens.
        try (Socket _ = new Socket("127.0.0.1", port);
                Http http = at(port, null)) {
            return http.get("/actuator/health/readiness").status() == 200;
        } catch (IOException | AssertionError notThere) {
            return false;
        }
    }

    public record Answer(int status, Map<String, List<String>> headers, String text) {
        public JsonNode json() {
            return JSON.readTree(text);
        }

        public String header(String name) {
            return String.join(", ", headers.getOrDefault(name, List.of()));
        }

        public String code() {
            return json().path("code").asString("");
        }

        /** The names of the bad fields. */
        public List<String> fields() {
            return json().path("errors")
                    .valueStream()
                    .map(error -> error.get("field").asString())
                    .toList();
        }
    }

    public Answer get(String path, String... headers) {
        return call("GET", path, null, headers);
    }

    public Answer post(String path, String body, String... headers) {
        return call("POST", path, body, headers);
    }

    public Answer patch(String path, String body) {
        return call("PATCH", path, body);
    }

    public Answer delete(String path) {
        return call("DELETE", path, null);
    }

    public Answer call(String method, String path, @Nullable String body, String... headers) {
        try {
            HttpResponse<String> answer =
                    client.send(request(method, path, body, headers), HttpResponse.BodyHandlers.ofString());
            return new Answer(answer.statusCode(), answer.headers().map(), answer.body());
        } catch (IOException e) {
            throw new AssertionError(method + " " + path, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(method + " " + path, e);
        }
    }

    /** The body as it comes, for event streams. */
    public InputStream open(String path, String... headers) throws IOException, InterruptedException {
        return client.send(request("GET", path, null, headers), HttpResponse.BodyHandlers.ofInputStream())
                .body();
    }

    private HttpRequest request(String method, String path, @Nullable String body, String... headers) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                .method(
                        method,
                        body == null ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofString(body));
        if (headers.length > 0) {
            request.headers(headers);
        }
        if (body != null && !List.of(headers).contains("Content-Type")) {
            request.header("Content-Type", "application/json");
        }
        if (token != null) {
            request.header("Authorization", "Bearer " + token);
        }
        return request.build();
    }

    @Override
    public void close() {
        client.close();
    }
}
