/**
 * What the operating system's TCP knows of a socket: how many bytes the other side's TCP has acknowledged, how many wait and why. On
 * Linux it is asked through {@code sock_diag}; anywhere else, and whenever the kernel does not answer, the answer is "unknown" with the
 * reason, never an exception and never a guess.
 *
 * <p>What TCP says is said of the next hop alone: behind a proxy it is the proxy's TCP that acknowledges.
 *
 * <p>May use: nothing. Used by: connection, telemetry, diagnosis, ops.
 * Start reading at {@link dev.wireproof.kernel.SocketDiag}.
 */
@NullMarked
package dev.wireproof.kernel;

import org.jspecify.annotations.NullMarked;
