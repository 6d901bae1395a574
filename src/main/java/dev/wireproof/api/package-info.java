/**
 * HTTP in, HTTP out: the REST API under {@code /api/v1}, its security, its errors, its description. No rule about agents or commands
 * lives here. Owns the table idempotent_answer.
 *
 * <p>May use: id, background, protocol, identity, access, fleet, telemetry, connection, command, ops. Used by: nobody.
 */
@NullMarked
package dev.wireproof.api;

import org.jspecify.annotations.NullMarked;
