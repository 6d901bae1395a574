package dev.wireproof.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.wireproof.id.CommandId;
import dev.wireproof.testkit.KillablePostgres;
import dev.wireproof.testkit.RunningServer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** PostgreSQL itself dies and recovers from its log. */
class DatabaseKilledIT {
    @TempDir
    Path home;

    @Test
    void after_a_kill_it_recovers_and_the_server_goes_on_with_what_was_due_and_what_was_answered() {
        WireTap tap = new WireTap();
        try (KillablePostgres postgres = KillablePostgres.start(home);
                RunningServer server = RunningServer.startOn(
                        postgres.jdbcUrl(),
                        "spring.datasource.username=" + postgres.user(),
                        "spring.datasource.password=" + postgres.password(),
                        "wireproof.delivery.ack-wait=1s");
                Requests requests = new Requests(server::port);
                LabAgent agent = new LabAgent("killed", server::port, home, tap).start()) {
            agent.id();
            agent.holdResults();
            CommandId running = post(requests, agent);
            await().untilAsserted(() -> assertThat(stateOf(requests, running)).isEqualTo("running"));
            long connections = tap.connections();

            postgres.kill();
            agent.tellResults();
            Requests.Answer refused = requests.post(agent.id(), "");

            assertThat(refused.status()).isEqualTo(503);
            assertThat(refused.header("retry-after")).isNotEmpty();
            assertThat(tap.resultsConfirmed()).doesNotContain(running);
            postgres.startAgain();
            await().atMost(Duration.ofSeconds(10))
                    .untilAsserted(() -> assertThat(tap.resultsConfirmed()).contains(running));
            assertThat(tap.connections()).as("no agent had to come again").isEqualTo(connections);
            CommandId next = post(requests, agent);
            await().untilAsserted(() -> assertThat(stateOf(requests, next)).isEqualTo("succeeded"));
            new Invariants(requests, postgres.direct(), tap, List.of(agent.record())).hold();
        }
    }

    private static CommandId post(Requests requests, LabAgent agent) {
        Requests.Answer answer = requests.post(agent.id(), "");
        assertThat(answer.status()).as(answer.body().toString()).isEqualTo(202);
        return CommandId.parse(answer.body().get("id").asString());
    }

    private static String stateOf(Requests requests, CommandId id) {
        return requests.get(id).body().path("state").asString("");
    }
}
