package dev.wireproof;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wireproof.testkit.RunningServer;
import dev.wireproof.testkit.ServerJourney;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** REST to a bare socket and back, in one JVM: the thinnest proof that the rooms fit together. */
class WholeServerIT {
    @Test
    void a_command_posted_to_the_api_reaches_the_agents_socket_and_each_step_shows_as_a_rung() {
        try (RunningServer server = RunningServer.start()) {
            JsonNode command = ServerJourney.take(server);
            assertThat(command.get("state").asString()).isEqualTo("succeeded");
            JsonNode attempt = command.get("attempts").get(0);
            assertThat(attempt.get("rung").asString()).isEqualTo("ACKED");
            assertThat(attempt.get("peer_read_at").isNull()).isFalse();
        }
    }
}
