package dev.wireproof.command;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wireproof.id.CommandId;
import dev.wireproof.protocol.AgentMessage;
import dev.wireproof.protocol.AgentMessage.Heartbeat;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ReaperIT {
    private final TestServer server = new TestServer();

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void paused_it_settles_nothing_and_resumed_all_that_came_due() {
        TestAgent agent = server.agent().connect();
        CommandId id = server.submit(TestServer.command(agent.id)).id();
        server.room.reaper.pause(null, "tester");
        server.step(Duration.ofMinutes(1));
        agent.say(server.room.reports.heartbeats(), heartbeat());
        assertThat(agent.offers()).hasSize(1);
        assertThat(server.find(id).waitingFor()).contains("the reaper is paused for this agent");
        assertThat(server.room.reaper.view(null, 10).overdue()).isEqualTo(1);
        assertThat(server.submit(TestServer.command(agent.id)).state())
                .as("what people ask for goes on")
                .isEqualTo(CommandState.OFFERED);

        server.room.reaper.resume(null);
        server.step(Duration.ZERO);
        assertThat(agent.offers()).hasSize(3);
        assertThat(server.room.reaper.view(null, 10).overdue()).isZero();
    }

    @Test
    void paused_for_one_agent_it_goes_on_for_the_others_also_after_a_restart() {
        TestAgent paused = server.agent().connect();
        TestAgent other = server.agent().connect();
        CommandId its = server.submit(TestServer.command(paused.id)).id();
        server.submit(TestServer.command(other.id));
        server.room.reaper.pause(paused.id, "tester");
        server.room.reaper.pause(paused.id, "tester");
        server.step(Duration.ofSeconds(5));
        assertThat(paused.offers()).hasSize(1);
        assertThat(other.offers()).hasSize(2);
        assertThat(server.room.reaper.view(null, 10).pausedAgents()).hasSize(1);

        try (TestServer again = new TestServer(server.database)) {
            again.clock.step(Duration.ofDays(2));
            again.room.reaper.reapOnce();
            assertThat(again.find(its).state()).isEqualTo(CommandState.OFFERED);
            again.room.reaper.resume(paused.id);
            again.room.reaper.reapOnce();
            assertThat(again.find(its).state()).isEqualTo(CommandState.EXPIRED);
        }
    }

    @Test
    void a_heartbeat_while_an_ack_is_overdue_is_a_reason_to_offer_but_not_before_the_wait_is_over() {
        TestAgent agent = server.agent().connect();
        CommandId id = server.submit(TestServer.command(agent.id)).id();
        server.clock.step(Duration.ofSeconds(4));
        agent.say(server.room.reports.heartbeats(), heartbeat());
        assertThat(agent.offers()).hasSize(1);
        server.clock.step(Duration.ofSeconds(1));
        agent.say(server.room.reports.heartbeats(), heartbeat());
        agent.say(server.room.reports.heartbeats(), heartbeat());
        assertThat(agent.offers()).hasSize(2);
        assertThat(server.find(id).attempts().getLast().reason()).isEqualTo(OfferReason.HEARTBEAT);
    }

    @Test
    void it_says_what_comes_next_and_why() {
        TestAgent agent = server.agent().connect();
        server.submit(TestServer.command(agent.id));
        Reaper.View view = server.room.reaper.view(null, 10);
        assertThat(view.next()).singleElement().satisfies(next -> {
            assertThat(next.what()).startsWith("offer it again");
            assertThat(next.dueAt()).isEqualTo(server.clock.instant().plusSeconds(5));
        });
        assertThat(server.room.reaper.view(java.util.Set.of(), 10).next()).isEmpty();
    }

    private static Heartbeat heartbeat() {
        return new Heartbeat(
                1,
                1,
                new AgentMessage.RxCounters(0, 0, 0, 0, 0),
                new AgentMessage.TxCounters(0, 0),
                List.of(),
                0,
                null,
                null);
    }
}
