/**
 * What was seen on each connection: every frame, every heartbeat, for as long as retention says. It keeps evidence and draws no
 * conclusion from it. Owns the tables frame, frame_summary and heartbeat.
 *
 * <p>May use: id, background, kernel. Used by: connection, command, ops, api.
 * Start reading at {@link dev.wireproof.telemetry.FrameTrace} (writing) and {@link dev.wireproof.telemetry.FrameLog} (reading).
 */
@NullMarked
package dev.wireproof.telemetry;

import org.jspecify.annotations.NullMarked;
