package dev.wireproof.api;

import jakarta.servlet.http.HttpServletRequest;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Type;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import org.springframework.core.MethodParameter;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpInputMessage;
import org.springframework.http.converter.HttpMessageConverter;
import org.springframework.web.bind.annotation.ControllerAdvice;
import org.springframework.web.context.request.RequestContextHolder;
import org.springframework.web.context.request.ServletRequestAttributes;
import org.springframework.web.servlet.mvc.method.annotation.RequestBodyAdviceAdapter;

/**
 * Reads a body whole, and never more than is allowed, before it is parsed. Where an idempotency key came with it, remembers its hash:
 * the same key with another body is a mistake of the caller.
 */
@ControllerAdvice(basePackageClasses = BodyReader.class)
class BodyReader extends RequestBodyAdviceAdapter {
    private static final String HASH = BodyReader.class.getName() + ".hash";
    private static final byte[] EMPTY = sha256(new byte[0]);

    /** So much of a body that is too long is read all the same: who is still sending when we close never sees why. */
    private static final int HEARD_OUT_BYTES = 16 * 1024 * 1024;

    @Override
    public boolean supports(
            MethodParameter parameter, Type type, Class<? extends HttpMessageConverter<?>> converterType) {
        return true;
    }

    @Override
    public HttpInputMessage beforeBodyRead(
            HttpInputMessage message,
            MethodParameter parameter,
            Type type,
            Class<? extends HttpMessageConverter<?>> converterType)
            throws IOException {
        InputStream from = message.getBody();
        byte[] body = from.readNBytes(ApiJson.BODY_BYTES + 1);
        if (body.length > ApiJson.BODY_BYTES) {
            hearOut(from);
            throw Problem.tooLarge(ApiJson.BODY_BYTES).exception();
        }
        HttpHeaders headers = message.getHeaders();
        if (RequestContextHolder.getRequestAttributes() instanceof ServletRequestAttributes request) {
            noteHash(request.getRequest(), body);
        }
        return new HttpInputMessage() {
            @Override
            public InputStream getBody() {
                return new ByteArrayInputStream(body);
            }

            @Override
            public HttpHeaders getHeaders() {
                return headers;
            }
        };
    }

    private static void hearOut(InputStream from) throws IOException {
        byte[] unused = new byte[64 * 1024];
        int left = HEARD_OUT_BYTES;
        for (int n = from.read(unused); n >= 0 && left > 0; n = from.read(unused)) {
            left -= n;
        }
    }

    /** For a body that was read already: only what came with a key is hashed. */
    static void noteHash(HttpServletRequest request, byte[] body) {
        if (request.getHeader(IdempotencyHeader.NAME) != null) {
            request.setAttribute(HASH, sha256(body));
        }
    }

    /** SHA-256 of the body as it came; of nothing when there was none. */
    static byte[] bodyHash(HttpServletRequest request) {
        return request.getAttribute(HASH) instanceof byte[] hash ? hash.clone() : EMPTY.clone();
    }

    static byte[] sha256(byte[] body) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(body);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
