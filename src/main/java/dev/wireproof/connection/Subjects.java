package dev.wireproof.connection;

import dev.wireproof.id.CommandId;
import dev.wireproof.protocol.AgentMessage;
import org.jspecify.annotations.Nullable;

/** Which command a message is about, for the record of its frame. */
final class Subjects {
    private Subjects() {}

    static @Nullable CommandId commandOf(AgentMessage message) {
        return switch (message) {
            case AgentMessage.CommandAck ack -> ack.commandId();
            case AgentMessage.CommandNack nack -> nack.commandId();
            case AgentMessage.CommandStarted started -> started.commandId();
            case AgentMessage.CommandOutput output -> output.commandId();
            case AgentMessage.CommandResult result -> result.commandId();
            case AgentMessage.Auth _,
                    AgentMessage.ConfigAck _,
                    AgentMessage.Heartbeat _,
                    AgentMessage.EchoReply _,
                    AgentMessage.CommandLedger _,
                    AgentMessage.ProtocolError _ -> null;
        };
    }
}
