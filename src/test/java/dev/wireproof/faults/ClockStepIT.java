package dev.wireproof.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.wireproof.id.CommandId;
import dev.wireproof.testkit.TestDatabase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The wall clock of the server's machine is set hours forward and back while it runs, by libfaketime under the real process. */
class ClockStepIT {
    private static final Duration ACK_WAIT = Duration.ofSeconds(2);

    @TempDir
    Path folder;

    private static Path libfaketime() throws IOException {
        try (Stream<Path> found = Files.find(
                Path.of("/usr/lib"),
                4,
                (path, _) -> path.getFileName().toString().equals("libfaketime.so.1"))) {
            return found.findFirst().orElse(Path.of(""));
        }
    }

    @Test
    void a_wall_clock_that_is_set_hours_forward_and_back_expires_nothing_and_offers_nothing_twice() throws Exception {
        Path library = libfaketime();
        if (library.toString().isEmpty()) {
            System.out.println("SKIPPED: no libfaketime on this machine, so the wall clock cannot be stepped");
        }
        assumeTrue(!library.toString().isEmpty());
        Path step = Files.writeString(folder.resolve("step"), "+0\n");
        Map<String, String> clock = Map.of(
                "LD_PRELOAD",
                library.toString(),
                "FAKETIME_TIMESTAMP_FILE",
                step.toString(),
                "FAKETIME_CACHE_DURATION",
                "1",
                "FAKETIME_DONT_FAKE_MONOTONIC",
                "1",
                "WIREPROOF_DELIVERY_ACK_WAIT",
                ACK_WAIT.toSeconds() + "s");
        try (LabServer server = LabServer.start(folder, TestDatabase.freshUrl(), "postgres", "", clock)
                        .awaitReady();
                Requests requests = new Requests(server::port)) {

            WireTap tap = new WireTap();
            try (LabAgent online = new LabAgent("online", server::port, folder, tap).start();
                    LabAgent away = new LabAgent("away", server::port, folder, tap).start()) {
                ends(requests, requests.accepted(online, ""));
                away.id();
                away.goAway();
                await().until(() -> !away.online());
                CommandId waits = requests.accepted(away, ",\"ttl_s\":600");
                online.ignoreOffers();
                CommandId unanswered = requests.accepted(online, ",\"ttl_s\":600");
                long asked = System.nanoTime();
                await().until(() -> !tap.offersOf(unanswered).isEmpty());
                long connections = tap.connections();

                for (String hours : List.of("+7200", "-7200", "+0")) {
                    Files.writeString(step, hours + "\n");
                    await().atMost(Duration.ofSeconds(20))
                            .until(() -> Math.abs(offset(server) - Long.parseLong(hours)) < 60);
                    assertThat(requests.stateOf(waits)).isEqualTo("queued");
                    assertThat(requests.stateOf(unanswered)).isEqualTo("offered");
                    assertThat(requests.call("GET", "/api/v1/agents", null).status())
                            .as("the token is still good")
                            .isEqualTo(200);
                    assertThat(Instant.parse(requests.get(requests.accepted(away, ",\"ttl_s\":600"))
                                    .body()
                                    .path("created_at")
                                    .asString()))
                            .as("times go on")
                            .isBetween(
                                    Instant.now().minusSeconds(60),
                                    Instant.now().plusSeconds(60));
                }

                assertThat(tap.connections()).as("nobody was taken for dead").isEqualTo(connections);
                long attempts = requests.get(unanswered).body().path("attempts").size();
                assertThat(attempts)
                        .as(
                                "one offer for each ack wait that passed by a clock that nobody set, not as many as two hours would")
                        .isLessThanOrEqualTo(
                                1 + Duration.ofNanos(System.nanoTime() - asked).dividedBy(ACK_WAIT));

                online.listen();
                online.drop(); // its next connection is offered at once what waits
                away.comeBack();

                ends(requests, waits);

                ends(requests, unanswered);

                assertThat(away.record().executions(waits)).isEqualTo(1);
                assertThat(online.record().executions(unanswered)).isEqualTo(1);
            }
        }
    }

    /** How far the server's wall clock is from ours, in seconds: what its HTTP answers bear as their Date. */
    private static long offset(LabServer server) {
        try (var http = dev.wireproof.testkit.Http.at(server.port(), null)) {
            String date = http.get("/actuator/health/liveness").header("date");
            return Duration.between(
                            Instant.now(),
                            ZonedDateTime.parse(date, DateTimeFormatter.RFC_1123_DATE_TIME)
                                    .toInstant())
                    .toSeconds();
        }
    }

    private static void ends(Requests requests, CommandId id) {
        await().atMost(Duration.ofSeconds(90))
                .untilAsserted(() -> assertThat(requests.stateOf(id)).isEqualTo("succeeded"));
    }
}
