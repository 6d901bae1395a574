package dev.wireproof.simulator;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Reads one HTTP/1.1 response (RFC 9112) from the front of a buffer: with Content-Length, in chunks, or without a body. */
final class ApiResponseReader {
    private static final int HEAD_LIMIT = 64 * 1024;

    /** @param used bytes of the buffer that it took */
    record Read(ApiResponse response, int used) {}

    private ApiResponseReader() {}

    /**
     * @return null when it is not complete yet
     * @throws IllegalStateException for what is no HTTP/1.1 response
     */
    static @Nullable Read read(byte[] buffer, int from, int to) {
        int end = headEnd(buffer, from, to);
        if (end < 0) {
            if (to - from > HEAD_LIMIT) {
                throw new IllegalStateException("a response whose head does not end");
            }
            return null;
        }
        String head = new String(buffer, from, end - from, StandardCharsets.ISO_8859_1);
        if (!head.startsWith("HTTP/1.1 ") || head.length() < 12) {
            throw new IllegalStateException("not an HTTP/1.1 response");
        }
        int status = Integer.parseInt(head.substring(9, 12));
        ApiResponse bare = new ApiResponse(status, head, new byte[0]);
        int bodyAt = end + 4;
        String encoding = bare.header("transfer-encoding");
        if (encoding != null && encoding.equalsIgnoreCase("chunked")) {
            return chunked(status, head, buffer, from, bodyAt, to);
        }
        String length = bare.header("content-length");
        int size = length == null ? 0 : Integer.parseInt(length);
        if (to - bodyAt < size) {
            return null;
        }
        byte[] body = new byte[size];
        System.arraycopy(buffer, bodyAt, body, 0, size);
        return new Read(new ApiResponse(status, head, body), bodyAt + size - from);
    }

    private static @Nullable Read chunked(int status, String head, byte[] buffer, int from, int bodyAt, int to) {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        int at = bodyAt;
        while (true) {
            int line = lineEnd(buffer, at, to);
            if (line < 0) {
                return null;
            }
            String hex = new String(buffer, at, line - at, StandardCharsets.ISO_8859_1);
            int semicolon = hex.indexOf(';');
            int size = Integer.parseInt((semicolon < 0 ? hex : hex.substring(0, semicolon)).strip(), 16);
            at = line + 2;
            if (to - at < size + 2) {
                return null;
            }
            body.write(buffer, at, size);
            at += size + 2;
            if (size == 0) {
                return new Read(new ApiResponse(status, head, body.toByteArray()), at - from);
            }
        }
    }

    private static int headEnd(byte[] buffer, int from, int to) {
        for (int i = from; i + 3 < to; i++) {
            if (buffer[i] == '\r' && buffer[i + 1] == '\n' && buffer[i + 2] == '\r' && buffer[i + 3] == '\n') {
                return i;
            }
        }
        return -1;
    }

    private static int lineEnd(byte[] buffer, int from, int to) {
        for (int i = from; i + 1 < to; i++) {
            if (buffer[i] == '\r' && buffer[i + 1] == '\n') {
                return i;
            }
        }
        return -1;
    }
}
