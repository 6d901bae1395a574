package dev.wireproof.command;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** Tells the observer what a stored batch changed of one command. */
final class Moves {
    private Moves() {}

    static void tell(Pending one, DeliveryObserver observer) {
        CommandFacts was = one.was.facts();
        CommandFacts is = one.facts();
        if (one.create != null) {
            observer.stored();
        }
        if (was.ackedAt() == null && is.ackedAt() != null) {
            observer.acknowledged(between(is.firstOfferedAt(), is.ackedAt()));
        }
        if (was.startedAt() == null && is.startedAt() != null) {
            observer.started(between(is.ackedAt(), is.startedAt()));
        }
        if (!was.resultCommitted() && is.resultCommitted()) {
            observer.finished(between(is.startedAt() == null ? is.ackedAt() : is.startedAt(), is.endedAt()));
        }
        if (is.state().ended() && (!was.state().ended() || is.state() != was.state())) {
            observer.ended(is.id(), is.state(), is.certainty(), is.late());
        }
    }

    private static Duration between(@Nullable Instant from, @Nullable Instant to) {
        return from == null || to == null || to.isBefore(from) ? Duration.ZERO : Duration.between(from, to);
    }
}
