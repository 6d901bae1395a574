package dev.wireproof;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wireproof.protocol.AgentMessage;
import dev.wireproof.protocol.ServerMessage;
import dev.wireproof.testkit.Http;
import dev.wireproof.testkit.RawPeer;
import dev.wireproof.testkit.RunningServer;
import org.junit.jupiter.api.Test;

/** REST to a bare socket and back, in one JVM: the thinnest proof that the rooms fit together. */
class WholeServerIT {
    @Test
    void a_command_posted_to_the_api_reaches_the_agents_socket_and_its_ack_shows_as_a_rung() {
        try (RunningServer server = RunningServer.start();
                RunningServer.Enrolled agent = server.enrol()) {
            RawPeer peer = agent.peer();
            Http.Answer posted = server.admin()
                    .post(
                            "/api/v1/commands",
                            "{\"agent_id\":\"%s\",\"script\":\"hostname\"}".formatted(agent.agentId()));
            assertThat(posted.status()).isEqualTo(202);
            ServerMessage.Command command = (ServerMessage.Command) peer.awaitMessage("Command");
            assertThat(command.script()).isEqualTo("hostname");
            peer.frame(RawPeer.PONG, true, peer.awaitPing().payload());
            peer.send(new AgentMessage.CommandAck(
                    command.commandId(), 1, false, AgentMessage.AckStatus.ACCEPTED, null, null));
            peer.send(new AgentMessage.CommandResult(
                    command.commandId(), AgentMessage.Outcome.EXITED, 0, null, 0, 0, false, null, 1, null));
            Http.Answer ended = server.admin().get(posted.header("location") + "?wait_s=30");
            assertThat(ended.json().get("state").asString()).isEqualTo("succeeded");
            assertThat(ended.json().get("attempts").get(0).get("peer_read_at").isNull())
                    .isFalse();
        }
    }
}
