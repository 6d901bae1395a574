package dev.wireproof.diagnosis;

import dev.wireproof.id.ConnectionId;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What was seen on one connection in one window of time, as numbers; the only thing that {@link Rules} looks at. An observation that could
 * not be made says so (null, {@code known}, {@code told}), for "not seen" and "not looked" are different things.
 *
 * @param line the connection that is judged; null when the agent had none
 * @param lastSeen when the agent was last connected, for an agent that has no connection now; null when never or not known
 * @param since what counts from the first text of the judged command on, or from the window's beginning when none was written
 */
public record Observations(
        @Nullable Line line,
        @Nullable String lastSeen,
        Counts counts,
        Since since,
        Fate fate,
        Outgoing outgoing,
        Rx rx,
        Tcp tcp,
        Elsewhere elsewhere,
        Configured configured,
        Doubts doubts,
        Waits waits) {

    /**
     * @param proxy the proxy that the connection came through, where one told of it; null: none did, which does not show that there is none
     * @param ended null while it is open
     */
    public record Line(
            ConnectionId id,
            Instant openedAt,
            @Nullable String proxy,
            @Nullable Ended ended) {}

    public record Ended(Instant at, @Nullable Integer code, String reason) {}

    /**
     * The contract's letters, in the window.
     *
     * @param p Pings written
     * @param q their Pongs, all 16 bytes equal
     * @param w command texts written
     * @param f texts that failed or never completed
     * @param a acks
     * @param n nacks and protocol errors
     * @param echoes E: Echo texts written
     * @param replies e: their replies
     * @param h heartbeats
     */
    public record Counts(int p, int q, int w, int f, int a, int n, int echoes, int replies, int h) {
        public static final Counts NONE = new Counts(0, 0, 0, 0, 0, 0, 0, 0, 0);
    }

    /**
     * @param watchedMs how long it was watched since
     * @param pings written since
     * @param oldestPingMs how long the oldest of those has waited
     * @param pongs that answered one of those
     * @param read command texts whose fence, or a later Ping, was answered
     * @param replies Echo replies since 10 s before
     * @param acks of any command since
     * @param inbound frames of any kind that came in since
     */
    public record Since(
            long watchedMs, int pings, long oldestPingMs, int pongs, int read, int replies, int acks, int inbound) {
        public static final Since NOTHING = new Since(0, 0, 0, 0, 0, 0, 0, 0);
    }

    /**
     * What became of the judged command on this connection.
     *
     * @param written texts of it that were written here
     * @param ackMs from the first write to its first ack; null: none came
     * @param offeredAgain whether its ack wait had run out, and it was offered again, before that ack
     * @param answer the newest word of the agent on it was a nack; null: it was not
     * @param result whether a result came
     * @param resultOverdue whether the time in which the agent itself must have ended it is over without one
     * @param otherAcks acks of other commands since it was written
     */
    public record Fate(
            int written,
            @Nullable Long ackMs,
            boolean offeredAgain,
            @Nullable Nack answer,
            boolean result,
            boolean resultOverdue,
            int otherAcks) {
        public static final Fate NONE = new Fate(0, null, false, null, false, false, 0);

        boolean acked() {
            return ackMs != null;
        }
    }

    public record Nack(String code, String message) {}

    /**
     * Our own side of it.
     *
     * @param waiting frames that were enqueued and not started
     * @param waitingMs how long the oldest of them waits
     * @param startedMeanwhile writes that were started while it waited
     * @param heartbeatsMeanwhile heartbeats that came on this connection while it waited
     * @param writing whether a frame is in the middle of being written
     * @param stuckMs how long the longest unfinished write of a text has lasted, or had when the connection ended; 0: none
     * @param stuckBytes its length
     * @param writeError a write that ended with an error of our own while the connection lived; null: none did
     */
    public record Outgoing(
            int waiting,
            long waitingMs,
            int startedMeanwhile,
            int heartbeatsMeanwhile,
            boolean writing,
            long stuckMs,
            int stuckBytes,
            @Nullable String writeError) {
        public static final Outgoing NOTHING_WAITS = new Outgoing(0, 0, 0, 0, false, 0, 0, null);
    }

    /**
     * The agent's own counters of this connection, before the first command text and as they were last told.
     *
     * @param told whether both are there; the other values mean nothing otherwise
     * @param writtenBetween texts that had been written between the two, and that a Ping followed which was answered before the second
     * @param writtenAtMost texts that may have been read between the two at most
     * @param fence the counter of the Ping behind the last of those {@code writtenBetween}; -1: none
     * @param highestPing the highest counter that was ever sent on this connection
     * @param lastError the agent's words about a text that it could not use; null: none since
     * @param lastErrorIsOurs whether its hash is that of a text that was written here
     */
    public record Rx(
            boolean told,
            long textBefore,
            long textAfter,
            long parseErrorsBefore,
            long parseErrorsAfter,
            long lastPingBefore,
            long lastPingAfter,
            int writtenBetween,
            int writtenAtMost,
            long fence,
            long highestPing,
            @Nullable String lastError,
            boolean lastErrorIsOurs) {
        public static final Rx ABSENT = new Rx(false, 0, 0, 0, 0, 0, 0, 0, 0, -1, 0, null, false);

        /** @return what is impossible in them; null when nothing is */
        public @Nullable String contradiction() {
            if (!told) {
                return null;
            }
            if (textBefore < 0 || textAfter < textBefore) {
                return "the agent's counter rx.text ran backwards, from %d to %d".formatted(textBefore, textAfter);
            }
            if (parseErrorsBefore < 0 || parseErrorsAfter < parseErrorsBefore) {
                return "the agent's counter rx.parse_errors ran backwards, from %d to %d"
                        .formatted(parseErrorsBefore, parseErrorsAfter);
            }
            if (lastPingAfter < lastPingBefore) {
                return "the agent's counter rx.last_ping_seq ran backwards, from %d to %d"
                        .formatted(lastPingBefore, lastPingAfter);
            }
            if (lastPingAfter > highestPing) {
                return "the agent says that it saw Ping %d, and the highest that was sent is %d"
                        .formatted(lastPingAfter, highestPing);
            }
            if (textAfter - textBefore > writtenAtMost) {
                return "the agent counts %d more texts, and at most %d were written"
                        .formatted(textAfter - textBefore, writtenAtMost);
            }
            if (parseErrorsAfter - parseErrorsBefore > writtenAtMost) {
                return "the agent counts %d more parse errors, and at most %d texts were written"
                        .formatted(parseErrorsAfter - parseErrorsBefore, writtenAtMost);
            }
            return null;
        }

        boolean usable() {
            return told && contradiction() == null;
        }

        long textRise() {
            return textAfter - textBefore;
        }

        long parseErrorRise() {
            return parseErrorsAfter - parseErrorsBefore;
        }

        boolean textRose() {
            return usable() && textRise() > 0;
        }

        boolean parseErrorsRose() {
            return usable() && parseErrorRise() > 0;
        }

        /** Texts were written that something at the other end has read past, and the agent's reader counted none. */
        boolean flat() {
            return usable() && writtenBetween > 0 && textRise() == 0 && parseErrorRise() == 0;
        }

        boolean fencePassed() {
            return usable() && fence >= 0 && lastPingAfter >= fence;
        }
    }

    /**
     * The kernel's view, which speaks of the next hop.
     *
     * @param known whether there is one; the other values mean nothing otherwise
     * @param acked whether the other end's TCP acknowledged everything that was written until the last look
     * @param zeroWindow whether the other end's TCP says that nobody empties its buffer
     * @param progress whether the number of acknowledged bytes rose between two looks
     */
    public record Tcp(
            boolean known,
            boolean acked,
            long unackedBytes,
            long unsentBytes,
            boolean zeroWindow,
            int retransmits,
            boolean progress) {
        public static final Tcp UNKNOWN = new Tcp(false, false, 0, 0, false, 0, false);
    }

    /**
     * What was seen of this agent beside the judged connection, in the minutes before and during it.
     *
     * @param returns processes that came back after another one had superseded them: only two living processes do that
     * @param conflictSince the agent is held because of that; null: it is not
     * @param addresses where those came from
     * @param staleFrames texts that came on an older connection for over a second after a newer one had taken over
     * @param staleConnection where the last of them came; null: none did
     * @param connections how many connections the agent opened
     */
    public record Elsewhere(
            int returns,
            @Nullable Instant conflictSince,
            List<String> addresses,
            int staleFrames,
            @Nullable ConnectionId staleConnection,
            int connections) {
        public static final Elsewhere NOTHING = new Elsewhere(0, null, List.of(), 0, null, 1);

        public Elsewhere {
            addresses = List.copyOf(addresses);
        }
    }

    /**
     * @param updated whether a configuration was pushed on this connection after the one of its login, before the command
     * @param acksBefore acks on this connection before that
     * @param acknowledged whether the agent answered that configuration as applied
     * @param refused the agent's words: it did not apply it; null: it said no such thing
     */
    public record Configured(
            boolean updated,
            int acksBefore,
            boolean acknowledged,
            @Nullable String refused) {
        public static final Configured AT_LOGIN_ONLY = new Configured(false, 0, true, null);
    }

    /**
     * What makes the rest doubtful.
     *
     * @param shed frames of this window that should be rows and are not: what is not found then proves nothing
     * @param forgedPongs Pongs that matched no Ping of ours
     * @param impossible what cannot be, such as an ack of a command that was never written
     */
    public record Doubts(long shed, int forgedPongs, List<String> impossible) {
        public static final Doubts NONE = new Doubts(0, 0, List.of());

        public Doubts {
            impossible = List.copyOf(impossible);
        }
    }

    /**
     * How long one waits before silence means something.
     *
     * @param ackMs of the first attempt, without jitter
     * @param pongMs for a Pong or an Echo reply
     * @param stallMs for a write, plus 1 s for each 8 KiB of it
     */
    public record Waits(long ackMs, long pongMs, long stallMs) {
        /** What jitter may add to an ack wait. */
        long ackWithJitterMs() {
            return ackMs + ackMs / 5;
        }
    }
}
