package dev.wireproof.command;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.wireproof.id.AgentId;
import dev.wireproof.id.CommandId;
import dev.wireproof.protocol.AgentMessage;
import dev.wireproof.protocol.AgentMessage.AckStatus;
import dev.wireproof.protocol.AgentMessage.CommandAck;
import dev.wireproof.protocol.AgentMessage.CommandOutput;
import dev.wireproof.protocol.AgentMessage.CommandResult;
import dev.wireproof.protocol.AgentMessage.CommandStarted;
import dev.wireproof.protocol.AgentMessage.Encoding;
import dev.wireproof.protocol.AgentMessage.Outcome;
import dev.wireproof.protocol.AgentMessage.Stream;
import dev.wireproof.protocol.ServerMessage;
import dev.wireproof.testkit.Http;
import dev.wireproof.testkit.RawPeer;
import dev.wireproof.testkit.RunningServer;
import dev.wireproof.testkit.TestDatabase;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import tools.jackson.databind.JsonNode;

/** The rules of delivery through the API and real sockets. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class DeliveryOverSocketsIT {
    private final String database = TestDatabase.freshUrl();
    private RunningServer server = RunningServer.startOn(database);

    @AfterAll
    void stop() {
        server.close();
    }

    private CommandId post(String agent, String script) {
        Http.Answer posted = server.admin()
                .post("/api/v1/commands", "{\"agent_id\":\"%s\",\"script\":\"%s\"}".formatted(agent, script));
        assertThat(posted.status()).as(posted.text()).isEqualTo(202);
        return CommandId.parse(posted.json().get("id").asString());
    }

    private JsonNode get(CommandId id, String more) {
        return server.admin().get("/api/v1/commands/" + id + more).json();
    }

    private static CommandId offered(RawPeer peer) {
        return ((ServerMessage.Command) peer.awaitMessage("Command")).commandId();
    }

    private static CommandAck ack(CommandId id, int attempt) {
        return new CommandAck(id, attempt, false, AckStatus.ACCEPTED, null, null);
    }

    private static CommandResult result(CommandId id, int exitCode, long stdout, String message) {
        return new CommandResult(id, Outcome.EXITED, exitCode, null, stdout, 0, false, null, 5, message);
    }

    @Test
    void every_step_of_a_command_is_seen_and_a_result_with_nul_in_its_words_is_stored() {
        try (RunningServer.Enrolled agent = server.enrol()) {
            RawPeer peer = agent.peer();
            CommandId id = post(agent.agentId(), "echo hi");
            assertThat(offered(peer)).isEqualTo(id);
            peer.frame(RawPeer.PONG, true, peer.awaitPing().payload());
            peer.send(ack(id, 1));
            peer.send(new CommandStarted(id, 7, Instant.EPOCH));
            peer.send(new CommandOutput(id, Stream.STDOUT, 0, Encoding.BASE64, "aGkA/woK"));
            peer.send(result(id, 0, 6, "a \u0000 in it"));
            assertThat(((ServerMessage.CommandResultAck) peer.awaitMessage("CommandResultAck")).commandId())
                    .isEqualTo(id);

            JsonNode done = get(id, "?wait_s=10");
            assertThat(done.get("state").asString()).isEqualTo("succeeded");
            assertThat(done.get("certainty").asString()).isEqualTo("executed");
            assertThat(done.get("attempts").get(0).get("rung").asString()).isEqualTo("ACKED");
            peer.send(result(id, 0, 6, "a copy"));
            assertThat(((ServerMessage.CommandResultAck) peer.awaitMessage("CommandResultAck")).commandId())
                    .isEqualTo(id);
        }
    }

    @Test
    void a_reconnect_is_offered_the_oldest_sixteen_first() {
        RunningServer.Enrolled agent = server.enrol();
        List<CommandId> ids = new ArrayList<>();
        for (int i = 0; i < 18; i++) {
            ids.add(post(agent.agentId(), "echo " + i));
        }
        agent.peer().reset();
        try (RawPeer peer = RawPeer.upgraded(server.port())) {
            peer.authenticate(
                    AgentId.parse(agent.agentId()),
                    requireNonNull(agent.welcome().agentKey()));
            List<CommandId> again = new ArrayList<>();
            for (int i = 0; i < 16; i++) {
                again.add(offered(peer));
            }
            assertThat(again).isEqualTo(ids.subList(0, 16));
            peer.send(ack(again.get(5), 2));
            assertThat(offered(peer)).isEqualTo(ids.get(16));
        }
    }

    @Test
    void a_restart_in_the_middle_forgets_nothing_that_was_answered() {
        RunningServer.Enrolled agent = server.enrol();
        CommandId held = post(agent.agentId(), "echo held");
        assertThat(offered(agent.peer())).isEqualTo(held);
        agent.peer().send(ack(held, 1));
        CommandId open = post(agent.agentId(), "echo open");
        assertThat(offered(agent.peer())).isEqualTo(open);
        server.close();
        agent.close();

        server = RunningServer.startOn(database);
        assertThat(get(held, "").get("state").asString()).isEqualTo("acked");
        JsonNode waiting = get(open, "");
        assertThat(waiting.get("state").asString()).isEqualTo("offered");
        assertThat(waiting.get("waiting_for").asString()).contains("the agent is not connected");
        try (RawPeer peer = RawPeer.upgraded(server.port())) {
            peer.authenticate(
                    AgentId.parse(agent.agentId()),
                    requireNonNull(agent.welcome().agentKey()));
            ServerMessage.Command offer = (ServerMessage.Command) peer.awaitMessage("Command");
            assertThat(offer.commandId()).isEqualTo(open);
            assertThat(offer.attempt()).isEqualTo(2);
            assertThat(((ServerMessage.CommandLedgerQuery) peer.awaitMessage("CommandLedgerQuery")).commandIds())
                    .containsExactly(held);
            peer.send(result(held, 3, 0, "failed"));
            peer.awaitText("CommandResultAck");
            assertThat(get(held, "").get("state").asString()).isEqualTo("failed");
            peer.send(new AgentMessage.CommandStarted(new CommandId(UUID.randomUUID()), 1, Instant.EPOCH));
            peer.awaitText("ProtocolError");
        }
    }
}
