package dev.wireproof.connection;

import dev.wireproof.protocol.AgentMessage;

/**
 * A room's wish to be told of one type of message. Every bean of this type is found at start; several may ask for the same type.
 *
 * <p>Calls for one connection come in arrival order, never two at once, on the connection's reading thread: a handler
 * hands work on and returns; it neither blocks nor does IO.
 */
public interface AgentMessageHandler<M extends AgentMessage> {

    Class<M> messageType();

    void handle(AgentLink from, Received<M> received);
}
