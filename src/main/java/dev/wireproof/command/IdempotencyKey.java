package dev.wireproof.command;

/**
 * A caller's own name for one POST. It is stored in the transaction that creates the command, so that a caller whose answer was lost
 * learns the outcome with it. Known for 24 hours.
 *
 * @param caller who uses the key; the same key of two callers is two keys
 * @param key at most 255 characters
 * @param requestSha256 of the request's body: the same key with another body is a mistake
 */
public record IdempotencyKey(String caller, String key, String requestSha256) {}
