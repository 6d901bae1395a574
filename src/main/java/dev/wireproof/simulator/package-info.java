/**
 * Many agents in one process, healthy ones and ones with faults, and the measuring of a server by them. Own WebSocket and
 * HTTP clients on a selector: a fault such as "stops reading the socket" or "never pongs" needs the hand on every frame, and
 * ten thousand agents beside the server they measure must cost next to nothing.
 *
 * <p>May use: id, protocol, agent. Used by: nobody; started as {@code java -jar wireproof-server.jar simulate}.
 * Start reading at {@link dev.wireproof.simulator.SimulateCommand}, then {@code SimulatedAgent} and {@code Behaviour}.
 */
@NullMarked
package dev.wireproof.simulator;

import org.jspecify.annotations.NullMarked;
