package dev.wireproof.api;

import dev.wireproof.background.SqlFaults;
import dev.wireproof.command.StoreUnavailableException;
import dev.wireproof.command.TooManyWaitingException;
import dev.wireproof.identity.IdentityProviderAwayException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.stream.Collectors;
import org.eclipse.jetty.http.HttpException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DataAccessResourceFailureException;
import org.springframework.dao.TransientDataAccessException;
import org.springframework.http.HttpMethod;
import org.springframework.http.HttpStatus;
import org.springframework.http.converter.HttpMessageNotReadableException;
import org.springframework.jdbc.CannotGetJdbcConnectionException;
import org.springframework.transaction.CannotCreateTransactionException;
import org.springframework.web.HttpMediaTypeNotAcceptableException;
import org.springframework.web.HttpMediaTypeNotSupportedException;
import org.springframework.web.HttpRequestMethodNotSupportedException;
import org.springframework.web.bind.MissingServletRequestParameterException;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.RestControllerAdvice;
import org.springframework.web.context.request.async.AsyncRequestNotUsableException;
import org.springframework.web.context.request.async.AsyncRequestTimeoutException;
import org.springframework.web.servlet.NoHandlerFoundException;
import org.springframework.web.servlet.resource.NoResourceFoundException;
import org.springframework.web.util.DisconnectedClientHelper;
import tools.jackson.core.JacksonException;

/** Every exception that leaves a handler becomes a problem; none tells of classes, SQL or stacks. */
@RestControllerAdvice
class ProblemAdvice {
    private static final Logger log = LoggerFactory.getLogger(ProblemAdvice.class);

    @ExceptionHandler
    void any(Throwable thrown, HttpServletRequest request, HttpServletResponse response) throws IOException {
        answer(thrown, request, response);
    }

    static void answer(Throwable thrown, HttpServletRequest request, HttpServletResponse response) throws IOException {
        if (clientIsGone(thrown)) {
            return;
        }
        ProblemWriter.write(request, response, of(thrown));
    }

    /** A connection to the database that is reset reads just like a client's, and its request must get an answer. */
    private static boolean clientIsGone(Throwable thrown) {
        return thrown instanceof AsyncRequestNotUsableException
                || (DisconnectedClientHelper.isClientDisconnectedException(thrown) && !SqlFaults.carriesSql(thrown));
    }

    static Problem of(Throwable thrown) {
        return switch (thrown) {
            case ProblemException known -> known.problem();
            case CompletionException wrapped when wrapped.getCause() != null -> of(wrapped.getCause());
            case HttpMessageNotReadableException unreadable -> unreadable(unreadable);
            case NoResourceFoundException unused -> Problem.notFound();
            case NoHandlerFoundException unused -> Problem.notFound();
            case HttpRequestMethodNotSupportedException method -> wrongMethod(method);
            case HttpMediaTypeNotSupportedException unused ->
                Problem.of(
                        HttpStatus.UNSUPPORTED_MEDIA_TYPE,
                        "unsupported-media-type",
                        "The body must be application/json in UTF-8.");
            case HttpMediaTypeNotAcceptableException unused ->
                Problem.of(
                        HttpStatus.NOT_ACCEPTABLE,
                        "not-acceptable",
                        "None of the types that the request accepts can be made from this resource.");
            case HttpException unreadable
            when HttpStatus.resolve(unreadable.getCode()) instanceof HttpStatus status && status.is4xxClientError() ->
                ErrorPage.problem(status);
            case MissingServletRequestParameterException missing ->
                Problem.invalid(missing.getParameterName(), "is required");
            case TooManyWaitingException full -> tooManyWaiting(full);
            case IdentityProviderAwayException away -> providerAway(away);
            case AsyncRequestTimeoutException unused -> Problem.unavailable(1);
            case Exception store
            when unavailable(store) -> {
                log.atWarn().addKeyValue("cause", store.toString()).log("api.store_unavailable");
                yield Problem.unavailable(StoreUnavailableException.RETRY_AFTER.toSeconds());
            }
            default -> {
                log.atError().setCause(thrown).log("api.failed");
                yield Problem.internal();
            }
        };
    }

    private static Problem providerAway(IdentityProviderAwayException away) {
        log.atWarn().addKeyValue("cause", away.getMessage()).log("api.identity_provider_away");
        return Problem.of(
                        HttpStatus.SERVICE_UNAVAILABLE,
                        "identity-provider-away",
                        "The identity provider cannot be asked just now, so nobody can be let in by its word. API tokens work.")
                .withHeader("Retry-After", "5");
    }

    private static Problem tooManyWaiting(TooManyWaitingException full) {
        return Problem.of(
                        HttpStatus.TOO_MANY_REQUESTS,
                        "agent-queue-full",
                        "%d commands wait for this agent already, and no more may.".formatted(full.allowed()))
                .withHeader("Retry-After", Long.toString(TooManyWaitingException.RETRY_AFTER.toSeconds()));
    }

    /** A store that does not answer, or breaks off: whatever stands between it and here wraps that in its own way. */
    private static boolean unavailable(Exception thrown) {
        return thrown instanceof StoreUnavailableException
                || thrown instanceof CannotGetJdbcConnectionException
                || thrown instanceof CannotCreateTransactionException
                || thrown instanceof TransientDataAccessException
                || thrown instanceof DataAccessResourceFailureException
                || !SqlFaults.isOfTheRows(thrown)
                || (thrown.getCause() instanceof Exception cause && cause != thrown && unavailable(cause));
    }

    private static Problem unreadable(HttpMessageNotReadableException unreadable) {
        for (Throwable cause = unreadable.getCause(); cause != null; cause = cause.getCause()) {
            if (cause instanceof ProblemException known) {
                return known.problem();
            }
            if (cause instanceof JacksonException json) {
                return JsonProblems.of(json);
            }
        }
        return Problem.malformed("A JSON body is required, and it must be UTF-8.");
    }

    private static Problem wrongMethod(HttpRequestMethodNotSupportedException method) {
        Set<HttpMethod> supported = method.getSupportedHttpMethods();
        return Problem.wrongMethod(
                method.getMethod(),
                supported == null
                        ? ""
                        : supported.stream().map(HttpMethod::name).sorted().collect(Collectors.joining(", ")));
    }
}
