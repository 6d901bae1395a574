package dev.wireproof.api;

import jakarta.servlet.DispatcherType;
import jakarta.servlet.RequestDispatcher;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Locale;
import org.springframework.boot.webmvc.error.ErrorController;
import org.springframework.http.HttpStatus;
import org.springframework.stereotype.Controller;
import org.springframework.web.bind.annotation.RequestMapping;

/** Where the servlet container sends what nobody else answered. */
@Controller
class ErrorPage implements ErrorController {

    @Anyone
    @RequestMapping("/error")
    void error(HttpServletRequest request, HttpServletResponse response) throws IOException {
        if (request.getDispatcherType() != DispatcherType.ERROR) {
            ProblemWriter.write(request, response, Problem.notFound());
            return;
        }
        SecurityHeaders.write(request, response); // what the container refuses does not pass the security filters
        int code = request.getAttribute(RequestDispatcher.ERROR_STATUS_CODE) instanceof Integer given ? given : 500;
        HttpStatus status = HttpStatus.resolve(code);
        ProblemWriter.write(request, response, problem(status == null ? HttpStatus.INTERNAL_SERVER_ERROR : status));
    }

    static Problem problem(HttpStatus status) {
        return switch (status) {
            case NOT_FOUND -> Problem.notFound();
            case INTERNAL_SERVER_ERROR -> Problem.internal();
            case SERVICE_UNAVAILABLE -> Problem.unavailable(2);
            default ->
                Problem.of(
                        status,
                        status.getReasonPhrase().toLowerCase(Locale.ROOT).replaceAll("[^a-z]+", "-"),
                        detail(status));
        };
    }

    private static String detail(HttpStatus status) {
        return switch (status) {
            case BAD_REQUEST ->
                "The request cannot be read: its first line, a header, what it says of the length of its body, or an escape in its"
                        + " address (UTF-8, each byte as %XX) is not as HTTP/1.1 has it.";
            case URI_TOO_LONG -> "The address of the request is longer than this server reads: ask for less at once.";
            case REQUEST_HEADER_FIELDS_TOO_LARGE ->
                "The headers of the request are longer than this server reads, all of them together.";
            case EXPECTATION_FAILED -> "No expectation but 100-continue is met here.";
            case UPGRADE_REQUIRED, HTTP_VERSION_NOT_SUPPORTED -> "This server speaks HTTP/1.1.";
            default -> status.is4xxClientError() ? "The request cannot be used." : "The request failed.";
        };
    }
}
