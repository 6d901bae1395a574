package dev.wireproof.command;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wireproof.protocol.AgentMessage.Outcome;
import dev.wireproof.protocol.AgentMessage.Stream;
import dev.wireproof.protocol.ServerMessage;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** The main job, from the POST to the result, each step stored. */
class CommandJourneyIT {

    @Test
    void a_command_for_a_connected_agent_is_offered_acknowledged_run_and_finished() {
        try (TestServer server = new TestServer()) {
            TestAgent agent = server.agent().connect();

            CommandView stored = server.submit(TestServer.command(agent.id));
            assertThat(stored.state()).isEqualTo(CommandState.OFFERED);
            assertThat(stored.certainty()).isEqualTo(Certainty.UNKNOWN);
            assertThat(agent.offers()).hasSize(1);
            ServerMessage.Command offer = agent.offers().getFirst();
            assertThat(offer.commandId()).isEqualTo(stored.id());
            assertThat(offer.attempt()).isEqualTo(1);
            assertThat(offer.script()).isEqualTo("echo hello");

            agent.ack(stored.id(), 1);
            CommandView acked = server.find(stored.id());
            assertThat(acked.state()).isEqualTo(CommandState.ACKED);
            assertThat(acked.certainty()).isEqualTo(Certainty.RECEIVED);
            assertThat(acked.attemptsUsed()).isEqualTo(1);
            assertThat(acked.attempts()).hasSize(1);
            AttemptView attempt = acked.attempts().getFirst();
            assertThat(attempt.rung()).isEqualTo(Rung.ACKED);
            assertThat(attempt.enqueuedNs()).isNotNull();
            assertThat(attempt.writtenNs()).isNotNull();
            assertThat(attempt.fenceSeq()).isEqualTo(1);
            assertThat(attempt.frameSha256())
                    .isEqualTo(agent.link.sent.getFirst().text().sha256());
            assertThat(agent.link.answered).hasSize(1);

            agent.start(stored.id());
            assertThat(server.find(stored.id()).state()).isEqualTo(CommandState.RUNNING);
            agent.print(stored.id(), Stream.STDOUT, 0, "hello\n");
            agent.result(stored.id(), Outcome.EXITED, 0, 6);

            CommandView done = server.find(stored.id());
            assertThat(done.state()).isEqualTo(CommandState.SUCCEEDED);
            assertThat(done.certainty()).isEqualTo(Certainty.EXECUTED);
            assertThat(done.stdoutTail()).isEqualTo("hello\n");
            assertThat(done.waitingFor()).isNull();
            assertThat(agent.link.texts(ServerMessage.CommandResultAck.class))
                    .containsExactly(new ServerMessage.CommandResultAck(stored.id()));
            OutputSlice output =
                    server.room.commands.output(stored.id(), Stream.STDOUT, 0).orElseThrow();
            assertThat(new String(output.withGapsMarked(), StandardCharsets.UTF_8))
                    .isEqualTo("hello\n");
            assertThat(output.complete()).isTrue();
        }
    }

    @Test
    void a_command_for_an_agent_that_is_away_waits_and_is_offered_when_it_comes() {
        try (TestServer server = new TestServer()) {
            TestAgent agent = server.agent();
            CommandView stored = server.submit(TestServer.command(agent.id));
            assertThat(stored.state()).isEqualTo(CommandState.QUEUED);
            assertThat(stored.certainty()).isEqualTo(Certainty.NOT_RECEIVED);
            assertThat(stored.waitingFor()).contains("the agent is not connected");

            agent.connect();

            assertThat(agent.offers()).hasSize(1);
            CommandView offered = server.find(stored.id());
            assertThat(offered.state()).isEqualTo(CommandState.OFFERED);
            assertThat(offered.attempts().getFirst().reason()).isEqualTo(OfferReason.DISPATCH);
        }
    }

    @Test
    void an_unacknowledged_command_is_offered_ten_times_and_then_undeliverable_with_an_unknown_fate() {
        try (TestServer server = new TestServer()) {
            TestAgent agent = server.agent().connect();
            CommandView stored = server.submit(TestServer.command(agent.id));

            for (int seconds : new int[] {5, 10, 20, 30, 60, 60, 60, 60, 60}) {
                int before = agent.offers().size();
                server.step(Duration.ofSeconds(seconds).minusMillis(1));
                assertThat(agent.offers()).as("not before the wait is over").hasSize(before);
                server.step(Duration.ofMillis(1));
                assertThat(agent.offers()).hasSize(before + 1);
            }
            server.step(Duration.ofSeconds(60));

            CommandView ended = server.find(stored.id());
            assertThat(agent.offers()).hasSize(10);
            assertThat(ended.state()).isEqualTo(CommandState.UNDELIVERABLE);
            assertThat(ended.certainty()).isEqualTo(Certainty.UNKNOWN);
            assertThat(ended.attemptsUsed()).isEqualTo(10);
        }
    }
}
