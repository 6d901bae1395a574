package dev.wireproof.command;

import dev.wireproof.id.ConnectionId;
import dev.wireproof.protocol.AgentMessage;
import dev.wireproof.protocol.AgentMessage.AckStatus;
import dev.wireproof.protocol.AgentMessage.LedgerStatus;
import dev.wireproof.protocol.AgentMessage.NackCode;
import dev.wireproof.protocol.AgentMessage.Outcome;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** Something that happened to a command. Applied in the order in which the writer takes them, one at a time for one command. */
sealed interface CommandEvent {

    /** The server's clock. */
    Instant at();

    /**
     * The dispatcher has room for it on a live line.
     *
     * @param newest how far the newest attempt got; {@link Progress#NOT_WRITTEN} only of a copy on that very line
     * @param jitter -1…1, for the ack wait
     */
    record OfferPossible(Instant at, Line line, OfferReason reason, Progress newest, double jitter)
            implements CommandEvent {}

    /** The connection's queue did not take the frame: nothing of it left. */
    record OfferRefused(Instant at, ConnectionId on, int attempt, String why) implements CommandEvent {}

    /** The connection ended and no write of the frame was ever started. */
    record NeverWritten(Instant at, ConnectionId on, int attempt) implements CommandEvent {}

    /**
     * The agent answered an attempt whose write, as this server saw it, was never completed: the two contradict each other.
     *
     * @param how what became of the write
     */
    record AnsweredUnwritten(Instant at, ConnectionId on, int attempt, String how) implements CommandEvent {}

    /** The peer's WebSocket layer read the frame. */
    record PeerRead(Instant at, int attempt) implements CommandEvent {}

    /**
     * A deadline may have passed.
     *
     * @param line null when the agent is away or has no room for it
     */
    record DuePassed(Instant at, @Nullable Line line, OfferReason reason, Progress newest, double jitter)
            implements CommandEvent {}

    /** @param altered the agent's hash or length of the text is not ours: something changed it on the way */
    record Acked(Instant at, Line from, int attempt, AckStatus status, boolean altered) implements CommandEvent {}

    /** @param attempt null when the agent could not read it */
    record Nacked(Instant at, Line from, @Nullable Integer attempt, NackCode code, String message)
            implements CommandEvent {}

    record Started(Instant at, Line from) implements CommandEvent {}

    /** The process wrote something: so it runs. */
    record OutputSeen(Instant at, Line from) implements CommandEvent {}

    record Finished(Instant at, Line from, AgentMessage.CommandResult result) implements CommandEvent {}

    /**
     * What the agent's record says of it.
     *
     * @param from with the ledger of the answer
     * @param offersWhenAsked how many offers there had been when the question went out on that connection, behind all of them; null: it
     *     was not asked there. "Never seen" says nothing of an offer that was made after the question
     */
    record LedgerSaid(
            Instant at,
            Line from,
            @Nullable Integer offersWhenAsked,
            LedgerStatus status,
            @Nullable Outcome outcome,
            @Nullable Integer exitCode)
            implements CommandEvent {}

    /** The agent has a new line, and has this one in its hands. */
    record LineOpened(Instant at, Line line) implements CommandEvent {}

    /** @param line null when the agent is away */
    record CancelRequested(
            Instant at,
            @Nullable String reason,
            String by,
            @Nullable Line line,
            Progress newest,
            double jitter) implements CommandEvent {}

    record RedeliverRequested(Instant at, String by) implements CommandEvent {}

    record AgentGone(Instant at) implements CommandEvent {}
}
