package dev.wireproof.connection;

import dev.wireproof.id.CommandId;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * A text ready to be sent, always as one frame.
 *
 * @param type the message's wire name, for the frame's record
 * @param bytes length in UTF-8, which is the frame's payload length
 * @param sha256 lower-case hex of the UTF-8 bytes
 * @param commandId the command that it is about; null for texts that are about none
 * @param fenced whether a Ping of its own follows directly behind it
 */
public record OutboundText(
        String type,
        String json,
        int bytes,
        String sha256,
        @Nullable CommandId commandId,
        boolean fenced) {

    public static OutboundText of(String type, String json, @Nullable CommandId commandId, boolean fenced) {
        byte[] utf8 = json.getBytes(StandardCharsets.UTF_8);
        return new OutboundText(type, json, utf8.length, sha256(utf8), commandId, fenced);
    }

    private static String sha256(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
