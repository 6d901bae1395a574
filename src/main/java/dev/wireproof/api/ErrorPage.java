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
                        status.is4xxClientError() ? "The request cannot be used." : "The request failed.");
        };
    }
}
