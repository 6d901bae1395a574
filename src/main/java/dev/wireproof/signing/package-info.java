/**
 * The key that commands are signed with: where it lives, what it signs, and which keys agents are told. Off unless a setting asks for it.
 *
 * <p>May use: id, protocol. Used by: connection, command. Start reading at {@link dev.wireproof.signing.CommandSigning}.
 */
@NullMarked
package dev.wireproof.signing;

import org.jspecify.annotations.NullMarked;
