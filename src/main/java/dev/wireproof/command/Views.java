package dev.wireproof.command;

import dev.wireproof.command.KeyTable.Known;
import dev.wireproof.command.Work.Create;
import java.util.List;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/** A command as callers see it, right after it was stored. */
final class Views {
    private final CommandQueries queries;
    private final Executor blocking;

    /** @param blocking where reading the database blocks nobody */
    Views(CommandQueries queries, Executor blocking) {
        this.queries = queries;
        this.blocking = blocking;
    }

    /** From memory: what was stored a moment ago. */
    CommandView fresh(Pending one) {
        CommandBody body = one.body;
        if (body == null) {
            throw new IllegalArgumentException("not a new command");
        }
        List<AttemptView> attempts =
                one.attempts.stream().map(Views::justOffered).toList();
        return queries.view(body, one.row()).with(attempts, "", "");
    }

    private static AttemptView justOffered(NewAttempt attempt) {
        AttemptTrace trace = attempt.lane().trace(attempt.commandId());
        Long enqueued = trace == null || trace.enqueuedNs <= 0 ? null : (Long) trace.enqueuedNs;
        @Nullable String refusal = trace == null ? null : trace.refusal;
        return new AttemptView(
                attempt.attempt(),
                attempt.lane().link.connectionId(),
                attempt.lane().link.epoch(),
                attempt.reason(),
                attempt.at(),
                attempt.lane().openedAt,
                attempt.text().bytes(),
                attempt.text().sha256(),
                null,
                enqueued == null ? Rung.NONE : Rung.ENQUEUED,
                enqueued,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                refusal,
                false,
                null,
                null,
                null);
    }

    /** A key that was used before: with the same body, what it made; else a mistake. */
    void answerKnown(Create create, Known known) {
        if (!known.requestSha256().equals(KeyTable.keyOf(create).requestSha256())) {
            create.done().complete(new Submission.KeyReused());
            return;
        }
        blocking.execute(() -> {
            try {
                create.done()
                        .complete(new Submission.Replayed(
                                queries.find(known.commandId()).orElseThrow()));
            } catch (RuntimeException e) {
                create.done().completeExceptionally(e);
            }
        });
    }
}
