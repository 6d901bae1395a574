package dev.wireproof.command;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wireproof.id.CommandId;
import dev.wireproof.protocol.ServerMessage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Expiry and cancel race an ack: whichever is stored first, what the agent has is never called not received. */
class RacesIT {
    private static final int ROUNDS = 12;

    @Test
    void an_expiry_that_races_an_ack_is_corrected_by_it() throws InterruptedException {
        try (TestServer server = new TestServer()) {
            TestAgent agent = server.agent().connect();
            List<CommandId> ids = new ArrayList<>();
            for (int round = 0; round < ROUNDS; round++) {
                ids.add(server.submit(
                                TestServer.command(agent.id, "x", CommandEffect.ONCE, Duration.ofSeconds(1), 1 << 20))
                        .id());
            }
            server.clock.step(Duration.ofSeconds(1));
            atOnce(
                    server.room.reaper::reapOnce,
                    () -> ids.forEach(id -> agent.report(server.room.reports.acks(), TestServer.ack(id, 1))));
            server.settle();
            for (CommandId id : ids) {
                CommandView after = server.find(id);
                assertThat(after.state()).isEqualTo(CommandState.ACKED);
                assertThat(after.certainty()).isEqualTo(Certainty.RECEIVED);
            }
        }
    }

    @Test
    void a_cancel_that_races_an_ack_always_reaches_the_agent() throws InterruptedException {
        try (TestServer server = new TestServer()) {
            TestAgent agent = server.agent().connect();
            List<CommandId> ids = new ArrayList<>();
            for (int round = 0; round < ROUNDS; round++) {
                ids.add(server.submit(TestServer.command(agent.id)).id());
            }
            atOnce(
                    () -> ids.forEach(id -> server.room.commands.cancel(id, null, "tester")),
                    () -> ids.forEach(id -> agent.report(server.room.reports.acks(), TestServer.ack(id, 1))));
            server.settle();
            Set<CommandId> told = agent.link.texts(ServerMessage.CommandCancel.class).stream()
                    .map(ServerMessage.CommandCancel::commandId)
                    .collect(Collectors.toSet());
            assertThat(told).containsExactlyInAnyOrderElementsOf(ids);
            for (CommandId id : ids) {
                assertThat(server.find(id).state()).isEqualTo(CommandState.ACKED);
                assertThat(server.find(id).cancelRequestedAt()).isNotNull();
            }
        }
    }

    private static void atOnce(Runnable one, Runnable other) throws InterruptedException {
        Thread first = Thread.ofVirtual().start(one);
        Thread second = Thread.ofVirtual().start(other);
        first.join();
        second.join();
    }
}
