/**
 * Loops that start and stop, and rows that are written together, each done once.
 *
 * <p>May use: nothing. Used by: telemetry, connection, command, ops.
 * Start reading at {@link dev.wireproof.background.RepeatingTask} and {@link dev.wireproof.background.Batcher}.
 */
@NullMarked
package dev.wireproof.background;

import org.jspecify.annotations.NullMarked;
