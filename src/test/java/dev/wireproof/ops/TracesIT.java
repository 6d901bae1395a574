package dev.wireproof.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.wireproof.id.CommandId;
import dev.wireproof.simulator.TestFleet;
import dev.wireproof.testkit.Http;
import dev.wireproof.testkit.RunningServer;
import dev.wireproof.testkit.TlsFront;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.trace.v1.Span;
import io.opentelemetry.proto.trace.v1.Status.StatusCode;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;

class TracesIT {
    private static final String AUTHORIZATION = "Bearer collector-secret";

    @Test
    void a_command_becomes_one_trace_from_its_post_to_its_result_and_a_collector_that_is_away_costs_no_delivery()
            throws Exception {
        TraceCollector collector = TraceCollector.on(0);
        int port = collector.port();
        try (RunningServer server = RunningServer.start(
                        "wireproof.traces.endpoint=http://127.0.0.1:" + port + "/v1/traces",
                        "wireproof.traces.authorization=" + AUTHORIZATION,
                        "wireproof.delivery.ack-wait=300ms",
                        "wireproof.delivery.max-attempts=2");
                TestFleet fleet = TestFleet.start(server.port(), RunningServer.ENROLLMENT, 2, "command-deaf=1")) {
            ListAppender<ILoggingEvent> log = listen(); // a server that starts sets logging up anew
            String healthy = fleet.healthy().getFirst();
            whatSucceeds(server, collector, ended(server, healthy));
            whatIsLost(
                    collector,
                    ended(
                            server,
                            Rows.agentsWith(server.databaseUrl(), "command-deaf")
                                    .getFirst()));
            assertThat(collector.authorizations()).containsOnly(AUTHORIZATION);

            collector.close();
            assertThat(ended(server, healthy).get("state").asString()).isEqualTo("succeeded");
            await().atMost(Duration.ofSeconds(30)).until(() -> !log.list.isEmpty());
            assertThat(ended(server, healthy).get("state").asString())
                    .as("delivery goes on")
                    .isEqualTo("succeeded");
            await().atMost(Duration.ofSeconds(30)).until(() -> lost(server) >= 2);
            assertThat(log.list)
                    .as("one line, however many batches are lost")
                    .singleElement()
                    .satisfies(line -> {
                        assertThat(line.getLevel()).isEqualTo(Level.WARN);
                        assertThat(line.getMessage()).isEqualTo("traces.collector_away");
                        assertThat(line.getThrowableProxy()).isNull();
                        assertThat(line.getKeyValuePairs().toString())
                                .contains("http://127.0.0.1:" + port)
                                .doesNotContain("secret");
                    });
            try (TraceCollector again = TraceCollector.on(port)) {
                JsonNode after = ended(server, healthy);
                await().atMost(Duration.ofSeconds(30))
                        .until(() -> !again.trace(traceOf(after)).isEmpty());
                // The collector has the trace before the server has its answer, and only the answer says that it is
                // back.
                await().atMost(Duration.ofSeconds(30)).until(() -> log.list.size() > 1);
                assertThat(log.list)
                        .extracting(ILoggingEvent::getMessage)
                        .containsExactly("traces.collector_away", "traces.collector_back");
            }
        } finally {
            collector.close();
        }
    }

