package dev.wireproof.api;

import dev.wireproof.access.Caller;
import dev.wireproof.access.TokenCheck;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import jakarta.servlet.http.HttpServletResponse;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.security.oauth2.server.resource.web.BearerTokenResolver;
import org.springframework.stereotype.Component;
import org.springframework.web.filter.OncePerRequestFilter;
import org.springframework.web.filter.ServerHttpObservationFilter;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.ObjectReader;
import tools.jackson.databind.ObjectWriter;

/**
 * The short way for a plain {@code POST /api/v1/commands}: the filters of security and the machinery of controllers cost a busy server more
 * than all that it does with the command. The same parts decide here as there ({@link TokenCheck}, the route's own {@link RequiresRole},
 * {@link RequestRates}, {@link CommandCreation}, {@link RouteGuard}), and only about what is right in every respect: whatever is unusual,
 * unknown, not allowed or wrong goes on to the ordinary way, with its body, and gets its answer there. Only once the command was handed
 * over to be stored is every answer given here, since to ask again could store it twice.
 */
@Component
@Order(Ordered.HIGHEST_PRECEDENCE + 30) // behind DrainFilter and what observes requests, before security
class CommandDoor extends OncePerRequestFilter {
    private static final Logger log = LoggerFactory.getLogger(CommandDoor.class);
    private static final String PATH = "/api/v1/commands";
    private static final int PLAIN_BYTES = 64 * 1024;
    private static final Set<String> JSON_TYPES =
            Set.of("application/json", "application/json;charset=utf-8", "application/json; charset=utf-8");
    private static final Set<String> ANY_OR_JSON = Set.of("*/*", "application/json", "application/json, */*");

    private final TokenCheck tokens;
    private final BearerTokenResolver bearerTokens;
    private final RequestRates rates;
    private final SignInLog signIns;
    private final SignInLimit limit;
    private final CommandCreation creation;
    private final RouteGuard guard;
    private final RequiresRole declared = CommandController.createIsDeclared();
    private final ObjectReader reader = ApiJson.mapper().readerFor(CommandRequest.class);
    private final ObjectWriter writer = ApiJson.mapper().writerFor(CommandJson.class);

    CommandDoor(
            TokenCheck tokens,
            BearerTokenResolver bearerTokens,
            RequestRates rates,
            SignInLog signIns,
            SignInLimit limit,
            CommandCreation creation,
            RouteGuard guard) {
        this.tokens = tokens;
        this.bearerTokens = bearerTokens;
        this.rates = rates;
        this.signIns = signIns;
        this.limit = limit;
        this.creation = creation;
        this.guard = guard;
    }

    @Override
    protected boolean shouldNotFilter(HttpServletRequest request) {
        long length = request.getContentLengthLong();
        String accept = request.getHeader("Accept");
        String type = request.getContentType();
        return !request.getMethod().equals("POST")
                || !request.getRequestURI().equals(PATH)
                || request.getQueryString() != null
                || length <= 0
                || length > PLAIN_BYTES
                || type == null
                || !JSON_TYPES.contains(type.toLowerCase(Locale.ROOT))
                || (accept != null && !ANY_OR_JSON.contains(accept));
    }

    @Override
    protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws ServletException, IOException {
        Caller caller = allowed(request);
        if (caller == null || rates.take(caller) > 0) {
            chain.doFilter(request, response);
            return;
        }
        RateLimit.counted(request);
        signIns.note(caller, request.getRemoteAddr());
        byte[] body = request.getInputStream().readAllBytes(); // no longer than its announced length
        CommandCreation.Wanted wanted = wanted(request, caller, body);
        if (wanted == null) {
            chain.doFilter(new Unread(request, body), response);
            return;
        }
        ServerHttpObservationFilter.findObservationContext(request).ifPresent(seen -> seen.setPathPattern(PATH));
        SecurityHeaders.write(request, response);
        try {
            write(response, CommandCreation.answer(creation.submit(wanted).join()));
        } catch (RuntimeException failed) {
            ProblemAdvice.answer(failed, request, response);
        } finally {
            guard.passed(request, response, caller, declared);
        }
    }

    /** @return null for one about whom the ordinary way decides */
    private @Nullable Caller allowed(HttpServletRequest request) {
        try {
            String secret = bearerTokens.resolve(request);
            if (secret == null || limit.suspect(request, secret)) {
                return null;
            }
            Optional<Caller> caller = tokens.callerWith(secret);
            return caller.filter(known -> known.role().includes(declared.value()))
                    .orElse(null);
        } catch (RuntimeException away) {
            log.atDebug().addKeyValue("cause", away.toString()).log("api.token_not_checked");
            return null;
        }
    }

    /** @return null for what the ordinary way has to answer; nothing was stored of it */
    private CommandCreation.@Nullable Wanted wanted(HttpServletRequest request, Caller caller, byte[] body) {
        try {
            CommandRequest read = reader.readValue(body);
            BodyReader.noteHash(request, body);
            return read == null ? null : creation.wanted(request, caller, read);
        } catch (JacksonException | ProblemException wrong) {
            return null;
        } catch (RuntimeException away) {
            log.atDebug().addKeyValue("cause", away.toString()).log("api.agent_not_looked_up");
            return null;
        }
    }

    private void write(HttpServletResponse response, ResponseEntity<CommandJson> answer) throws IOException {
        byte[] json = writer.writeValueAsBytes(answer.getBody());
        response.setStatus(HttpStatus.ACCEPTED.value());
        answer.getHeaders().forEach((name, values) -> values.forEach(value -> response.addHeader(name, value)));
        response.setContentType("application/json");
        response.setContentLength(json.length);
        response.getOutputStream().write(json);
    }

    /** A request whose body was read, as if it had not been. */
    private static final class Unread extends HttpServletRequestWrapper {
        private final byte[] body;

        Unread(HttpServletRequest request, byte[] body) {
            super(request);
            this.body = body;
        }

        @Override
        public ServletInputStream getInputStream() {
            ByteArrayInputStream bytes = new ByteArrayInputStream(body);
            return new ServletInputStream() {
                @Override
                public int read() {
                    return bytes.read();
                }

                @Override
                public int read(byte[] into, int from, int length) {
                    return bytes.read(into, from, length);
                }

                @Override
                public boolean isFinished() {
                    return bytes.available() == 0;
                }

                @Override
                public boolean isReady() {
                    return true;
                }

                @Override
                public void setReadListener(ReadListener listener) {
                    throw new IllegalStateException("this body is there already");
                }
            };
        }
    }
}
