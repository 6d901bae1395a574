/**
 * Who may do what: API tokens and their roles, enrollment tokens, agent keys, the audit log. Owns the tables api_token,
 * enrollment_token, agent_key and audit.
 *
 * <p>May use: id, background, identity. Used by: fleet, connection, command, ops, api.
 * Start reading at {@link dev.wireproof.access.ApiTokens}; {@link dev.wireproof.access.Secrets} says how secrets are kept.
 */
@NullMarked
package dev.wireproof.access;

import org.jspecify.annotations.NullMarked;
