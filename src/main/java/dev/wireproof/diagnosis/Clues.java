package dev.wireproof.diagnosis;

import dev.wireproof.diagnosis.Clue.Answer;
import dev.wireproof.diagnosis.Clue.Answer.No;
import dev.wireproof.diagnosis.Clue.Answer.Unknown;
import dev.wireproof.diagnosis.Clue.Answer.Yes;
import dev.wireproof.diagnosis.Observations.Ended;
import dev.wireproof.diagnosis.Observations.Fate;
import dev.wireproof.diagnosis.Observations.Line;
import dev.wireproof.diagnosis.Observations.Nack;
import dev.wireproof.diagnosis.Observations.Outgoing;
import dev.wireproof.diagnosis.Observations.Rx;
import dev.wireproof.diagnosis.Observations.Since;
import dev.wireproof.diagnosis.Observations.Tcp;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The questions that {@link Rules} asks, each a pure function of the observations. Words say what was measured: a completed write shows that
 * the kernel has the bytes, a Pong that the other end's WebSocket layer read what was before its Ping, and silence only how long it lasted.
 */
final class Clues {
    private static final long BYTES_A_SECOND = 8 * 1024;

    private Clues() {}

    // ---- is there anything to judge

    static Answer noConnection(Observations o) {
        Line line = o.line();
        if (line == null) {
            String seen = o.lastSeen() == null ? "no connection of it is on record" : o.lastSeen();
            return new Yes("the agent has no live connection; " + seen, 0, Exhibit.NONE);
        }
        return new No(
                "it had connection %s in this time, opened at %s%s".formatted(line.id(), line.openedAt(), ending(line)),
                1,
                Exhibit.NONE);
    }

    static String ending(Line line) {
        Ended ended = line.ended();
        return ended == null
                ? ""
                : ", ended at %s (%s%s)"
                        .formatted(
                                ended.at(),
                                ended.code() == null ? "no Close, " : ended.code() + ", ",
                                Quoted.of(ended.reason()));
    }

    static Answer returned(Observations o) {
        if (o.elsewhere().conflictSince() != null) {
            return new Yes(
                    "two processes use this identity: the agent is held since %s; they came from %s"
                            .formatted(
                                    o.elsewhere().conflictSince(), o.elsewhere().addresses()),
                    o.elsewhere().returns(),
                    Exhibit.NONE);
        }
        int returns = o.elsewhere().returns();
        return returns > 0
                ? new Yes(
                        "%s: a process came back after another one had superseded it, which only two living processes do; they came from %s"
                                .formatted(times(returns), o.elsewhere().addresses()),
                        returns,
                        Exhibit.NONE)
                : new No("no process of this identity came back after another one had taken over", 0, Exhibit.NONE);
    }

    static Answer framesElsewhere(Observations o) {
        int stale = o.elsewhere().staleFrames();
        return stale > 0
                ? new Yes(
                        "%s of this agent came on connection %s, for over a second after a newer connection had taken over"
                                .formatted(count(stale, "text"), o.elsewhere().staleConnection()),
                        stale,
                        Exhibit.STALE)
                : new No("all texts of this agent came on the registered connection", 0, Exhibit.NONE);
    }

    // ---- our own side

    static Answer framesWait(Observations o) {
        Outgoing out = o.outgoing();
        return out.waiting() > 0 && out.waitingMs() >= o.waits().pongMs()
                ? new Yes(
                        "%s of ours waited to be written, the oldest for %s"
                                .formatted(count(out.waiting(), "frame"), seconds(out.waitingMs())),
                        out.waiting(),
                        Exhibit.WAITING)
                : new No(
                        "no frame of ours waited for longer than "
                                + seconds(o.waits().pongMs()),
                        0,
                        Exhibit.NONE);
    }

