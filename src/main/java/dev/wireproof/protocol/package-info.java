/**
 * What is said on the wire: messages, their JSON, close codes and limits, for both ends.
 *
 * <p>May use: id. Used by: connection, command, agent, simulator.
 * Start reading at {@link dev.wireproof.protocol.AgentMessage}.
 */
@NullMarked
package dev.wireproof.protocol;

import org.jspecify.annotations.NullMarked;