    private static void whatSucceeds(RunningServer server, TraceCollector collector, JsonNode command) {
        await().atMost(Duration.ofSeconds(30))
                .until(() -> !collector.trace(traceOf(command)).isEmpty());
        assertThat(server.bean(CommandTraces.class).lost()).isZero();
        List<Span> spans = collector.trace(traceOf(command));
        assertThat(spans)
                .extracting(Span::getName)
                .containsExactlyInAnyOrder("command", "attempt", "queue", "write", "peer_read", "ack", "run");
        Span whole = named("command", spans);
        assertThat(whole.getParentSpanId().isEmpty()).isTrue();
        assertThat(whole.getStartTimeUnixNano())
                .isEqualTo(nanos(command.get("created_at").asString()));
        assertThat(whole.getEndTimeUnixNano())
                .isEqualTo(nanos(command.get("ended_at").asString()));
        assertThat(whole.getStatus().getCode()).isEqualTo(StatusCode.STATUS_CODE_OK);
        assertThat(attributes(whole))
                .containsEntry("wireproof.command.id", command.get("id").asString())
                .containsEntry("wireproof.command.state", "succeeded")
                .containsEntry("wireproof.command.certainty", "executed")
                .doesNotContainValue("hostname");
        assertThat(whole.getEventsList()).extracting(Span.Event::getName).containsExactly("acknowledged", "started");
        JsonNode attempt = command.get("attempts").get(0);
        assertThat(attributes(named("attempt", spans)))
                .containsEntry(
                        "wireproof.connection.id", attempt.get("connection_id").asString())
                .containsEntry("wireproof.attempt.rung", "ACKED");
        assertThat(parent(named("attempt", spans))).isEqualTo(id(whole));
        assertThat(parent(named("run", spans))).isEqualTo(id(whole));
        for (String leg : List.of("queue", "write", "peer_read", "ack")) {
            assertThat(parent(named(leg, spans))).as(leg).isEqualTo(id(named("attempt", spans)));
        }
        assertThat(named("write", spans).getEndTimeUnixNano())
                .isEqualTo(nanos(attempt.get("written_at").asString()));
        assertThat(collector.taken().getFirst().getResource().getAttributesList().stream()
                        .collect(Collectors.toMap(
                                KeyValue::getKey, each -> each.getValue().getStringValue())))
                .containsEntry("service.name", "wireproof");
    }

    /** Read, never acknowledged, twice: the trace shows the rung where it stopped, and no leg that nothing proves. */
    private static void whatIsLost(TraceCollector collector, JsonNode command) {
        assertThat(command.get("state").asString()).isEqualTo("undeliverable");
        await().atMost(Duration.ofSeconds(30))
                .until(() -> !collector.trace(traceOf(command)).isEmpty());
        List<Span> spans = collector.trace(traceOf(command));
        assertThat(spans)
                .extracting(Span::getName)
                .contains("command", "peer_read")
                .doesNotContain("ack", "run");
        assertThat(spans)
                .filteredOn(span -> span.getName().equals("attempt"))
                .hasSize(2)
                .allSatisfy(span -> {
                    assertThat(attributes(span)).containsEntry("wireproof.attempt.rung", "PEER_READ");
                    assertThat(span.getStatus().getCode()).isEqualTo(StatusCode.STATUS_CODE_ERROR);
                });
        assertThat(spans)
                .filteredOn(span -> span.getName().equals("command"))
                .singleElement()
                .satisfies(span -> assertThat(span.getStatus().getMessage()).isEqualTo("undeliverable, unknown"));
    }

    @Test
    void a_share_of_the_commands_is_chosen_by_their_ids_and_what_finds_no_room_is_counted() {
        long[] now = {0};
        EndedCommands none = new EndedCommands(0, () -> now[0]);
        EndedCommands half = new EndedCommands(0.5, () -> now[0]);
        EndedCommands all = new EndedCommands(1, () -> now[0]);
        for (int i = 0; i < 10_100; i++) {
            CommandId id = new CommandId(new UUID(i, i * 0x9E3779B97F4A7C15L));
            none.accept(id);
            half.accept(id);
            all.accept(id);
        }
        assertThat(all.settled(1))
                .as("its last rungs may still be on their way")
                .isEmpty();
        now[0] = Duration.ofSeconds(1).toNanos();
        assertThat(all.settled(20_000)).hasSize(10_000);
        assertThat(all.dropped()).isEqualTo(100);
        assertThat(half.dropped()).isZero();
        assertThat(half.settled(20_000)).hasSizeBetween(4_500, 5_500);
        assertThat(none.settled(20_000)).isEmpty();
    }

