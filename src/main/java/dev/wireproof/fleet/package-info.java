/**
 * Which agents exist: sites, tags, configurations, enrolment. Owns the tables site, agent and config. {@code site} is a form and read
 * by JPA; {@code agent} and {@code config} are read at every Auth, by ten thousand agents at once, and carry their guards in SQL.
 *
 * <p>May use: id, protocol, access, background. Used by: connection, command, ops, api.
 * Start reading at {@link dev.wireproof.fleet.AgentAdmission}, then {@link dev.wireproof.fleet.Agents}.
 */
@NullMarked
package dev.wireproof.fleet;

import org.jspecify.annotations.NullMarked;