    static Answer noWriteStarts(Observations o) {
        Outgoing out = o.outgoing();
        if (out.writing() || gaveUpWriting(o)) {
            return new No("a frame was in the middle of being written, so the server does write", 1, Exhibit.STUCK);
        }
        return out.startedMeanwhile() == 0
                ? new Yes("no write was started meanwhile, and none was in progress", 0, Exhibit.NONE)
                : new No(
                        "%s started meanwhile".formatted(was(out.startedMeanwhile(), "write")),
                        out.startedMeanwhile(),
                        Exhibit.NONE);
    }

    static Answer heartbeatsMeanwhile(Observations o) {
        int beats = o.outgoing().heartbeatsMeanwhile();
        return beats > 0
                ? new Yes(
                        "%s came in on this very connection meanwhile".formatted(count(beats, "heartbeat")),
                        beats,
                        Exhibit.HEARTBEATS)
                : new Unknown("a heartbeat on this connection while our frames wait: diagnose again for longer than its"
                        + " heartbeat interval");
    }

    static Answer ownWriteFailed(Observations o) {
        String error = o.outgoing().writeError();
        return error == null
                ? new No("no write ended with an error of this server's while the connection lived", 0, Exhibit.NONE)
                : new Yes(
                        "a write ended with an error while the connection lived: " + Quoted.of(error),
                        1,
                        Exhibit.FAILED);
    }

    static Answer writeStuck(Observations o) {
        Outgoing out = o.outgoing();
        // A large text on a slow link takes its time; where the kernel is seen, it tells whether anything moves.
        long slowLink = o.tcp().known() ? 0 : out.stuckBytes() / BYTES_A_SECOND * 1_000;
        long allowed = o.waits().stallMs() + slowLink;
        if (gaveUpWriting(o)
                && (out.stuckMs() == 0 || out.stuckMs() >= o.waits().stallMs())) {
            Ended ended = ended(o);
            String reason = ended == null ? "" : Quoted.of(ended.reason());
            return new Yes(
                    out.stuckMs() == 0
                            ? "a write was in progress when this server gave up: " + reason
                            : "a text of %d bytes was in writing for %s when this server gave up: %s"
                                    .formatted(out.stuckBytes(), seconds(out.stuckMs()), reason),
                    Math.max(1, out.stuckMs()),
                    Exhibit.STUCK);
        }
        if (out.stuckMs() == 0) {
            return new No("every write that was started was completed", 0, Exhibit.COMMANDS);
        }
        return out.stuckMs() >= allowed
                ? new Yes(
                        "a text of %d bytes was in writing for %s and was never completed"
                                .formatted(out.stuckBytes(), seconds(out.stuckMs())),
                        out.stuckMs(),
                        Exhibit.STUCK)
                : new Unknown("how the write ends that has lasted for %s: diagnose for longer"
                        .formatted(seconds(out.stuckMs())));
    }

    /**
     * Whether this server ended the connection because a write made no progress. It does that only to a write that it had begun, whose frame
     * may be on no record yet: its failure is told by the socket, a moment after the connection has ended.
     */
    private static boolean gaveUpWriting(Observations o) {
        Ended ended = ended(o);
        return ended != null && ended.reason().startsWith("write stall");
    }

    private static @Nullable Ended ended(Observations o) {
        return o.line() == null ? null : o.line().ended();
    }

    /** Whether this server gave up because the kernel had shown no progress. */
    static boolean stallSeenByKernel(Observations o) {
        Ended ended = ended(o);
        return ended != null && ended.reason().startsWith("write stall: no byte acknowledged");
    }

    static Answer noProgress(Observations o) {
        Tcp tcp = o.tcp();
        if (!tcp.known()) {
            return new Yes(
                    "the kernel's view of the socket is not known, so only the write itself shows that nothing moves",
                    0,
                    Exhibit.NONE);
        }
        if (tcp.progress()) {
            return new No(
                    "the kernel shows that %s acknowledges more and more bytes: slow, and not stalled"
                            .formatted(hop(o)),
                    1,
                    Exhibit.NONE);
        }
        return tcp.unackedBytes() + tcp.unsentBytes() > 0
                ? new Yes(
                        "the kernel shows %d bytes unsent and %d unacknowledged by %s%s"
                                .formatted(
                                        tcp.unsentBytes(),
                                        tcp.unackedBytes(),
                                        hop(o),
                                        tcp.zeroWindow() ? ", whose TCP says that its buffer is full" : ""),
                        tcp.unackedBytes() + tcp.unsentBytes(),
                        Exhibit.NONE)
                : new No("the kernel has nothing left to send", 0, Exhibit.NONE);
    }