    @Test
    void a_collector_whose_certificate_nobody_vouches_for_costs_one_line_and_no_delivery(@TempDir Path folder)
            throws Exception {
        try (TraceCollector collector = TraceCollector.on(0);
                TlsFront front = TlsFront.of(collector.port(), folder);
                RunningServer server = RunningServer.start(
                        "wireproof.traces.endpoint=https://localhost:" + front.port() + "/v1/traces");
                TestFleet fleet = TestFleet.start(server.port(), RunningServer.ENROLLMENT, 1)) {
            ListAppender<ILoggingEvent> log = listen();
            assertThat(ended(server, fleet.healthy().getFirst()).get("state").asString())
                    .isEqualTo("succeeded");
            await().atMost(Duration.ofSeconds(30)).until(() -> lost(server) >= 1 && !log.list.isEmpty());
            assertThat(log.list).singleElement().satisfies(line -> {
                assertThat(line.getMessage()).isEqualTo("traces.collector_away");
                assertThat(line.getKeyValuePairs().toString()).contains("certification path");
                assertThat(line.getThrowableProxy()).isNull();
            });
            assertThat(ended(server, fleet.healthy().getFirst()).get("state").asString())
                    .isEqualTo("succeeded");
            assertThat(collector.taken()).isEmpty();
        }
    }

    @Test
    void an_endpoint_that_is_no_http_address_is_refused_and_the_secret_is_never_shown() {
        assertThatThrownBy(() -> new TracesSettings(URI.create("collector:4317"), null, 1))
                .hasMessageContaining("wireproof.traces.endpoint (collector:4317) must be an http or https address");
        assertThat(new TracesSettings(URI.create("https://c.example/v1/traces"), "secret", 1).toString())
                .doesNotContain("secret");
        assertThat(new TracesSettings(null, null, 1).endpoint()).isNull();
    }

    private static ListAppender<ILoggingEvent> listen() {
        ListAppender<ILoggingEvent> lines = new ListAppender<>();
        lines.start();
        ((Logger) LoggerFactory.getLogger(CommandTraces.class)).addAppender(lines);
        return lines;
    }

    private static JsonNode ended(RunningServer server, String agent) {
        Http.Answer posted = server.admin()
                .post("/api/v1/commands", "{\"agent_id\":\"%s\",\"script\":\"hostname\"}".formatted(agent));
        assertThat(posted.status()).as(posted.text()).isEqualTo(202);
        await().atMost(Duration.ofSeconds(30))
                .until(() -> !at(server, posted).get("ended_at").isNull());
        // The last rungs are stored a moment after the end.
        await().atMost(Duration.ofSeconds(30))
                .until(() -> at(server, posted)
                        .get("attempts")
                        .valueStream()
                        .noneMatch(attempt -> attempt.get("peer_read_at").isNull()));
        return at(server, posted);
    }

    private static JsonNode at(RunningServer server, Http.Answer posted) {
        return server.admin().get(posted.header("location")).json();
    }

    private static double lost(RunningServer server) {
        return server.bean(CommandTraces.class).lost();
    }

    private static String traceOf(JsonNode command) {
        return command.get("id").asString().replace("-", "");
    }

    private static long nanos(String time) {
        Instant at = Instant.parse(time);
        return at.getEpochSecond() * 1_000_000_000 + at.getNano();
    }

    private static Span named(String name, List<Span> spans) {
        return spans.stream()
                .filter(span -> span.getName().equals(name))
                .findAny()
                .orElseThrow();
    }

    private static String id(Span span) {
        return HexFormat.of().formatHex(span.getSpanId().toByteArray());
    }

    private static String parent(Span span) {
        return HexFormat.of().formatHex(span.getParentSpanId().toByteArray());
    }

    private static Map<String, String> attributes(Span span) {
        return span.getAttributesList().stream()
                .collect(Collectors.toMap(KeyValue::getKey, each -> text(each.getValue())));
    }

    private static String text(AnyValue value) {
        return value.hasStringValue() ? value.getStringValue() : value.toString();
    }
}
