package dev.wireproof.api;

import dev.wireproof.command.CommandSignal;
import dev.wireproof.command.CommandWatch;
import dev.wireproof.command.StoreUnavailableException;
import dev.wireproof.identity.IdentityProviderAwayException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DataAccessException;
import org.springframework.http.MediaType;
import org.springframework.web.servlet.mvc.method.annotation.SseEmitter;

/**
 * One client that follows one command, on a virtual thread of its own. It ends with the command, when the client goes (seen at the next
 * write; a comment each 10 s makes one), or when the store fails: the client comes back with Last-Event-ID and misses nothing.
 */
final class EventStream {
    /** Looks without news before a comment goes out. */
    private static final int QUIET_LOOKS = 5;

    private static final long NO_TIMEOUT = 0L;

    private static final Logger log = LoggerFactory.getLogger(EventStream.class);

    private final CommandWatch watch;
    private final boolean secret;
    private final BooleanSupplier allowed;
    private final Runnable ended;
    private final SseEmitter emitter = new SseEmitter(NO_TIMEOUT);

    private EventStream(CommandWatch watch, boolean secret, BooleanSupplier allowed, Runnable ended) {
        this.watch = watch;
        this.secret = secret;
        this.allowed = allowed;
        this.ended = ended;
    }

    /**
     * @param secret its output is shown by the call for it alone
     * @param allowed asked before each event and each comment, and every two seconds: a token that is revoked meanwhile sees no more. May
     *     block
     * @param ended called once, when it is over
     */
    static SseEmitter start(CommandWatch watch, boolean secret, BooleanSupplier allowed, Runnable ended) {
        EventStream stream = new EventStream(watch, secret, allowed, ended);
        Thread thread = Thread.ofVirtual().name("command-events").unstarted(stream::run);
        stream.emitter.onCompletion(thread::interrupt);
        thread.start();
        return stream.emitter;
    }

    record StateJson(
            String state,
            String certainty,
            String cause,
            Instant at,
            @Nullable UUID connectionId) {}

    /** @param encoding utf-8 or base64 */
    record OutputJson(String stream, long offset, String encoding, String data) {}

    private void run() {
        int quiet = 0;
        try (watch) {
            while (!watch.ended()) {
                List<CommandSignal> news = watch.next(StillAllowed.LOOK);
                if (!allowed.getAsBoolean()) {
                    break;
                }
                quiet = news.isEmpty() ? quiet + 1 : 0;
                if (quiet == QUIET_LOOKS) {
                    quiet = 0;
                    emitter.send(SseEmitter.event().comment("still here"));
                }
                for (CommandSignal signal : news) {
                    send(signal);
                }
            }
            emitter.complete();
        } catch (InterruptedException gone) {
            Thread.currentThread().interrupt();
        } catch (IOException | IllegalStateException gone) {
            emitter.complete();
        } catch (StoreUnavailableException | DataAccessException | IdentityProviderAwayException e) {
            emitter.complete(); // the status was sent long ago; an early end makes the client come back
        } catch (RuntimeException e) {
            log.atError().setCause(e).log("api.events_failed");
            emitter.complete(); // or the client would wait for ever
        } finally {
            ended.run();
        }
    }

    private void send(CommandSignal signal) throws IOException {
        switch (signal) {
            case CommandSignal.StateChanged changed ->
                send(
                        changed,
                        "state",
                        new StateJson(
                                changed.state().wireName(),
                                changed.certainty().wireName(),
                                changed.cause(),
                                changed.at(),
                                changed.connectionId() == null
                                        ? null
                                        : changed.connectionId().value()));
            case CommandSignal.AttemptChanged(String unused, var attempt) ->
                send(signal, "attempt", CommandJson.AttemptJson.of(attempt));
            case CommandSignal.OutputArrived output -> {
                if (!secret) {
                    send(output, "output", json(output));
                }
            }
            case CommandSignal.Ended(String unused, var command) -> send(signal, "end", CommandJson.of(command));
        }
    }

    private static OutputJson json(CommandSignal.OutputArrived output) {
        boolean text = isUtf8(output.bytes());
        return new OutputJson(
                output.stream().name().toLowerCase(Locale.ROOT),
                output.offset(),
                text ? "utf-8" : "base64",
                text
                        ? new String(output.bytes(), StandardCharsets.UTF_8)
                        : Base64.getEncoder().encodeToString(output.bytes()));
    }

    /** Exactly, so that nothing is lost: a part that ends inside a character goes as base64. */
    private static boolean isUtf8(byte[] bytes) {
        return Arrays.equals(new String(bytes, StandardCharsets.UTF_8).getBytes(StandardCharsets.UTF_8), bytes);
    }

    private void send(CommandSignal signal, String name, Object data) throws IOException {
        emitter.send(SseEmitter.event().id(signal.eventId()).name(name).data(data, MediaType.APPLICATION_JSON));
    }
}
