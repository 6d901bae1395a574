package dev.wireproof.command;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** The few commands that find out whether commands get through wait for nobody, and nobody waits for them. */
class GoingAheadIT {

    @Test
    void a_command_that_goes_ahead_is_offered_past_a_full_window_and_takes_no_place_in_it() {
        try (TestServer server = new TestServer()) {
            TestAgent agent = server.agent().connect();
            CommandView first = server.submit(TestServer.command(agent.id));
            for (int n = 1; n < Lane.WINDOW + 3; n++) {
                server.submit(TestServer.command(agent.id));
            }
            assertThat(agent.offers()).hasSize(Lane.WINDOW);

            Submission ahead = server.room
                    .commands
                    .submitAhead(TestServer.command(agent.id))
                    .join();
            server.settle();

            CommandView probe = ((Submission.Created) ahead).command();
            assertThat(probe.state()).isEqualTo(CommandState.OFFERED);
            assertThat(agent.offers()).hasSize(Lane.WINDOW + 1);
            assertThat(agent.offers().getLast().commandId()).isEqualTo(probe.id());

            agent.ack(first.id(), 1);
            assertThat(agent.offers()).as("the place that became free is taken").hasSize(Lane.WINDOW + 2);
            agent.ack(probe.id(), 1);
            assertThat(agent.offers()).as("the probe had none to give").hasSize(Lane.WINDOW + 2);
        }
    }
}