    // ---- the judged command

    static Answer refused(Observations o) {
        Nack nack = o.fate().answer();
        return nack == null
                ? new No("the agent refused nothing: no nack and no protocol error for this command", 0, Exhibit.NONE)
                : new Yes(
                        "the agent refused the command: %s, %s".formatted(nack.code(), Quoted.of(nack.message())),
                        o.counts().n(),
                        Exhibit.NACKS);
    }

    static Answer refusedNothing(Observations o) {
        int refusals = o.counts().n();
        return refusals == 0 && o.fate().answer() == null
                ? new Yes("the agent refused nothing either: no nack, no protocol error", 0, Exhibit.NONE)
                : new No("%s came".formatted(count(refusals, "nack or protocol error")), refusals, Exhibit.NACKS);
    }

    static Answer commandWritten(Observations o) {
        int written = o.fate().written();
        return written > 0
                ? new Yes(
                        "the command was written to the kernel in full, %s; %s written to this connection in this time altogether"
                                .formatted(times(written), was(o.counts().w(), "command text")),
                        written,
                        Exhibit.COMMANDS)
                : new Unknown("a command text that was written on this connection: run a diagnosis, which sends one");
    }

    /** Silence, and long enough that it means something. */
    static Answer notAcked(Observations o) {
        Fate fate = o.fate();
        Long ackMs = fate.ackMs();
        if (ackMs != null) {
            return new No(
                    "the agent acknowledged the command " + seconds(ackMs) + " after it was written", 1, Exhibit.ACKS);
        }
        if (fate.written() == 0) {
            return commandWritten(o);
        }
        long needed = o.waits().ackWithJitterMs();
        return o.since().watchedMs() >= needed
                ? new Yes(
                        "no acknowledgement came in the %s after it was first written"
                                .formatted(seconds(o.since().watchedMs())),
                        0,
                        Exhibit.COMMANDS)
                : new Unknown("silence for longer than the ack wait of %s: this connection was watched for %s after the"
                                .formatted(
                                        seconds(o.waits().ackMs()),
                                        seconds(o.since().watchedMs()))
                        + " command was written; diagnose again with a longer duration_s");
    }

    /** Nothing at all was acknowledged since. */
    static Answer nothingAcked(Observations o) {
        Answer mine = notAcked(o);
        if (!(mine instanceof Yes)) {
            return mine;
        }
        return o.since().acks() > 0
                ? new No(
                        "%s came on this connection since"
                                .formatted(count(o.since().acks(), "ack")),
                        o.since().acks(),
                        Exhibit.ACKS)
                : mine;
    }

    static Answer othersAcked(Observations o) {
        int others = o.fate().otherAcks();
        return others > 0
                ? new Yes(
                        "%s came for other commands on the same connection since".formatted(count(others, "ack")),
                        others,
                        Exhibit.ACKS)
                : new No("no other command was acknowledged on this connection since", 0, Exhibit.NONE);
    }

    static Answer acked(Observations o) {
        Long ackMs = o.fate().ackMs();
        return ackMs != null
                ? new Yes(
                        "the agent acknowledged the command " + seconds(ackMs) + " after it was written",
                        1,
                        Exhibit.ACKS)
                : new No("the agent did not acknowledge the command", 0, Exhibit.NONE);
    }

