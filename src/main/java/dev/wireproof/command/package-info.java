/**
 * What we asked agents to do, and how it ended: lifecycle, store, dispatcher, reaper, output. Owns the tables whose names begin with
 * {@code command}, {@code rollout}, {@code rollout_target}, and {@code agent_ledger} and {@code reaper_pause}.
 *
 * <p>May use: id, protocol, signing, access, fleet, telemetry, connection, background. Used by: ops, api.
 * The door is {@link dev.wireproof.command.Commands}; start reading at {@code CommandLifecycle}, the one place where a command's
 * state changes, and go on with {@code CommandEngine}, which stores those changes in batches.
 */
@NullMarked
package dev.wireproof.command;

import org.jspecify.annotations.NullMarked;
