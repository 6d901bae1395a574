/**
 * Who an identity provider says that somebody is (OpenID Connect): its description, its keys, and the calls to it, which go nowhere else.
 *
 * <p>May use: nothing. Used by: access, api.
 * Start reading at {@link dev.wireproof.identity.IdentityProvider}; {@code OutboundAddresses} says where calls may go.
 */
@NullMarked
package dev.wireproof.identity;

import org.jspecify.annotations.NullMarked;