    static Answer ackedLate(Observations o) {
        Fate fate = o.fate();
        Long ackMs = fate.ackMs();
        if (ackMs == null) {
            return acked(o);
        }
        boolean late = fate.offeredAgain() || ackMs > o.waits().ackWithJitterMs();
        return late
                ? new Yes(
                        "the ack came %s after the write; the ack wait is %s"
                                .formatted(seconds(ackMs), seconds(o.waits().ackMs())),
                        ackMs,
                        Exhibit.ACKS)
                : new No(
                        "the ack came within the ack wait of "
                                + seconds(o.waits().ackMs()),
                        ackMs,
                        Exhibit.ACKS);
    }

    static Answer ackedInTime(Observations o) {
        return switch (ackedLate(o)) {
            case Yes(String text, long value, Exhibit exhibit) -> new No(text, value, exhibit);
            case No(String text, long value, Exhibit exhibit) when o.fate().acked() -> new Yes(text, value, exhibit);
            case Answer other -> other;
        };
    }

    static Answer resultOverdue(Observations o) {
        if (o.fate().result()) {
            return new No("the agent sent the command's result", 1, Exhibit.RESULTS);
        }
        return o.fate().resultOverdue()
                ? new Yes("no result came, and the time in which the agent must have ended it is over", 0, Exhibit.NONE)
                : new No("the command's own time is not over, so a missing result says nothing", 0, Exhibit.NONE);
    }

    // ---- what came back

    static Answer inboundFresh(Observations o) {
        Since since = o.since();
        return since.inbound() > 0
                ? new Yes(
                        "%s came in from the agent since the command was written: its upstream works"
                                .formatted(count(since.inbound(), "frame")),
                        since.inbound(),
                        Exhibit.HEARTBEATS)
                : new Unknown("whether anything still comes in from the agent: nothing did since the command was"
                        + " written; diagnose for longer than its heartbeat interval");
    }

    static Answer pinged(Observations o) {
        Since since = o.since();
        return since.pings() > 0
                ? new Yes("%s written since".formatted(was(since.pings(), "Ping")), since.pings(), Exhibit.PINGS)
                : new Unknown("a Ping that was written after the command: diagnose again, a probe sends one each 5 s");
    }

    static Answer noPong(Observations o) {
        Since since = o.since();
        if (since.pongs() > 0) {
            return new No(
                    "%s answered: the other end's WebSocket layer read what was written before"
                            .formatted(was(since.pongs(), "Ping")),
                    since.pongs(),
                    Exhibit.PONGS);
        }
        if (since.pings() == 0) {
            return pinged(o);
        }
        return since.oldestPingMs() >= o.waits().pongMs()
                ? new Yes(
                        "none of them was answered, the oldest for %s".formatted(seconds(since.oldestPingMs())),
                        0,
                        Exhibit.PINGS)
                : new Unknown("a Pong, or none for %s: this connection was watched too briefly"
                        .formatted(seconds(o.waits().pongMs())));
    }

    static Answer textsRead(Observations o) {
        Since since = o.since();
        return since.read() > 0
                ? new Yes(
                        "%s read by the other end's WebSocket layer: the Pong of its fence, or of a later Ping, came back"
                                        .formatted(was(since.read(), "command text"))
                                + (o.line() != null && o.line().proxy() != null
                                        ? " (behind the proxy " + o.line().proxy()
                                                + ", which may have answered itself: the path after it is not excluded)"
                                        : ""),
                        since.read(),
                        Exhibit.PONGS)
                : switch (noPong(o)) {
                    case Yes(String text, long value, Exhibit exhibit) ->
                        new No("no Ping behind the command was answered: " + text, value, exhibit);
                    case No _ ->
                        new Unknown(
                                "the Pong of a Ping behind the command: only earlier ones were answered; diagnose again");
                    case Unknown unknown -> unknown;
                };
    }

    static Answer noReply(Observations o) {
        int replies = o.since().replies();
        return replies > 0
                ? new No("%s answered".formatted(was(replies, "Echo")), replies, Exhibit.REPLIES)
                : new Yes(
                        o.counts().echoes() > 0
                                ? "no Echo was answered, of %d written"
                                        .formatted(o.counts().echoes())
                                : "no Echo reply came (none was asked for in this time)",
                        0,
                        Exhibit.ECHOES);
    }

