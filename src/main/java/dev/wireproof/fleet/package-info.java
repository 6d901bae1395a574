/**
 * Which agents exist: sites, tags, configurations, enrolment. Owns the tables site, agent and config.
 *
 * <p>May use: id, protocol, access. Used by: connection, command, diagnosis, api.
 * Start reading at {@link dev.wireproof.fleet.AgentAdmission}.
 */
@NullMarked
package dev.wireproof.fleet;

import org.jspecify.annotations.NullMarked;
