package dev.wireproof.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.wireproof.WireproofApplication;
import dev.wireproof.protocol.AgentMessage;
import dev.wireproof.protocol.ServerMessage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import tools.jackson.databind.JsonNode;

/**
 * The whole server in this JVM, on a free port, with a real database of its own: what a test needs that asks through the API and plays an
 * agent at {@code /ws}. About two seconds to start, so a test class shares one ({@code @TestInstance(PER_CLASS)}).
 */
public final class RunningServer implements AutoCloseable {
    public static final String ADMIN = "admin-token-for-tests-0123456789";
    public static final String ENROLLMENT = "enrollment-token-for-tests-0123456789";

    private final String databaseUrl;
    private final ConfigurableApplicationContext context;
    private final Http admin;

    private RunningServer(String databaseUrl, ConfigurableApplicationContext context) {
        this.databaseUrl = databaseUrl;
        this.context = context;
        this.admin = Http.at(port(), ADMIN);
    }

    /** @param settings such as {@code wireproof.delivery.ack-wait=1s}; later ones win */
    public static RunningServer start(String... settings) {
        return startOn(TestDatabase.freshUrl(), settings);
    }

    /** On a database that an earlier server has used, or that stands behind a proxy of the test's. */
    public static RunningServer startOn(String databaseUrl, String... settings) {
        Map<String, String> all = new LinkedHashMap<>();
        List<String> given = new ArrayList<>(List.of(
                "server.port=0",
                "spring.datasource.url=" + databaseUrl,
                "spring.datasource.username=postgres",
                "spring.datasource.password=",
                "wireproof.home=" + home(),
                "wireproof.demo=false",
                "wireproof.bootstrap.admin-token=" + ADMIN,
                "wireproof.bootstrap.enrollment-token=" + ENROLLMENT));
        given.addAll(List.of(settings));
        given.forEach(setting -> all.put(setting.replaceAll("=.*", ""), setting));
        String[] arguments =
                all.values().stream().map(setting -> "--" + setting).toArray(String[]::new);
        return new RunningServer(databaseUrl, new SpringApplicationBuilder(WireproofApplication.class).run(arguments));
    }

    private static Path home() {
        try {
            Path home = Files.createTempDirectory("wireproof-test");
            home.toFile().deleteOnExit();
            return home;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public int port() {
        return Integer.parseInt(context.getEnvironment().getRequiredProperty("local.server.port"));
    }

    public String databaseUrl() {
        return databaseUrl;
    }

    /** The API as the bootstrap admin. */
    public Http admin() {
        return admin;
    }

    /** A bean of the server, for what no outside can tell. */
    public <T> T bean(Class<T> type) {
        return context.getBean(type);
    }

    /** All beans of that type, by name. */
    public <T> Map<String, T> beans(Class<T> type) {
        return context.getBeansOfType(type);
    }

    /** A new agent on the line, made of a bare socket. */
    public Enrolled enrol() {
        return enrol(0);
    }

    /** @param receiveBuffer see {@link RawPeer#upgraded(int, int)} */
    public Enrolled enrol(int receiveBuffer) {
        RawPeer peer = RawPeer.upgraded(port(), receiveBuffer);
        ServerMessage.AuthAck ack = peer.authenticate(RawPeer.auth(
                new AgentMessage.Credentials.Enrolling(ENROLLMENT, "device-" + UUID.randomUUID()), UUID.randomUUID()));
        return new Enrolled(peer, ack);
    }

    /**
     * Asks for a diagnosis as a technician does, and waits until it is done.
     *
     * @param body such as {@code {"duration_s":10}}
     */
    public JsonNode diagnose(String agent, String body) {
        Http.Answer begun = admin.post("/api/v1/agents/" + agent + "/diagnoses", body);
        assertThat(begun.status()).as(begun.text()).isEqualTo(202);
        assertThat(begun.json().path("status").asString()).isEqualTo("running");
        assertThat(begun.header("location"))
                .isEqualTo("/api/v1/diagnoses/" + begun.json().path("id").asString());
        return awaitDiagnosis(begun.header("location"));
    }

    /** @param place where the diagnosis is read */
    public JsonNode awaitDiagnosis(String place) {
        return await().atMost(Duration.ofSeconds(60))
                .until(
                        () -> admin.get(place).json(),
                        diagnosis -> diagnosis.path("status").asString("").equals("done"));
    }

    /** @param welcome holds the agent's id and its key */
    public record Enrolled(RawPeer peer, ServerMessage.AuthAck welcome) implements AutoCloseable {
        public String agentId() {
            return welcome.agentId().toString();
        }

        @Override
        public void close() {
            peer.close();
        }
    }

    @Override
    public void close() {
        admin.close();
        context.close();
    }
}
