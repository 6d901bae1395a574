/**
 * Loops that start and stop, written once.
 *
 * <p>May use: nothing. Used by: telemetry, connection, command, ops.
 * Start reading at {@link dev.wireproof.background.RepeatingTask}.
 */
@NullMarked
package dev.wireproof.background;

import org.jspecify.annotations.NullMarked;
