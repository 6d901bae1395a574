package dev.wireproof.api;

import dev.wireproof.access.Caller;
import dev.wireproof.command.CommandView;
import dev.wireproof.command.Commands;
import dev.wireproof.command.IdempotencyKey;
import dev.wireproof.command.NewCommand;
import dev.wireproof.command.Submission;
import dev.wireproof.fleet.Agents;
import jakarta.servlet.http.HttpServletRequest;
import java.net.URI;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.stereotype.Component;

/** What a POST of a command does, whichever way it came in. */
@Component
class CommandCreation {
    private final Commands commands;
    private final Agents agents;

    CommandCreation(Commands commands, Agents agents) {
        this.commands = commands;
        this.agents = agents;
    }

    /** What a request comes to. */
    sealed interface Wanted {
        /** It may be stored as it is. */
        record New(NewCommand command, @Nullable IdempotencyKey key) implements Wanted {}

        /** Its key was used before, and what it asks for could not be made again. */
        record Known(Submission submission) implements Wanted {}
    }

    /**
     * Nothing is stored yet. Blocks on the database when it does not know the agent's place by heart.
     *
     * @throws ProblemException for a field that is out of range, and for an agent that is not there or not the caller's
     */
    Wanted wanted(HttpServletRequest request, Caller caller, CommandRequest body) {
        CommandRequest.Checked checked = body.checked();
        Optional<Agents.Place> place = agents.placeOf(checked.agent());
        IdempotencyKey key = key(request, caller);
        if (place.isEmpty() || !caller.sees(place.get().site())) {
            return known(caller, key).orElseThrow(noSuchAgent()::exception);
        }
        RouteGuard.about(request, place.get().site());
        RouteGuard.detail(request, checked.forAudit());
        return new Wanted.New(checked.forAgentAt(place.get(), caller), key);
    }

    /** An agent may be deleted between a request and its repetition: the answer is still that of the first. */
    private Optional<Wanted> known(Caller caller, @Nullable IdempotencyKey key) {
        return key == null
                ? Optional.empty()
                : commands.madeWith(key)
                        .filter(made -> !(made instanceof Submission.Replayed(CommandView command))
                                || caller.sees(command.siteId()))
                        .map(Wanted.Known::new);
    }

    CompletableFuture<Submission> submit(Wanted wanted) {
        return switch (wanted) {
            case Wanted.New(NewCommand command, IdempotencyKey key) -> commands.submit(command, key);
            case Wanted.Known(Submission submission) -> CompletableFuture.completedFuture(submission);
        };
    }

    /** @throws ProblemException for what was not stored */
    static ResponseEntity<CommandJson> answer(Submission submission) {
        return switch (submission) {
            case Submission.Created(CommandView command) -> accepted(command).body(CommandJson.of(command));
            case Submission.Replayed(CommandView command) ->
                accepted(command).header("Idempotency-Replayed", "true").body(CommandJson.of(command));
            case Submission.KeyReused() -> throw Idempotency.keyReused().exception();
            case Submission.TooLarge(int encodedBytes, int allowedBytes) ->
                throw Problem.invalid(
                                "script",
                                "makes a message of %d bytes, with args and env; %d are allowed"
                                        .formatted(encodedBytes, allowedBytes))
                        .exception();
        };
    }

    /** 202 and where the command is. */
    static ResponseEntity.BodyBuilder accepted(CommandView command) {
        return ResponseEntity.accepted().location(URI.create("/api/v1/commands/" + command.id()));
    }

    private static Problem noSuchAgent() {
        return Problem.of(HttpStatus.NOT_FOUND, Problem.notFound().code(), "There is no such agent.")
                .withErrors(List.of(new Problem.FieldError("agent_id", "names no agent")));
    }

    private static @Nullable IdempotencyKey key(HttpServletRequest request, Caller caller) {
        String key = IdempotencyHeader.of(request);
        return key == null
                ? null
                : new IdempotencyKey(
                        caller.tokenId().toString(), key, HexFormat.of().formatHex(BodyReader.bodyHash(request)));
    }
}
