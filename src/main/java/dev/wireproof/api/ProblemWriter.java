package dev.wireproof.api;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import org.eclipse.jetty.ee11.servlet.ServletContextRequest;
import org.springframework.http.HttpStatus;
import tools.jackson.databind.json.JsonMapper;

/** Puts a problem on the wire, whatever the request accepts: an error that cannot be read helps nobody. */
final class ProblemWriter {
    static final String CONTENT_TYPE = "application/problem+json";

    /** What Jetty calls an address that it could not read. */
    private static final String UNREADABLE = "/badMessage";

    private static final JsonMapper JSON = ApiJson.mapper();

    private ProblemWriter() {}

    /** An answer that has begun already is cut with its connection: ended in good order, a part of it would look like all of it. */
    static void write(HttpServletRequest request, HttpServletResponse response, Problem problem) throws IOException {
        if (response.isCommitted()) {
            ServletContextRequest.getServletContextRequest(request)
                    .getConnectionMetaData()
                    .getConnection()
                    .close();
            return;
        }
        response.resetBuffer();
        response.setStatus(problem.status().value());
        problem.headers().forEach(response::setHeader);
        response.setContentType(CONTENT_TYPE);
        response.setHeader("X-Content-Type-Options", "nosniff");
        response.setHeader("Cache-Control", "no-store");
        byte[] body = body(problem, request.getRequestURI());
        response.setContentLength(body.length);
        response.getOutputStream().write(body);
        response.flushBuffer();
    }

    static byte[] body(Problem problem, String instance) {
        Map<String, Object> members = new LinkedHashMap<>();
        members.put("type", "urn:wireproof:problem:" + problem.code());
        members.put("title", title(problem.status()));
        members.put("status", problem.status().value());
        members.put("detail", problem.detail());
        members.put("instance", UNREADABLE.equals(instance) ? "/" : instance);
        members.put("code", problem.code());
        if (!problem.errors().isEmpty()) {
            members.put("errors", problem.errors());
        }
        members.putAll(problem.members());
        return JSON.writeValueAsString(members).getBytes(StandardCharsets.UTF_8);
    }

    private static String title(HttpStatus status) {
        return status.getReasonPhrase();
    }
}
