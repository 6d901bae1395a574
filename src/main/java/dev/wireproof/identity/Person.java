package dev.wireproof.identity;

import java.time.Instant;

/**
 * Somebody whom the identity provider vouches for. The two together are who it is; an e-mail address or a name is not, since others may
 * get it later (OpenID Connect Core 1.0, 5.7).
 *
 * @param issuer the identity provider, exactly as configured
 * @param subject its claim {@code sub}
 * @param until when what it said ends
 */
public record Person(String issuer, String subject, Instant until) {}
