/**
 * The names of things that cross rooms and the wire.
 *
 * <p>May use: nothing. Used by: every room.
 * Start reading at {@link dev.wireproof.id.AgentId}.
 */
@NullMarked
package dev.wireproof.id;

import org.jspecify.annotations.NullMarked;
