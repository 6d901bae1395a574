package dev.wireproof.access;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What ties the lines of the audit log together: the hash of a line is SHA-256 over the hash of the line before, the line's number and all
 * of its content. Each field is written with its length in front, so that no two different lines have the same bytes.
 */
final class AuditChain {
    /** What stands for "the line before" at the very first one. */
    private static final byte[] START = new byte[32];

    private static final byte VERSION = 1;
    private static final int ABSENT = -1;

    private AuditChain() {}

    /** The last link that is known: the next line goes behind it. */
    record Head(long seq, byte[] hash) {
        static final Head NONE = new Head(0, START);

        String hex() {
            return HexFormat.of().formatHex(hash);
        }

        Head then(AuditLog.Line line) {
            return new Head(seq + 1, AuditChain.hash(hash, seq + 1, line));
        }
    }

    static byte[] hash(byte[] before, long seq, AuditLog.Line line) {
        MessageDigest digest = sha256();
        digest.update(VERSION);
        digest.update(before);
        digest.update(ByteBuffer.allocate(Long.BYTES).putLong(seq).flip());
        uuid(digest, line.id());
        long micros = ChronoUnit.MICROS.between(Instant.EPOCH, line.at());
        digest.update(ByteBuffer.allocate(Long.BYTES).putLong(micros).flip());
        AuditEntry entry = line.entry();
        text(digest, entry.actor());
        uuid(digest, entry.actorId());
        text(digest, entry.action());
        text(digest, entry.target());
        uuid(digest, entry.site() == null ? null : entry.site().value());
        text(digest, entry.remoteAddress());
        text(digest, entry.result());
        Map<String, String> sorted = new TreeMap<>(entry.detail()); // jsonb keeps no order
        number(digest, sorted.size());
        sorted.forEach((key, value) -> {
            text(digest, key);
            text(digest, value);
        });
        return digest.digest();
    }

    private static void uuid(MessageDigest digest, @Nullable UUID id) {
        text(digest, id == null ? null : id.toString());
    }

    private static void text(MessageDigest digest, @Nullable String text) {
        if (text == null) {
            number(digest, ABSENT);
            return;
        }
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        number(digest, bytes.length);
        digest.update(bytes);
    }

    private static void number(MessageDigest digest, int number) {
        digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(number).flip());
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
