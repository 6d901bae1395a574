package dev.wireproof.api;

import dev.wireproof.access.Caller;
import dev.wireproof.access.Role;
import dev.wireproof.command.CommandView;
import dev.wireproof.command.CommandWatch;
import dev.wireproof.command.Commands;
import dev.wireproof.command.OutputSlice;
import dev.wireproof.command.TimelineEntry;
import dev.wireproof.diagnosis.Diagnoses;
import dev.wireproof.id.CommandId;
import dev.wireproof.id.ConnectionId;
import dev.wireproof.protocol.AgentMessage.Stream;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.servlet.mvc.method.annotation.SseEmitter;

/** What a command wrote, and everything that happened on its way. */
@RestController
@RequestMapping("/api/v1/commands/{id}")
class CommandEvidenceController {
    private static final Set<String> STREAMS = Set.of("stdout", "stderr");

    private final Commands commands;
    private final Diagnoses diagnoses;
    private final VisibleCommands visible;
    private final StillAllowed rights;
    private final StreamPlaces places;

    CommandEvidenceController(
            Commands commands, Diagnoses diagnoses, VisibleCommands visible, StillAllowed rights, StreamPlaces places) {
        this.commands = commands;
        this.diagnoses = diagnoses;
        this.visible = visible;
        this.rights = rights;
        this.places = places;
    }

    record TimelineJson(
            String kind,
            Instant at,
            @Nullable UUID connectionId,
            @Nullable Long atNs,
            String text,
            Map<String, Object> facts) {
        static TimelineJson of(TimelineEntry entry) {
            ConnectionId connection = entry.connectionId();
            return new TimelineJson(
                    entry.kind(),
                    entry.at(),
                    connection == null ? null : connection.value(),
                    entry.atNs(),
                    entry.text(),
                    entry.facts());
        }
    }

    @RequiresRole(Role.VIEWER)
    @GetMapping("/timeline")
    PageJson<TimelineJson> timeline(HttpServletRequest request, Caller caller, @PathVariable String id) {
        CommandView command = visible.command(request, caller, id);
        return new PageJson<>(
                diagnoses
                        .timeline(command.id())
                        .orElseThrow(() -> Problem.notFound().exception())
                        .stream()
                        .map(TimelineJson::of)
                        .toList(),
                null);
    }

    /**
     * The bytes so far, from {@code offset} on, as long as the caller may read them. What a process writes is never a page: it comes as an
     * attachment, with a type that no browser runs.
     */
    @RequiresRole(Role.VIEWER)
    @GetMapping("/output")
    void output(
            HttpServletRequest request,
            HttpServletResponse response,
            Caller caller,
            @PathVariable String id,
            @RequestParam(required = false) @Nullable String stream,
            @RequestParam(required = false) @Nullable String offset)
            throws IOException {
        Checks checks = new Checks();
        String name = checks.oneOf("stream", stream, STREAMS, "stdout");
        long from = checks.range("offset", checks.number("offset", offset), 0, Long.MAX_VALUE, 0);
        checks.done();
        CommandView command = visible.command(request, caller, id);
        BooleanSupplier allowed = rights.asked(now -> now.sees(command.siteId()));
        Stream which = Stream.valueOf(name.toUpperCase(Locale.ROOT));
        OutputSlice slice = slice(command.id(), which, from);
        byte[] bytes = slice.withGapsMarked();
        response.setContentType(isText(bytes) ? "text/plain;charset=utf-8" : "application/octet-stream");
        response.setHeader("X-Output-Complete", Boolean.toString(slice.complete()));
        response.setHeader("Content-Disposition", "attachment; filename=\"" + command.id() + "." + name + "\"");
        while (true) {
            response.getOutputStream().write(bytes);
            long next = slice.nextOffset();
            if (next <= from) {
                return;
            }
            if (!allowed.getAsBoolean()) {
                throw Problem.unauthenticated().exception();
            }
            from = next;
            slice = slice(command.id(), which, from);
            bytes = slice.withGapsMarked();
        }
    }

    private OutputSlice slice(CommandId command, Stream stream, long offset) {
        return commands.output(command, stream, offset)
                .orElseThrow(() -> Problem.notFound().exception());
    }

    /** Whether it is UTF-8, but for a character that the end may have cut. */
    static boolean isText(byte[] bytes) {
        for (int cut = 0; cut <= 3 && cut <= bytes.length; cut++) {
            try {
                StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes, 0, bytes.length - cut));
                return true;
            } catch (CharacterCodingException e) {
                // one byte less, perhaps
            }
        }
        return false;
    }

    @RequiresRole(Role.VIEWER)
    @GetMapping(path = "/events", produces = MediaType.TEXT_EVENT_STREAM_VALUE)
    SseEmitter events(
            HttpServletRequest request,
            Caller caller,
            @PathVariable String id,
            @RequestHeader(name = "Last-Event-ID", required = false) @Nullable String lastEventId) {
        CommandView command = visible.command(request, caller, id);
        String address = request.getRemoteAddr();
        places.take(address);
        Optional<CommandWatch> watch = Optional.empty();
        try {
            watch = commands.watch(command.id(), lastEventId);
        } finally {
            if (watch.isEmpty()) {
                places.leave(address);
            }
        }
        if (watch.isEmpty()) {
            throw Problem.unavailable(5).exception(); // it is there, so too many watch already
        }
        return EventStream.start(
                watch.get(),
                command.secret(),
                rights.asked(now -> now.sees(command.siteId())),
                () -> places.leave(address));
    }
}
