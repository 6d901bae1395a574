package dev.wireproof.command;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wireproof.id.AgentId;
import dev.wireproof.protocol.AgentMessage.LedgerStatus;
import dev.wireproof.protocol.ServerMessage.CommandLedgerQuery;
import dev.wireproof.protocol.ServerMessage.ProtocolError;
import dev.wireproof.testkit.Shows;
import java.time.ZoneOffset;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Agents that say more than they were asked, or are gone in the wrong moment. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class HostileAgentIT {
    private final TestServer server = new TestServer();

    @AfterAll
    void stop() {
        server.close();
    }

    @Test
    @Shows("S16")
    void what_an_agents_record_says_counts_once_and_only_when_it_was_asked() {
        TestAgent agent = server.agent();
        agent.connect();
        var id = server.submit(TestServer.command(agent.id)).id();
        agent.ledger(id, LedgerStatus.RUNNING);
        assertThat(server.find(id).state()).isEqualTo(CommandState.OFFERED);
        assertThat(agent.link.texts(ProtocolError.class)).hasSize(1);

        agent.ack(id, 1);
        agent.connect();
        assertThat(agent.link.texts(CommandLedgerQuery.class)).hasSize(1);
        agent.ledger(id, LedgerStatus.RUNNING);
        assertThat(server.find(id).state()).isEqualTo(CommandState.RUNNING);
        agent.ledger(id, LedgerStatus.CANCELLED);
        assertThat(server.find(id).state()).isEqualTo(CommandState.RUNNING);
        assertThat(agent.link.texts(ProtocolError.class)).hasSize(1);
    }

    @Test
    void a_deletion_that_was_cut_short_still_ends_the_agents_commands() {
        TestAgent agent = server.agent();
        var id = server.submit(TestServer.command(agent.id)).id();
        server.db
                .sql("""
                INSERT INTO agent (id, site_id, device_id, hostname, os_family, os_name, os_version, os_arch,
                                   agent_version, enrolled_with, created_at, updated_at, deleted_at)
                VALUES (:id, '00000000-0000-7000-8000-000000000001', 'd', 'h', 'linux', '', '', '', '', :id, :now, :now, :now)
                """)
                .param("id", agent.id.value())
                .param("now", server.clock.instant().atOffset(ZoneOffset.UTC))
                .update();
        server.room.endOrphans();
        assertThat(server.find(id).state()).isEqualTo(CommandState.CANCELLED);
        assertThat(server.find(id).certainty()).isEqualTo(Certainty.NOT_RECEIVED);
    }

    @Test
    void who_counts_may_fail_and_what_is_stored_is_answered_and_sent_all_the_same() {
        DeliveryObserver failing = new DeliveryObserver() {
            @Override
            public void stored() {
                throw new IllegalStateException("of a test");
            }
        };
        CommandRoom room = new CommandRoom(
                server.database, server.database, server.clock, TestServer.POLICY, 1, () -> 0, 10_000, failing);
        room.engine.start();
        try {
            var made = room.commands
                    .submit(TestServer.command(new AgentId(UUID.randomUUID())), null)
                    .join();
            assertThat(made).isInstanceOf(Submission.Created.class);
        } finally {
            room.engine.stop();
        }
    }
}
