package dev.wireproof.connection;

import dev.wireproof.protocol.WireTime;
import java.time.Instant;
import java.util.Locale;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/**
 * Whether commands can get to an agent, from evidence alone: the newest piece decides, and that an agent is on the line is no evidence.
 *
 * @param since when this began; null when nothing on record tells
 * @param evidence one sentence with the times that it speaks of, true also when it is read later
 */
public record CommandPath(Status status, @Nullable Instant since, String evidence) {

    /** How long an answer stays proof. */
    static final long PROOF_LASTS_NS = 150_000_000_000L;

    /** What the evidence says. */
    public enum Status {
        /** An ack or an EchoReply came on the live connection within the last 150 s. */
        PROVEN,
        /** On the line, and nothing shows that texts get through, or that they do not. */
        UNPROVEN,
        /** The newest evidence is against. */
        FAILING;

        /** As in the API. */
        public String wireName() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * What was seen on a live connection; nanoseconds since it opened, -1 for what was not.
     *
     * @param openedNs when its agent was let in
     * @param provenSinceNs when the newest unbroken run of answers began
     * @param echoSentNs when the newest Echo that was not answered in its ten seconds was written; -1 when it was not even that
     * @param echoOverdueNs when those ten seconds were over; -1 when no Echo is overdue
     * @param echoOverdueSinceNs when that happened first since the last answered Echo
     * @param ackSentNs when the newest command whose ack wait passed was written
     * @param ackOverdueNs when that wait passed; -1 when none did
     * @param ackOverdueSinceNs when a wait passed first since the last proof
     */
    record Seen(
            long nowNs,
            long openedNs,
            long lastAckNs,
            long lastEchoNs,
            long provenSinceNs,
            long echoSentNs,
            long echoOverdueNs,
            long echoOverdueSinceNs,
            long ackSentNs,
            long ackOverdueNs,
            long ackOverdueSinceNs) {

        long proofNs() {
            return Math.max(lastAckNs, lastEchoNs);
        }
    }

    static Status statusOf(Seen seen) {
        long proof = seen.proofNs();
        if (Math.max(seen.echoOverdueNs(), seen.ackOverdueNs()) > proof) {
            return Status.FAILING;
        }
        return proof >= 0 && seen.nowNs() - proof <= PROOF_LASTS_NS ? Status.PROVEN : Status.UNPROVEN;
    }

    /** @param wall the wall time of an instant on the connection's scale */
    static CommandPath of(Seen seen, LongFunction<Instant> wall) {
        long proof = seen.proofNs();
        Status status = statusOf(seen);
        if (status == Status.FAILING) {
            return failing(seen, wall);
        }
        if (proof < 0) {
            return new CommandPath(
                    Status.UNPROVEN,
                    wall.apply(seen.openedNs()),
                    "Connected since %s; no command was acknowledged and no Echo was answered on this connection yet."
                            .formatted(time(wall, seen.openedNs())));
        }
        String what = seen.lastAckNs() >= seen.lastEchoNs() ? "acknowledged a command" : "answered an Echo";
        if (status == Status.UNPROVEN) {
            return new CommandPath(
                    Status.UNPROVEN,
                    wall.apply(proof + PROOF_LASTS_NS),
                    "Connected since %s; the agent last %s at %s, more than 150 s ago."
                            .formatted(time(wall, seen.openedNs()), what, time(wall, proof)));
        }
        return new CommandPath(
                Status.PROVEN,
                wall.apply(seen.provenSinceNs()),
                "The agent %s on its live connection at %s.".formatted(what, time(wall, proof)));
    }

    private static CommandPath failing(Seen seen, LongFunction<Instant> wall) {
        long proof = seen.proofNs();
        boolean echo = seen.echoOverdueNs() > proof;
        boolean ack = seen.ackOverdueNs() > proof;
        long since = !echo
                ? seen.ackOverdueSinceNs()
                : !ack ? seen.echoOverdueSinceNs() : Math.min(seen.echoOverdueSinceNs(), seen.ackOverdueSinceNs());
        String text;
        if (seen.ackOverdueNs() > seen.echoOverdueNs()) {
            text = "A command that was written at %s was not acknowledged by %s, when its ack wait was over"
                    .formatted(time(wall, seen.ackSentNs()), time(wall, seen.ackOverdueNs()));
        } else if (seen.echoSentNs() >= 0) {
            text = "An Echo that was written at %s was not answered by %s"
                    .formatted(time(wall, seen.echoSentNs()), time(wall, seen.echoOverdueNs()));
        } else {
            text = "An Echo that was due to be answered by %s was not even written"
                    .formatted(time(wall, seen.echoOverdueNs()));
        }
        String before = proof < 0
                ? "nothing was answered on this connection before."
                : "the last answer came at %s.".formatted(time(wall, proof));
        return new CommandPath(Status.FAILING, wall.apply(Math.max(since, 0)), text + "; " + before);
    }

    /** For an agent that is not on the line: nothing can get there now. @param ended null when no ended connection is on record */
    static CommandPath offline(@Nullable Instant ended, @Nullable Integer code, @Nullable String reason) {
        if (ended == null) {
            return new CommandPath(Status.FAILING, null, "No connection; when one last ended is not on record.");
        }
        return new CommandPath(
                Status.FAILING,
                ended,
                "No connection: the last one ended at %s with %s (%s)."
                        .formatted(
                                WireTime.format(ended),
                                code == null ? "no Close" : "close code " + code,
                                reason == null ? "no reason" : reason));
    }

    private static String time(LongFunction<Instant> wall, long ns) {
        return WireTime.format(wall.apply(ns));
    }
}
