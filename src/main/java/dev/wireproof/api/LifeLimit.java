package dev.wireproof.api;

import dev.wireproof.access.ApiTokens;
import dev.wireproof.access.Caller;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** Nobody makes a token that outlives their own: what was lent for a day would be theirs for ever. */
final class LifeLimit {
    private LifeLimit() {}

    /**
     * @param expires of the token to be made; null: never
     * @throws ProblemException naming the field, when the caller's own token ends earlier
     */
    static void require(ApiTokens tokens, Caller caller, @Nullable Instant expires) {
        Instant own = tokens.find(caller.tokenId())
                .orElseThrow(() -> Problem.notFound().exception())
                .expiresAt();
        if (own != null && (expires == null || expires.isAfter(own))) {
            throw Problem.invalid(
                            "expires_at", "must not be after %s, when the caller's own token expires".formatted(own))
                    .exception();
        }
    }
}
