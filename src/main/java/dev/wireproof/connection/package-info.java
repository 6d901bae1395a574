/**
 * Who is on the line: handshake, registry, epochs, writer, ping, echo, eviction. It never learns what a command is.
 *
 * <p>May use: id, protocol, signing, access, fleet, telemetry, background, kernel. Used by: command, diagnosis, ops, api.
 * Start reading at {@link dev.wireproof.connection.AgentLink}.
 */
@NullMarked
package dev.wireproof.connection;

import org.jspecify.annotations.NullMarked;