    static Answer echoAnswered(Observations o) {
        int replies = o.since().replies();
        return replies > 0
                ? new Yes(
                        "%s answered by the handler that also takes commands".formatted(was(replies, "Echo")),
                        replies,
                        Exhibit.REPLIES)
                : new No("no Echo was answered", 0, Exhibit.ECHOES);
    }

    // ---- the agent's own counters, and the kernel's

    static Answer rxFlatOrAbsent(Observations o) {
        Rx rx = o.rx();
        if (rx.textRose() || rx.parseErrorsRose()) {
            return new No(
                    "the agent's own counters rose: it read %d texts more".formatted(rx.textRise()),
                    rx.textRise(),
                    Exhibit.HEARTBEATS);
        }
        return new Yes(
                rx.usable()
                        ? "the agent's own counter of texts stood still at " + rx.textAfter()
                        : "the agent told no counters that could be used",
                0,
                Exhibit.HEARTBEATS);
    }

    static Answer rxRose(Observations o) {
        Rx rx = o.rx();
        if (rx.parseErrorsRose()) {
            return new Yes(
                    "the agent's own counter of parse errors rose by %d%s"
                            .formatted(
                                    rx.parseErrorRise(),
                                    rx.lastError() == null
                                            ? ""
                                            : "; its last error, %s a text that was sent here: %s"
                                                    .formatted(
                                                            rx.lastErrorIsOurs()
                                                                    ? "about"
                                                                    : "which names the hash of none, not shown to be about",
                                                            Quoted.of(rx.lastError()))),
                    rx.parseErrorRise(),
                    Exhibit.HEARTBEATS);
        }
        if (rx.textRose()) {
            return new Yes(
                    "the agent's own counter of texts read rose by %d, and nothing it read was answered"
                            .formatted(rx.textRise()),
                    rx.textRise(),
                    Exhibit.HEARTBEATS);
        }
        return rx.flat()
                ? new No(
                        "the agent's own counter of texts stood still at %d while %s written"
                                .formatted(rx.textAfter(), was(rx.writtenBetween(), "text")),
                        0,
                        Exhibit.HEARTBEATS)
                : new Unknown(countersMissing(o));
    }

    static Answer rxFlat(Observations o) {
        Rx rx = o.rx();
        if (rx.textRose() || rx.parseErrorsRose()) {
            return rxFlatOrAbsent(o);
        }
        return rx.flat()
                ? new Yes(
                        "the agent's own counter of texts stood still at %d while %s written and %s"
                                .formatted(
                                        rx.textAfter(),
                                        was(rx.writtenBetween(), "text"),
                                        rx.fencePassed()
                                                ? "its reader saw Ping %d, which was sent behind them"
                                                        .formatted(rx.lastPingAfter())
                                                : "its reader did not see the Ping behind them (it saw %d, that was %d)"
                                                        .formatted(rx.lastPingAfter(), rx.fence())),
                        0,
                        Exhibit.HEARTBEATS)
                : new Unknown(countersMissing(o));
    }

    private static String countersMissing(Observations o) {
        return o.rx().contradiction() != null
                ? "counters of the agent that can be believed: update the agent"
                : "the agent's counters from before and after a command text: diagnose for longer than two of its heartbeat"
                        + " intervals";
    }

    static Answer textsReadOrTcpUnknown(Observations o) {
        if (o.since().replies() > 0) {
            return echoAnswered(o);
        }
        if (o.since().acks() > 0) {
            return new Yes(
                    "texts are still read: %s came since"
                            .formatted(count(o.since().acks(), "ack")),
                    o.since().acks(),
                    Exhibit.ACKS);
        }
        if (o.rx().textRose() || o.rx().parseErrorsRose()) {
            return new Yes(
                    "texts are still read: the agent's own counter rose by %d".formatted(o.rx().textRise()),
                    o.rx().textRise(),
                    Exhibit.HEARTBEATS);
        }
        return o.tcp().known()
                ? new No("nothing shows that texts are still read, and the kernel's view is known", 0, Exhibit.NONE)
                : new Yes(
                        "whether the bytes reached the other end is not known: there is no view of the kernel",
                        0,
                        Exhibit.NONE);
    }

