package dev.wireproof.diagnosis;

import dev.wireproof.diagnosis.Observations.Configured;
import dev.wireproof.diagnosis.Observations.Counts;
import dev.wireproof.diagnosis.Observations.Doubts;
import dev.wireproof.diagnosis.Observations.Elsewhere;
import dev.wireproof.diagnosis.Observations.Ended;
import dev.wireproof.diagnosis.Observations.Fate;
import dev.wireproof.diagnosis.Observations.Line;
import dev.wireproof.diagnosis.Observations.Outgoing;
import dev.wireproof.diagnosis.Observations.Rx;
import dev.wireproof.diagnosis.Observations.Since;
import dev.wireproof.diagnosis.Observations.Tcp;
import dev.wireproof.diagnosis.Observations.Waits;
import dev.wireproof.id.ConnectionId;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Observations made by hand: a connection on which nothing happened yet, changed part by part. */
record Seen(Observations now) {
    static final ConnectionId CONNECTION = new ConnectionId(new UUID(1, 1));
    static final Instant OPENED = Instant.parse("2026-03-29T00:59:59.000001Z");
    static final Waits WAITS = new Waits(5_000, 10_000, 15_000);

    static Seen line() {
        return line(null);
    }

    static Seen line(@Nullable String proxy) {
        return new Seen(new Observations(
                new Line(CONNECTION, OPENED, proxy, null),
                null,
                Counts.NONE,
                Since.NOTHING,
                Fate.NONE,
                Outgoing.NOTHING_WAITS,
                Rx.ABSENT,
                Tcp.UNKNOWN,
                Elsewhere.NOTHING,
                Configured.AT_LOGIN_ONLY,
                Doubts.NONE,
                WAITS));
    }

    /** The same on a connection that ended so. */
    Seen ended(String reason) {
        Line open = Objects.requireNonNull(now.line());
        return new Seen(new Observations(
                new Line(
                        open.id(),
                        open.openedAt(),
                        open.proxy(),
                        new Ended(open.openedAt().plusSeconds(60), null, reason)),
                now.lastSeen(),
                now.counts(),
                now.since(),
                now.fate(),
                now.outgoing(),
                now.rx(),
                now.tcp(),
                now.elsewhere(),
                now.configured(),
                now.doubts(),
                now.waits()));
    }

    /** A command was written and read past by whoever answers Pings, and for so long nothing came back: the founding question. */
    static Seen deaf(long watchedMs) {
        return line().counts(new Counts(6, 6, 3, 0, 0, 0, 1, 0, 4))
                .since(new Since(watchedMs, 5, watchedMs, 5, 3, 0, 0, 9))
                .fate(new Fate(3, null, false, null, false, false, 0));
    }

    /** As {@link #deaf}, and no Ping was answered. */
    static Seen silent(long watchedMs) {
        return deaf(watchedMs)
                .counts(new Counts(6, 0, 3, 0, 0, 0, 1, 0, 4))
                .since(new Since(watchedMs, 5, watchedMs, 0, 0, 0, 0, 4));
    }

    /** Acknowledged after so many milliseconds. */
    static Seen acked(long ackMs) {
        return line().counts(new Counts(2, 2, 1, 0, 1, 0, 1, 1, 0))
                .since(new Since(ackMs + 1_000, 1, ackMs + 1_000, 1, 1, 1, 1, 4))
                .fate(new Fate(1, ackMs, false, null, true, false, 0));
    }

    static Rx rx(long textRise, long parseErrorRise, int written, boolean fencePassed) {
        return new Rx(
                true,
                4,
                4 + textRise,
                0,
                parseErrorRise,
                3,
                fencePassed ? 9 : 3,
                written,
                written + 1,
                8,
                9,
                null,
                false);
    }

    Judgement judge() {
        return Rules.judge(now);
    }

    Verdict verdict() {
        return judge().verdict();
    }

    Seen counts(Counts counts) {
        return with(now.line(), counts, now.since(), now.fate(), now.outgoing(), now.rx(), now.tcp());
    }

    Seen since(Since since) {
        return with(now.line(), now.counts(), since, now.fate(), now.outgoing(), now.rx(), now.tcp());
    }

    Seen fate(Fate fate) {
        return with(now.line(), now.counts(), now.since(), fate, now.outgoing(), now.rx(), now.tcp());
    }

    Seen outgoing(Outgoing outgoing) {
        return with(now.line(), now.counts(), now.since(), now.fate(), outgoing, now.rx(), now.tcp());
    }

    Seen rx(Rx rx) {
        return with(now.line(), now.counts(), now.since(), now.fate(), now.outgoing(), rx, now.tcp());
    }

    Seen tcp(Tcp tcp) {
        return with(now.line(), now.counts(), now.since(), now.fate(), now.outgoing(), now.rx(), tcp);
    }

    Seen tcpAcked() {
        return tcp(new Tcp(true, true, 0, 0, false, 0, false));
    }

    Seen tcpLost() {
        return tcp(new Tcp(true, false, 420, 0, false, 4, false));
    }

    private Seen with(@Nullable Line line, Counts counts, Since since, Fate fate, Outgoing outgoing, Rx rx, Tcp tcp) {
        return new Seen(new Observations(
                line,
                now.lastSeen(),
                counts,
                since,
                fate,
                outgoing,
                rx,
                tcp,
                now.elsewhere(),
                now.configured(),
                now.doubts(),
                now.waits()));
    }

    Seen offline() {
        return with(null, now.counts(), now.since(), now.fate(), now.outgoing(), now.rx(), now.tcp());
    }

    Seen elsewhere(Elsewhere elsewhere) {
        return rest(elsewhere, now.configured(), now.doubts());
    }

    Seen configured(Configured configured) {
        return rest(now.elsewhere(), configured, now.doubts());
    }

    Seen shed(long frames) {
        return rest(
                now.elsewhere(),
                now.configured(),
                new Doubts(frames, now.doubts().forgedPongs(), List.of()));
    }

    Seen forgedPongs(int pongs) {
        return rest(now.elsewhere(), now.configured(), new Doubts(0, pongs, List.of()));
    }

    Seen impossible(String what) {
        return rest(now.elsewhere(), now.configured(), new Doubts(0, 0, List.of(what)));
    }

    Seen rest(Elsewhere elsewhere, Configured configured, Doubts doubts) {
        return new Seen(new Observations(
                now.line(),
                now.lastSeen(),
                now.counts(),
                now.since(),
                now.fate(),
                now.outgoing(),
                now.rx(),
                now.tcp(),
                elsewhere,
                configured,
                doubts,
                now.waits()));
    }
}
