package dev.wireproof.command;

import dev.wireproof.protocol.WireTime;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** One true sentence: why a command is still open, since when, and what happens next. */
final class WaitingFor {

    /** How the agent is connected, as far as it matters to a command that is to be offered. */
    enum Agent {
        AWAY,
        /** Connected, but commands are held: not approved yet, or an identity conflict. */
        HELD,
        /** Connected; as many as its window holds are on their way. */
        WINDOW_FULL,
        /** Connected; the connection's queue did not take the last offer. */
        QUEUE_FULL,
        /** Connected, and there is room. */
        CONNECTED;

        boolean reachable() {
            return this != AWAY && this != HELD;
        }
    }

    private WaitingFor() {}

    /**
     * @param paused whether the reaper does nothing for this agent
     * @return null when it has ended
     */
    static @Nullable String sentence(CommandFacts f, Agent agent, boolean paused, Instant now) {
        String open = switch (f.state()) {
            case QUEUED -> queued(f, agent);
            case OFFERED -> f.cancelRequestedAt() != null ? cancelling(f, agent) : offered(f, agent, now);
            case ACKED ->
                held(f, agent, "The agent acknowledged it at %s and has not started it".formatted(time(f.ackedAt())));
            case RUNNING -> held(f, agent, "It runs since %s".formatted(time(f.startedAt())));
            case SUCCEEDED, FAILED, TIMED_OUT, CANCELLED, EXPIRED, UNDELIVERABLE, REJECTED -> null;
        };
        return open == null || !paused
                ? open
                : open.substring(0, open.length() - 1)
                        + "; but the reaper is paused for this agent: no deadline is acted on until it is resumed.";
    }

    private static String queued(CommandFacts f, Agent agent) {
        return "Queued since %s and not offered: %s, until it expires at %s."
                .formatted(time(f.stateSince()), whyNot(agent), time(f.expiresAt()));
    }

    private static String whyNot(Agent agent) {
        return switch (agent) {
            case AWAY -> "the agent is not connected; it is offered when the agent comes";
            case HELD -> "the agent is connected but held back from commands; it is offered when that ends";
            case WINDOW_FULL ->
                "%d commands before it are not acknowledged yet; it is offered when one of them is"
                        .formatted(Lane.WINDOW);
            case QUEUE_FULL -> "its connection's queue is full; it is offered again when there is room";
            case CONNECTED -> "its turn comes within seconds";
        };
    }

    private static String offered(CommandFacts f, Agent agent, Instant now) {
        int round = f.offers() - f.roundBase();
        String since = round == 0
                ? "Asked to be delivered again at %s and not offered since".formatted(time(f.stateSince()))
                : "Offered %s since %s and not acknowledged".formatted(times(round), time(f.stateSince()));
        Instant next = f.nextOfferAt();
        if (!agent.reachable() || next == null) {
            return "%s: %s, until it expires at %s.".formatted(since, whyNot(agent), time(f.expiresAt()));
        }
        if (!next.isBefore(f.expiresAt())) {
            return "%s: without an ack it expires at %s.".formatted(since, time(f.expiresAt()));
        }
        int left = left(f);
        String then = left <= 0
                ? "it ends undeliverable"
                : "it is offered again, with %s left".formatted(left == 1 ? "one attempt" : left + " attempts");
        return now.isBefore(next)
                ? "%s: without an ack by %s %s.".formatted(since, time(next), then)
                : "%s, overdue since %s: %s within seconds.".formatted(since, time(next), then);
    }

    /** How many attempts are left when the ack wait of the newest one is over. */
    private static int left(CommandFacts f) {
        boolean newestWillCount = !f.attemptCounted() && f.attemptConnection() != null;
        int attempts = f.maxAttempts() - f.attemptsUsed() - (newestWillCount ? 1 : 0);
        return Math.min(attempts, f.maxOffers() - f.offers());
    }

    private static String cancelling(CommandFacts f, Agent agent) {
        String asked =
                "Its cancellation was asked for at %s, after it was offered".formatted(time(f.cancelRequestedAt()));
        Instant next = f.nextOfferAt();
        if (!agent.reachable() || next == null) {
            String when = agent == Agent.HELD ? "the agent is no longer held back" : "the agent can be reached";
            return "%s: CommandCancel goes out when %s; without an answer it ends cancelled at %s at the latest."
                    .formatted(asked, when, time(f.expiresAt()));
        }
        String then =
                left(f) <= 0 || !next.isBefore(f.expiresAt()) ? "it ends cancelled" : "CommandCancel is sent again";
        return "%s: CommandCancel was sent %s; without an answer by %s %s."
                .formatted(asked, times(f.cancelSends()), time(Holding.earlier(next, f.expiresAt())), then);
    }

    private static String held(CommandFacts f, Agent agent, String what) {
        String cancel = "";
        if (f.cancelRequestedAt() != null) {
            cancel = "; its cancellation was asked for at %s, and CommandCancel %s"
                    .formatted(
                            time(f.cancelRequestedAt()),
                            f.cancelSends() == 0 ? "goes out when the agent comes" : "was sent");
        }
        Instant due = f.dueAt() == null ? f.lastChance() : f.dueAt();
        Instant last = due.isAfter(f.lastChance()) ? due : f.lastChance();
        String next = agent == Agent.AWAY
                ? "the agent is not connected and is asked when it comes back; without a result it ends timed_out at "
                        + time(last)
                : "without a result it ends timed_out at " + time(due);
        return "%s%s: %s.".formatted(what, cancel, next);
    }

    private static String times(int count) {
        return count == 1 ? "once" : count + " times";
    }

    private static String time(@Nullable Instant at) {
        return at == null ? "an unknown time" : WireTime.format(at);
    }
}
