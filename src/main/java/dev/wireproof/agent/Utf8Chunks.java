package dev.wireproof.agent;

import dev.wireproof.protocol.AgentMessage.Encoding;
import dev.wireproof.protocol.ProtocolLimits;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Cuts a stream of bytes into chunks for the wire: UTF-8 where the bytes are, without splitting a character, else base64.
 * No chunk makes a message of 64 KiB or more, whatever its bytes need in JSON. Used by one thread.
 */
final class Utf8Chunks {
    /** Room for all other fields of a CommandOutput in 64 KiB, with much to spare. */
    private static final int MAX_ESCAPED = 60_000;

    private static final int LONGEST_TAIL = 3;

    private byte[] held = {};

    record Chunk(Encoding encoding, byte[] bytes) {}

    /** How many bytes may be given at once. */
    static int room() {
        return ProtocolLimits.OUTPUT_CHUNK_BYTES - LONGEST_TAIL;
    }

    /** @return the chunk that is complete with these bytes; it may be empty while a character is still coming */
    Chunk take(byte[] bytes, int length) {
        byte[] all = Arrays.copyOf(held, held.length + length);
        System.arraycopy(bytes, 0, all, held.length, length);
        int whole = validPrefix(all);
        if (whole < 0 || escapedLength(all, whole) > MAX_ESCAPED) {
            held = new byte[0];
            return new Chunk(Encoding.BASE64, all);
        }
        held = Arrays.copyOfRange(all, whole, all.length);
        return new Chunk(Encoding.UTF_8, Arrays.copyOf(all, whole));
    }

    /** What is left when the stream ends: half a character, or nothing. */
    Chunk rest() {
        Chunk rest = new Chunk(Encoding.BASE64, held);
        held = new byte[0];
        return rest;
    }

    /** The first bytes, and in UTF-8 no half character at the end. */
    static byte[] cut(byte[] bytes, Encoding encoding, int length) {
        int end = length;
        while (encoding == Encoding.UTF_8 && end > 0 && end < bytes.length && (bytes[end] & 0xC0) == 0x80) {
            end--;
        }
        return Arrays.copyOf(bytes, end);
    }

    /** @return how many bytes are whole characters when only the last one may be incomplete; -1 when it is no UTF-8 */
    private static int validPrefix(byte[] bytes) {
        CharsetDecoder decoder = StandardCharsets.UTF_8
                .newDecoder()
                .onMalformedInput(CodingErrorAction.REPORT)
                .onUnmappableCharacter(CodingErrorAction.REPORT);
        ByteBuffer in = ByteBuffer.wrap(bytes);
        CoderResult result = decoder.decode(in, CharBuffer.allocate(bytes.length + 1), false);
        return result.isError() ? -1 : in.position();
    }

    /** Upper bound of the characters that JSON needs. */
    private static int escapedLength(byte[] bytes, int length) {
        int escaped = 0;
        for (int i = 0; i < length; i++) {
            byte b = bytes[i];
            escaped += b >= 0 && b < ' ' ? 6 : b == '"' || b == '\\' ? 2 : 1;
        }
        return escaped;
    }
}