    static Answer tcpNotAcked(Observations o) {
        Tcp tcp = o.tcp();
        if (!tcp.known()) {
            return new Unknown(kernelMissing());
        }
        if (tcp.zeroWindow()) {
            return new No(
                    "the TCP of %s answers that its buffer is full: the network works and nobody reads"
                            .formatted(hop(o)),
                    1,
                    Exhibit.NONE);
        }
        return tcp.acked() || tcp.progress() || tcp.unackedBytes() == 0
                ? new No("the TCP of %s acknowledged what was written".formatted(hop(o)), 1, Exhibit.NONE)
                : new Yes(
                        "the TCP of %s did not acknowledge what was written: %d bytes unacknowledged, %s"
                                .formatted(hop(o), tcp.unackedBytes(), count(tcp.retransmits(), "retransmit")),
                        tcp.unackedBytes(),
                        Exhibit.NONE);
    }

    static Answer tcpAcked(Observations o) {
        Tcp tcp = o.tcp();
        if (!tcp.known()) {
            return new Unknown(kernelMissing());
        }
        if (tcp.zeroWindow()) {
            return new Yes(
                    "the TCP of %s acknowledged bytes until its buffer was full, and says that nobody empties it"
                            .formatted(hop(o)),
                    1,
                    Exhibit.NONE);
        }
        return tcp.acked()
                ? new Yes("the TCP of %s acknowledged everything that was written".formatted(hop(o)), 1, Exhibit.NONE)
                : new No("the TCP of %s did not acknowledge all that was written".formatted(hop(o)), 0, Exhibit.NONE);
    }

    private static String kernelMissing() {
        return "the kernel's view of the socket: it is there on Linux, while the connection is open";
    }

    // ---- configuration

    static Answer configPushed(Observations o) {
        return o.configured().updated()
                ? new Yes(
                        "a configuration was pushed on this connection after its login and before the command",
                        1,
                        Exhibit.CONFIGS)
                : new No(
                        "no configuration was pushed on this connection between its login and the command",
                        0,
                        Exhibit.NONE);
    }

    static Answer ackedBeforeConfig(Observations o) {
        int before = o.configured().acksBefore();
        return before > 0
                ? new Yes("%s on this connection before that".formatted(count(before, "ack")), before, Exhibit.NONE)
                : new No("nothing had been acknowledged on this connection before", 0, Exhibit.NONE);
    }

    static Answer configNotApplied(Observations o) {
        String refused = o.configured().refused();
        if (refused != null) {
            return new Yes("the agent said that it did not apply it: " + Quoted.of(refused), 1, Exhibit.CONFIGS);
        }
        return o.configured().acknowledged()
                ? new No("the agent said that it applied the configuration", 1, Exhibit.CONFIGS)
                : new Yes("no ConfigAck came for it", 0, Exhibit.CONFIGS);
    }

    // ---- words

    static String hop(Observations o) {
        return o.line() == null || o.line().proxy() == null
                ? "the next hop"
                : "the proxy " + o.line().proxy();
    }

    static String seconds(long ms) {
        return ms < 10_000 ? String.format(Locale.ROOT, "%.3f s", ms / 1000.0) : ms / 1000 + " s";
    }

    static String count(long n, String what) {
        return n + " " + what + (n == 1 ? "" : "s");
    }

    private static String was(long n, String what) {
        return count(n, what) + (n == 1 ? " was" : " were");
    }

    private static String times(long n) {
        return n == 1 ? "once" : n + " times";
    }
}
