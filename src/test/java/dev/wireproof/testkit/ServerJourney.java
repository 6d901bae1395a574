package dev.wireproof.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wireproof.protocol.AgentMessage;
import dev.wireproof.protocol.ServerMessage;
import tools.jackson.databind.JsonNode;

/** The main job in small: a command from the API to a bare socket and back. */
public final class ServerJourney {
    private ServerJourney() {}

    /** @return the command as the API shows it once its result is stored */
    public static JsonNode take(RunningServer server) {
        try (RunningServer.Enrolled agent = server.enrol()) {
            RawPeer peer = agent.peer();
            Http.Answer posted = server.admin()
                    .post(
                            "/api/v1/commands",
                            "{\"agent_id\":\"%s\",\"script\":\"hostname\"}".formatted(agent.agentId()));
            assertThat(posted.status()).as(posted.text()).isEqualTo(202);
            ServerMessage.Command command = (ServerMessage.Command) peer.awaitMessage("Command");
            assertThat(command.script()).isEqualTo("hostname");
            peer.frame(RawPeer.PONG, true, peer.awaitPing().payload());
            peer.send(new AgentMessage.CommandAck(
                    command.commandId(), 1, false, AgentMessage.AckStatus.ACCEPTED, null, null));
            peer.send(new AgentMessage.CommandResult(
                    command.commandId(), AgentMessage.Outcome.EXITED, 0, null, 0, 0, false, null, 1, null));
            return server.admin().get(posted.header("location") + "?wait_s=30").json();
        }
    }
}
