package dev.wireproof.access;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Base64;

/**
 * Makes secrets and their hashes. A secret carries 256 random bits behind a prefix that scanners for leaked credentials can
 * recognise. Only its SHA-256 is stored: a slow, salted hash protects what people choose and others can guess, and 256 random bits
 * cannot be guessed, while it would cost tens of milliseconds for each of ten thousand agents that reconnect at once. A bootstrap
 * secret is chosen by a person; its length and variety are checked where it is read.
 */
final class Secrets {
    static final String API_TOKEN = "wpt_";
    static final String ENROLLMENT_TOKEN = "wpe_";
    static final String AGENT_KEY = "wpk_";

    private static final int SECRET_BYTES = 32;
    private static final SecureRandom RANDOM = new SecureRandom();

    private Secrets() {}

    static String random(String prefix) {
        byte[] bytes = new byte[SECRET_BYTES];
        RANDOM.nextBytes(bytes);
        return prefix + Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    static byte[] hash(String secret) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(secret.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    /** Takes the same time wherever the two differ. */
    static boolean same(byte[] one, byte[] other) {
        return MessageDigest.isEqual(one, other);
    }
}
