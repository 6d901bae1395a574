/**
 * What an operator sees of the running server, and how it ends: health with reasons, metrics, refusing new work while it drains. Owns no
 * table; reads the others' for gauges. Nothing here is on the way of a command: without this room delivery goes on.
 *
 * <p>May use: id, background, database, protocol, access, fleet, telemetry, connection, command. Used by: api.
 * Start reading at {@link dev.wireproof.ops.OpsConfiguration}; what each figure means is in {@code docs/metrics.md}.
 */
@NullMarked
package dev.wireproof.ops;

import org.jspecify.annotations.NullMarked;
