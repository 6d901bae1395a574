package dev.wireproof.command;

import dev.wireproof.connection.AgentLink;
import dev.wireproof.connection.OutboundText;
import dev.wireproof.connection.SendObserver;
import dev.wireproof.connection.SendOutcome;
import dev.wireproof.id.CommandId;
import dev.wireproof.protocol.ProtocolFault;
import dev.wireproof.protocol.ServerMessage;
import dev.wireproof.protocol.ServerMessageCodec;
import org.jspecify.annotations.Nullable;

/** Texts that are not offers. Nobody waits for them: each is repeated by its own rule when it is lost. */
final class Texts {
    private Texts() {}

    /** @return whether the connection's queue took it */
    static boolean send(AgentLink to, ServerMessage message, @Nullable CommandId about) {
        String json = ServerMessageCodec.encode(message);
        SendOutcome outcome =
                to.send(OutboundText.of(ServerMessageCodec.typeName(message), json, about, false), SendObserver.NONE);
        return outcome instanceof SendOutcome.Enqueued;
    }

    /** The same answer for a command that does not exist and for another agent's. */
    static void unexpected(Work.Report report) {
        refuse(report.from(), ProtocolFault.Code.UNEXPECTED, "no such command", report.type(), report.bytes());
    }

    static void notStorable(Work.Report report) {
        refuse(
                report.from(),
                ProtocolFault.Code.INVALID_FIELD,
                "it could not be stored",
                report.type(),
                report.bytes());
    }

    static void refuse(AgentLink to, ProtocolFault.Code code, String message, Class<?> type, int bytes) {
        send(
                to,
                new ServerMessage.ProtocolError(new ProtocolFault(code, message, type.getSimpleName(), bytes, null)),
                null);
    }
}
