package dev.wireproof.connection;

import dev.wireproof.protocol.AgentMessage;
import java.time.Instant;

/**
 * A message with the facts of its arrival.
 *
 * @param at the server's clock
 * @param receivedNs on the connection's time scale
 * @param bytes length of the text in UTF-8
 */
public record Received<M extends AgentMessage>(M message, Instant at, long receivedNs, int bytes) {}
