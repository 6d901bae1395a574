package dev.wireproof.command;

import dev.wireproof.protocol.WireTime;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** One true sentence: why a command is still open, since when, and what happens next. */
final class WaitingFor {

    /** How the agent is connected, as far as it matters to one command. */
    enum Agent {
        AWAY,
        /** Connected, but commands are held: not approved yet, or an identity conflict. */
        HELD,
        CONNECTED
    }

    private WaitingFor() {}

    /** @return null when it has ended */
    static @Nullable String sentence(CommandFacts f, Agent agent, Instant now) {
        return switch (f.state()) {
            case QUEUED -> queued(f, agent);
            case OFFERED -> f.cancelRequestedAt() != null ? cancelling(f, agent) : offered(f, agent, now);
            case ACKED ->
                held(f, agent, "The agent acknowledged it at %s and has not started it".formatted(time(f.ackedAt())));
            case RUNNING -> held(f, agent, "It runs since %s".formatted(time(f.startedAt())));
            case SUCCEEDED, FAILED, TIMED_OUT, CANCELLED, EXPIRED, UNDELIVERABLE, REJECTED -> null;
        };
    }

    private static String queued(CommandFacts f, Agent agent) {
        String why = switch (agent) {
            case AWAY -> "the agent is not connected; it is offered when the agent comes";
            case HELD -> "the agent is connected but held back from commands; it is offered when that ends";
            case CONNECTED ->
                "commands before it have the agent's window of " + Lane.WINDOW
                        + ", or its connection's queue is full; it is offered as soon as there is room";
        };
        return "Stored since %s and not offered: %s, until it expires at %s."
                .formatted(time(f.stateSince()), why, time(f.expiresAt()));
    }

    private static String offered(CommandFacts f, Agent agent, Instant now) {
        String since = "Offered %s since %s and not acknowledged".formatted(times(f.offers()), time(f.stateSince()));
        Instant next = f.nextOfferAt();
        if (agent == Agent.AWAY || next == null) {
            String why = switch (agent) {
                case AWAY -> "the agent is not connected; it is offered again when the agent comes";
                case HELD -> "the agent is held back from commands; it is offered again when that ends";
                case CONNECTED -> "it is offered again as soon as there is room for it";
            };
            return "%s: %s, until it expires at %s.".formatted(since, why, time(f.expiresAt()));
        }
        int left = f.maxAttempts() - f.attemptsUsed() - (f.attemptCounted() ? 0 : 1);
        String then = left <= 0 ? "it ends undeliverable" : "it is offered again, %s left".formatted(attempts(left));
        String when = now.isBefore(next) ? "Without an ack by %s".formatted(time(next)) : "Its ack is overdue;";
        return "%s. %s %s.".formatted(since, when, then);
    }

    private static String cancelling(CommandFacts f, Agent agent) {
        String next = agent == Agent.AWAY || f.nextOfferAt() == null
                ? "CommandCancel goes out when the agent can be reached"
                : "CommandCancel was sent and is repeated at " + time(f.nextOfferAt());
        return "Its cancellation was asked for at %s, after it was offered: %s; without an answer it ends cancelled."
                .formatted(time(f.cancelRequestedAt()), next);
    }

    private static String held(CommandFacts f, Agent agent, String what) {
        String cancel = f.cancelRequestedAt() == null
                ? ""
                : "; its cancellation was asked for at " + time(f.cancelRequestedAt());
        String next = agent == Agent.AWAY
                ? "the agent is not connected, and tells when it comes back; the last moment is " + time(f.lastChance())
                : "without a result it ends timed_out at " + time(f.dueAt());
        return "%s%s: %s.".formatted(what, cancel, next);
    }

    private static String times(int offers) {
        return offers == 1 ? "once" : offers + " times";
    }

    private static String attempts(int left) {
        return left == 1 ? "one attempt" : left + " attempts";
    }

    private static String time(@Nullable Instant at) {
        return at == null ? "an unknown time" : WireTime.format(at);
    }
}
