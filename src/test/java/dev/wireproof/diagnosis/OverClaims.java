package dev.wireproof.diagnosis;

import dev.wireproof.diagnosis.Observations.Counts;
import dev.wireproof.diagnosis.Observations.Fate;
import dev.wireproof.diagnosis.Observations.Outgoing;
import dev.wireproof.diagnosis.Observations.Rx;
import dev.wireproof.diagnosis.Observations.Since;

/**
 * An over-claim is a verdict whose required evidence is absent. This says what each requires, straight from the table and without any of the
 * rules' own code, so that a mistake in them shows.
 */
final class OverClaims {
    private OverClaims() {}

    /** @return what is missing for that verdict; empty when nothing is */
    static String of(Verdict verdict, Observations o) {
        Counts c = o.counts();
        Since s = o.since();
        Fate f = o.fate();
        Outgoing out = o.outgoing();
        boolean silence = f.written() > 0
                && f.ackMs() == null
                && s.watchedMs() >= o.waits().ackMs();
        boolean kept = o.doubts().shed() == 0;
        boolean noPong = s.pings() > 0 && s.pongs() == 0;
        boolean read = s.read() > 0;
        boolean honest = o.rx().told() && honest(o.rx());
        long rise = o.rx().textAfter() - o.rx().textBefore();
        long errors = o.rx().parseErrorsAfter() - o.rx().parseErrorsBefore();
        boolean rose = honest && (rise > 0 || errors > 0);
        boolean flat = honest && rise == 0 && errors == 0 && o.rx().writtenBetween() > 0;
        return switch (verdict) {
            case AGENT_OFFLINE -> need(o.line() == null, "no live connection");
            case IDENTITY_CONFLICT ->
                need(o.elsewhere().returns() > 0 || o.elsewhere().conflictSince() != null, "returns");
            case SPLIT_SESSION -> need(o.elsewhere().staleFrames() > 0, "frames on another connection");
            case SERVER_NOT_WRITING ->
                need(
                        out.waiting() > 0
                                && out.startedMeanwhile() == 0
                                && !out.writing()
                                && !gaveUp(o)
                                && out.heartbeatsMeanwhile() > 0,
                        "frames that wait, no write, heartbeats");
            case SERVER_WRITE_FAILED -> need(out.writeError() != null, "a write error");
            case SERVER_WRITE_STALLED ->
                need(
                        (out.stuckMs() >= o.waits().stallMs() || gaveUp(o))
                                && (!o.tcp().known()
                                        || (!o.tcp().progress()
                                                && o.tcp().unackedBytes()
                                                                + o.tcp().unsentBytes()
                                                        > 0)),
                        "a write without progress");
            case AGENT_REJECTS_COMMAND -> need(f.answer() != null, "a nack");
            case COMMAND_SPECIFIC -> need(kept && silence && f.otherAcks() > 0, "silence, and acks of others");
            case ACKED_NO_RESULT ->
                need(kept && f.ackMs() != null && f.resultOverdue() && !f.result(), "an ack and an overdue result");
            case AGENT_SLOW_ACK ->
                need(
                        f.ackMs() != null
                                && (f.offeredAgain() || f.ackMs() > o.waits().ackMs()),
                        "a late ack");
            case HEALTHY -> need(f.ackMs() != null && !f.offeredAgain(), "an ack in time");
            case OUTBOUND_PATH_LOST ->
                need(
                        kept
                                && silence
                                && noPong
                                && s.replies() == 0
                                && s.inbound() > 0
                                && o.tcp().known()
                                && !o.tcp().acked()
                                && !o.tcp().zeroWindow(),
                        "inbound, written, not acknowledged by TCP, no Pong, no reply");
            case PEER_NOT_READING ->
                need(
                        kept
                                && silence
                                && noPong
                                && s.replies() == 0
                                && s.acks() == 0
                                && o.tcp().known()
                                && (o.tcp().acked() || o.tcp().zeroWindow())
                                && !rose,
                        "acknowledged by TCP, and silent");
            case PINGS_UNANSWERED ->
                need(
                        kept
                                && noPong
                                && (s.replies() > 0
                                        || s.acks() > 0
                                        || rose
                                        || !o.tcp().known()),
                        "unanswered Pings, texts read or TCP unknown");
            case COMMAND_HANDLER_STUCK ->
                need(kept && silence && s.acks() == 0 && s.replies() > 0, "an Echo reply and silence");
            case CONFIG_SUSPECT ->
                need(
                        kept
                                && silence
                                && s.acks() == 0
                                && o.configured().updated()
                                && o.configured().acksBefore() > 0
                                && (!o.configured().acknowledged()
                                        || o.configured().refused() != null),
                        "acks before a configuration, none since");
            case AGENT_TEXT_UNPARSED -> need(kept && silence && s.acks() == 0 && read && rose, "read, and counted");
            case PATH_TEXT_LOSS -> need(kept && silence && s.acks() == 0 && read && flat, "read, and not counted");
            case AGENT_NOT_PROCESSING_TEXT ->
                need(kept && silence && s.acks() == 0 && read && c.n() == 0 && f.answer() == null, "read, and silent");
            case INCONCLUSIVE -> "";
            case PERSISTENT_AFTER_RECONNECT, CURED_BY_RECONNECT -> "two connections";
        };
    }

    private static boolean honest(Rx rx) {
        return rx.textBefore() >= 0
                && rx.textAfter() >= rx.textBefore()
                && rx.parseErrorsBefore() >= 0
                && rx.parseErrorsAfter() >= rx.parseErrorsBefore()
                && rx.lastPingAfter() >= rx.lastPingBefore()
                && rx.lastPingAfter() <= rx.highestPing()
                && rx.textAfter() - rx.textBefore() <= rx.writtenAtMost()
                && rx.parseErrorsAfter() - rx.parseErrorsBefore() <= rx.writtenAtMost();
    }

    private static String need(boolean present, String what) {
        return present ? "" : what;
    }

    private static boolean gaveUp(Observations o) {
        Observations.Line line = o.line();
        return line != null && line.ended() != null && line.ended().reason().startsWith("write stall");
    }
}
