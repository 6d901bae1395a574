package dev.wireproof.api;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;

/**
 * An answer that says what went wrong, for people and programs (RFC 9457). Codes are stable; {@code docs/api.md} lists them.
 *
 * @param code kebab-case
 * @param errors the fields that cannot be used; empty when it is about none
 * @param headers sent with the answer, such as Retry-After
 * @param members of its own kind, beside those of every problem
 */
record Problem(
        HttpStatus status,
        String code,
        String detail,
        List<FieldError> errors,
        Map<String, String> headers,
        Map<String, Object> members) {
    Problem {
        errors = List.copyOf(errors);
        headers = Map.copyOf(headers);
        members = Collections.unmodifiableMap(new LinkedHashMap<>(members));
    }

    /** @param field the name as in the request, {@code a.b[2]} for what is inside */
    record FieldError(String field, String message) {}

    static Problem of(HttpStatus status, String code, String detail) {
        return new Problem(status, code, detail, List.of(), Map.of(), Map.of());
    }

    static Problem unauthenticated() {
        return of(
                        HttpStatus.UNAUTHORIZED,
                        "unauthenticated",
                        "A valid API token is required: Authorization: Bearer <token>.")
                .withHeader("WWW-Authenticate", "Bearer");
    }

    static Problem notFound() {
        return of(HttpStatus.NOT_FOUND, "not-found", "There is no such resource.");
    }

    static Problem invalid(List<FieldError> errors) {
        return new Problem(
                HttpStatus.BAD_REQUEST,
                "invalid-request",
                "Some fields of the request cannot be used.",
                errors,
                Map.of(),
                Map.of());
    }

    static Problem invalid(String field, String message) {
        return invalid(List.of(new FieldError(field, message)));
    }

    /** @param allowed such as {@code GET, POST}; empty when that is not known */
    static Problem wrongMethod(String method, String allowed) {
        Problem problem = of(
                HttpStatus.METHOD_NOT_ALLOWED,
                "method-not-allowed",
                "%s is no method of this resource.".formatted(method));
        return allowed.isEmpty() ? problem : problem.withHeader("Allow", allowed);
    }

    static Problem malformed(String detail) {
        return of(HttpStatus.BAD_REQUEST, "malformed-json", detail);
    }

    static Problem tooLarge(int allowedBytes) {
        return of(
                        HttpStatus.CONTENT_TOO_LARGE,
                        "too-large",
                        "The body is longer than the %d bytes that are allowed.".formatted(allowedBytes))
                .withHeader("Connection", "close");
    }

    static Problem unavailable(long retryAfterS) {
        return of(
                        HttpStatus.SERVICE_UNAVAILABLE,
                        "unavailable",
                        "The server cannot store or read this just now. Whether a write was stored is learnt with its"
                                + " idempotency key.")
                .withHeader("Retry-After", Long.toString(retryAfterS));
    }

    static Problem internal() {
        return of(
                HttpStatus.INTERNAL_SERVER_ERROR,
                "internal",
                "The server made a mistake. Its log has the cause, at the time of this answer.");
    }

    static Problem conflict(String code, String detail) {
        return of(HttpStatus.CONFLICT, code, detail);
    }

    Problem withHeader(String name, String value) {
        return new Problem(status, code, detail, errors, Map.of(name, value), members);
    }

    Problem withErrors(List<FieldError> fields) {
        return new Problem(status, code, detail, fields, headers, members);
    }

    /** @param more written behind the usual members; Instants and numbers as the API writes them */
    Problem withMembers(Map<String, Object> more) {
        return new Problem(status, code, detail, errors, headers, more);
    }

    ProblemException exception() {
        return new ProblemException(this, null);
    }

    ProblemException exception(@Nullable Throwable cause) {
        return new ProblemException(this, cause);
    }
}
