package dev.wireproof.diagnosis;

import dev.wireproof.command.AttemptView;
import dev.wireproof.diagnosis.Observations.Configured;
import dev.wireproof.diagnosis.Observations.Counts;
import dev.wireproof.diagnosis.Observations.Doubts;
import dev.wireproof.diagnosis.Observations.Ended;
import dev.wireproof.diagnosis.Observations.Fate;
import dev.wireproof.diagnosis.Observations.Nack;
import dev.wireproof.diagnosis.Observations.Outgoing;
import dev.wireproof.diagnosis.Observations.Rx;
import dev.wireproof.diagnosis.Observations.Since;
import dev.wireproof.diagnosis.Observations.Tcp;
import dev.wireproof.id.CommandId;
import dev.wireproof.telemetry.Direction;
import dev.wireproof.telemetry.FrameRecord;
import dev.wireproof.telemetry.HeartbeatRow;
import dev.wireproof.telemetry.Opcode;
import dev.wireproof.telemetry.SeenFrame;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Counts what is in a {@link Scene}. Pure. What the agent says is taken as said; what is impossible in it is told as such and never mended.
 */
final class Reading {
    private static final long NONE = FrameRecord.NONE;
    private static final long MS = 1_000_000L;
    private static final long SECOND = 1_000 * MS;
    /** A reply so shortly before the command shows that the handler was alive when the command came. */
    private static final long JUST_BEFORE_NS = 10 * SECOND;
    /** What an agent may need beyond a command's own time before it must have told its end. */
    private static final long RESULT_SLACK_NS = 5 * SECOND;
    /** So long without a single Ping, while one is due each 5 s. */
    private static final long PINGS_DUE_NS = 30 * SECOND;
    /** Routine texts before the window that may not have been kept as rows. */
    private static final int UNKEPT_TEXTS = 3;

    private static final int COPIED = 20;

    /** What of a failed write is the other end's doing, or follows from the connection's own end. */
    private static final List<String> OTHER_END = List.of(
            "closed",
            "eof",
            "reset",
            "broken pipe",
            "disconnect",
            "timeout",
            "closechannel",
            "stopped",
            "websocketexception");

    private final Scene scene;
    private final List<SeenFrame> frames;
    private final Map<Exhibit, List<SeenFrame>> exhibits = new EnumMap<>(Exhibit.class);
    private final List<String> impossible = new ArrayList<>();
    private final long firstWriteNs;
    private final long sinceNs;

    /** @param exhibits at most 20 frames of each kind, the newest */
    record Result(Observations observations, Map<Exhibit, List<SeenFrame>> exhibits) {}

    private Reading(Scene scene) {
        this.scene = scene;
        this.frames = scene.frames().stream()
                .sorted(Comparator.comparingLong(seen -> seen.frame().seq()))
                .toList();
        this.firstWriteNs = commandTexts().stream()
                .filter(f -> f.writtenNs() >= scene.fromNs())
                .mapToLong(FrameRecord::writtenNs)
                .min()
                .orElse(NONE);
        this.sinceNs = firstWriteNs == NONE ? scene.fromNs() : firstWriteNs;
    }

    static Result of(Scene scene) {
        Reading reading = new Reading(scene);
        Observations observations = reading.observe();
        return new Result(observations, reading.exhibits);
    }

    private Observations observe() {
        Counts counts = counts();
        Fate fate = fate();
        Since since = since();
        Outgoing outgoing = outgoing();
        Rx rx = rx();
        Configured configured = configured();
        exhibits.put(Exhibit.STALE, scene.stale());
        int forged = (int) in(Opcode.PONG).filter(f -> f.pongOf() == NONE).count();
        return new Observations(
                scene.line(),
                null,
                counts,
                since,
                fate,
                outgoing,
                rx,
                tcp(),
                scene.elsewhere(),
                configured,
                new Doubts(scene.shed(), forged, impossible),
                scene.waits());
    }

    // ---- selections

    private java.util.stream.Stream<FrameRecord> everything() {
        return frames.stream().map(SeenFrame::frame);
    }

    private java.util.stream.Stream<FrameRecord> window() {
        return frames.stream().map(SeenFrame::frame).filter(f -> f.atNs() >= scene.fromNs());
    }

    private java.util.stream.Stream<FrameRecord> in(Opcode opcode) {
        return window().filter(f -> f.direction() == Direction.IN && f.opcode() == opcode);
    }

    private java.util.stream.Stream<FrameRecord> in(String type) {
        return in(Opcode.TEXT).filter(f -> type.equals(f.type()) && f.error() == null);
    }

    /** An ack of a command that was never offered to this agent is none. */
    private java.util.stream.Stream<FrameRecord> acks() {
        return in("CommandAck")
                .filter(f -> f.commandId() != null && scene.offered().contains(f.commandId()));
    }

    private java.util.stream.Stream<FrameRecord> out(Opcode opcode) {
        return window().filter(f -> f.direction() == Direction.OUT && f.opcode() == opcode);
    }

    private static boolean written(FrameRecord frame) {
        return frame.writtenNs() != NONE && frame.error() == null;
    }

    /** Texts of the judged command, all of this connection. */
    private List<FrameRecord> commandTexts() {
        CommandId subject = scene.subject();
        return subject == null
                ? List.of()
                : frames.stream()
                        .map(SeenFrame::frame)
                        .filter(f -> f.direction() == Direction.OUT
                                && "Command".equals(f.type())
                                && subject.equals(f.commandId()))
                        .toList();
    }

    private boolean ofSubject(FrameRecord frame) {
        return scene.subject() != null && scene.subject().equals(frame.commandId());
    }

    private void exhibit(Exhibit kind, Predicate<FrameRecord> wanted) {
        exhibitOfAll(kind, frame -> frame.atNs() >= scene.fromNs() && wanted.test(frame));
    }

    private void exhibitOfAll(Exhibit kind, Predicate<FrameRecord> wanted) {
        List<SeenFrame> found =
                frames.stream().filter(seen -> wanted.test(seen.frame())).toList();
        exhibits.put(kind, found.subList(Math.max(0, found.size() - COPIED), found.size()));
    }

    private static boolean isIn(FrameRecord frame, String type) {
        return frame.direction() == Direction.IN && type.equals(frame.type());
    }

    private static boolean isOut(FrameRecord frame, String type) {
        return frame.direction() == Direction.OUT && type.equals(frame.type());
    }

    // ---- the contract's letters

    private Counts counts() {
        Set<Long> pings = new HashSet<>();
        out(Opcode.PING).filter(Reading::written).forEach(f -> pings.add(f.fenceSeq()));
        int pongs =
                (int) in(Opcode.PONG).filter(f -> pings.contains(f.pongOf())).count();
        long stuckSince = scene.endNs() - SECOND;
        int failed = (int) everything()
                .filter(f -> f.direction() == Direction.OUT && f.opcode() == Opcode.TEXT)
                .filter(f -> f.writeStartedNs() != NONE && !written(f))
                .filter(f -> f.error() != null || f.writeStartedNs() < stuckSince)
                .count();
        int echoes = (int) out(Opcode.TEXT)
                .filter(f -> "Echo".equals(f.type()) && written(f))
                .count();
        exhibit(Exhibit.PINGS, f -> f.direction() == Direction.OUT && f.opcode() == Opcode.PING);
        exhibit(Exhibit.PONGS, f -> f.direction() == Direction.IN && f.opcode() == Opcode.PONG && f.pongOf() != NONE);
        exhibit(Exhibit.COMMANDS, f -> isOut(f, "Command") && ofSubject(f));
        exhibit(Exhibit.ACKS, f -> isIn(f, "CommandAck"));
        exhibit(Exhibit.NACKS, f -> isIn(f, "CommandNack") || isIn(f, "ProtocolError"));
        exhibit(Exhibit.RESULTS, f -> isIn(f, "CommandResult") && ofSubject(f));
        exhibit(Exhibit.ECHOES, f -> isOut(f, "Echo"));
        exhibit(Exhibit.REPLIES, f -> isIn(f, "EchoReply"));
        exhibit(Exhibit.HEARTBEATS, f -> isIn(f, "Heartbeat"));
        return new Counts(
                (int) out(Opcode.PING).filter(Reading::written).count(),
                pongs,
                (int) out(Opcode.TEXT)
                        .filter(f -> "Command".equals(f.type()) && written(f))
                        .count(),
                failed,
                (int) acks().count(),
                (int) (in("CommandNack").count() + in("ProtocolError").count()),
                echoes,
                Math.min(echoes, (int) in("EchoReply").count()),
                (int) in("Heartbeat").count());
    }

    // ---- the judged command

    private Fate fate() {
        List<FrameRecord> texts =
                commandTexts().stream().filter(Reading::written).toList();
        long ackNs = in("CommandAck")
                .filter(this::ofSubject)
                .mapToLong(FrameRecord::receivedNs)
                .min()
                .orElse(NONE);
        if (ackNs != NONE && (firstWriteNs == NONE || ackNs < firstWriteNs)) {
            boolean writtenElsewhere = scene.attempts().stream()
                    .anyMatch(a -> !a.connectionId().equals(scene.line().id()) && a.writeStartedNs() != null);
            boolean inWriting = commandTexts().stream().anyMatch(f -> f.writeStartedNs() != NONE);
            if (!inWriting) {
                impossible.add(
                        writtenElsewhere
                                ? "an ack came on this connection for a command that was only ever written on an earlier one"
                                : "an ack came for a command before any write of it was completed");
            }
            ackNs = firstWriteNs == NONE ? NONE : firstWriteNs;
        }
        long acked = ackNs;
        boolean again =
                acked != NONE && texts.stream().anyMatch(f -> f.writtenNs() > firstWriteNs && f.writtenNs() < acked);
        Nack nack = nack(lastAckNs());
        boolean result = scene.resultKnown() || in("CommandResult").anyMatch(this::ofSubject);
        boolean overdue =
                acked != NONE && !result && scene.endNs() - acked > scene.timeoutS() * SECOND + RESULT_SLACK_NS;
        return new Fate(
                (int) texts.stream()
                        .filter(f -> f.writtenNs() >= scene.fromNs())
                        .count(),
                acked == NONE ? null : (Long) ((acked - firstWriteNs) / MS),
                again,
                nack,
                result,
                overdue,
                othersAcked());
    }

    private long lastAckNs() {
        return in("CommandAck")
                .filter(this::ofSubject)
                .mapToLong(FrameRecord::receivedNs)
                .max()
                .orElse(NONE);
    }

    private @Nullable Nack nack(long lastAckNs) {
        for (AttemptView attempt : scene.attempts().reversed()) {
            Long answered = attempt.answeredNs();
            if (attempt.nackCode() != null
                    && answered != null
                    && scene.line().id().equals(attempt.answeredOn())
                    && answered >= scene.fromNs()
                    && answered > lastAckNs) {
                return new Nack(attempt.nackCode(), attempt.nackMessage() == null ? "" : attempt.nackMessage());
            }
        }
        Set<String> ours = new HashSet<>();
        commandTexts().forEach(f -> {
            if (f.sha256() != null) {
                ours.add(f.sha256());
            }
        });
        for (AgentFaults.Fault fault : scene.faults().reversed()) {
            if (fault.sha256() != null && ours.contains(fault.sha256()) && fault.receivedNs() > lastAckNs) {
                return new Nack("protocol error " + fault.code(), fault.message());
            }
        }
        return null;
    }

    /** Acks of commands that were written after the judged one: it was overtaken. */
    private int othersAcked() {
        if (firstWriteNs == NONE) {
            return 0;
        }
        Map<CommandId, Long> writtenAt = new HashMap<>();
        for (SeenFrame seen : frames) {
            FrameRecord f = seen.frame();
            if (isOut(f, "Command") && f.commandId() != null && written(f)) {
                writtenAt.merge(f.commandId(), f.writtenNs(), Math::min);
            }
        }
        Set<CommandId> acked = new HashSet<>();
        in("CommandAck").forEach(f -> {
            CommandId other = f.commandId();
            Long written = other == null || ofSubject(f) ? null : writtenAt.get(other);
            if (other != null && written != null && written > firstWriteNs && f.receivedNs() > written) {
                acked.add(other);
            }
        });
        return acked.size();
    }

    private Since since() {
        List<FrameRecord> pings = out(Opcode.PING)
                .filter(f -> written(f) && f.writeStartedNs() >= sinceNs)
                .toList();
        long lowest = pings.stream().mapToLong(FrameRecord::fenceSeq).min().orElse(Long.MAX_VALUE);
        long oldest = pings.stream().mapToLong(FrameRecord::writtenNs).min().orElse(scene.endNs());
        long highestPong = in(Opcode.PONG).mapToLong(FrameRecord::pongOf).max().orElse(NONE);
        long pongs = in(Opcode.PONG).filter(f -> f.pongOf() >= lowest).count();
        long read = commandTexts().stream()
                .filter(f ->
                        written(f) && f.writtenNs() >= sinceNs && f.fenceSeq() != NONE && f.fenceSeq() <= highestPong)
                .count();
        long from = Math.max(scene.fromNs(), sinceNs - JUST_BEFORE_NS);
        long asked = out(Opcode.TEXT)
                .filter(f -> "Echo".equals(f.type()) && written(f) && f.writtenNs() >= from - JUST_BEFORE_NS)
                .count();
        long replies = in("EchoReply").filter(f -> f.receivedNs() >= from).count();
        return new Since(
                Math.max(0, scene.endNs() - sinceNs) / MS,
                pings.size(),
                Math.max(0, scene.endNs() - oldest) / MS,
                (int) pongs,
                (int) read,
                (int) Math.min(asked, replies),
                (int) acks().filter(f -> f.receivedNs() >= sinceNs).count(),
                (int) window().filter(f -> f.direction() == Direction.IN && f.receivedNs() >= sinceNs)
                        .count());
    }

    // ---- our own side

    private Outgoing outgoing() {
        List<FrameRecord> waiting = everything()
                .filter(f -> f.direction() == Direction.OUT && f.opcode() != Opcode.CLOSE && f.writeStartedNs() == NONE)
                .toList();
        List<FrameRecord> unfinished = everything()
                .filter(f -> f.direction() == Direction.OUT && f.writeStartedNs() != NONE && !written(f))
                .toList();
        long oldest = waiting.stream().mapToLong(FrameRecord::enqueuedNs).min().orElse(NONE);
        int count = waiting.size();
        boolean pingsDue = scene.traced()
                && count == 0
                && scene.endNs() - scene.fromNs() > PINGS_DUE_NS
                && out(Opcode.PING).findAny().isEmpty();
        if (pingsDue) {
            oldest = scene.fromNs();
            count = 1;
        }
        long waitingSince = oldest;
        @Nullable
        FrameRecord stuck = unfinished.stream()
                .filter(f -> f.opcode() == Opcode.TEXT)
                .min(Comparator.comparingLong(FrameRecord::writeStartedNs))
                .orElse(null);
        exhibitOfAll(
                Exhibit.WAITING,
                f -> f.direction() == Direction.OUT && f.writeStartedNs() == NONE && f.opcode() != Opcode.CLOSE);
        exhibitOfAll(Exhibit.STUCK, f -> f.direction() == Direction.OUT && f.writeStartedNs() != NONE && !written(f));
        exhibit(Exhibit.FAILED, f -> f.direction() == Direction.OUT && f.writeStartedNs() != NONE && f.error() != null);
        return new Outgoing(
                count,
                waitingSince == NONE ? 0 : Math.max(0, scene.endNs() - waitingSince) / MS,
                waitingSince == NONE
                        ? 0
                        : (int) everything()
                                .filter(f -> f.direction() == Direction.OUT && f.writeStartedNs() > waitingSince)
                                .count(),
                waitingSince == NONE
                        ? 0
                        : (int) in("Heartbeat")
                                .filter(f -> f.receivedNs() > waitingSince)
                                .count(),
                !unfinished.isEmpty(),
                stuck == null ? 0 : Math.max(1, (scene.endNs() - stuck.writeStartedNs()) / MS),
                stuck == null ? 0 : (int) Math.min(Integer.MAX_VALUE, stuck.bytes()),
                ownError());
    }

    private @Nullable String ownError() {
        Ended ended = scene.line().ended();
        return window().filter(f -> f.direction() == Direction.OUT && f.writeStartedNs() != NONE && f.error() != null)
                .filter(f -> ended == null || ended.code() == null || f.writeStartedNs() < scene.endNs())
                .map(FrameRecord::error)
                .filter(error -> error != null && ours(error) && !closedByUs(ended))
                .findFirst()
                .orElse(null);
    }

    private static boolean ours(String error) {
        String lower = error.toLowerCase(java.util.Locale.ROOT);
        return OTHER_END.stream().noneMatch(lower::contains);
    }

    /** A write that we cut off ourselves, by an eviction, did not fail by itself. */
    private static boolean closedByUs(@Nullable Ended ended) {
        return ended != null && ended.code() != null;
    }

    /** Of an ended connection the kernel tells nothing any more, and the newest offer's own rung may still do. */
    private Tcp tcp() {
        if (scene.tcp().known()) {
            return scene.tcp();
        }
        List<AttemptView> written = scene.attempts().stream()
                .filter(a -> a.connectionId().equals(scene.line().id()) && a.writtenNs() != null)
                .toList();
        return !written.isEmpty() && written.getLast().tcpAckedNs() != null
                ? new Tcp(true, true, 0, 0, false, 0, false)
                : Tcp.UNKNOWN;
    }

    // ---- the agent's counters

    private Rx rx() {
        List<HeartbeatRow> beats = scene.heartbeats().stream()
                .filter(h -> h.connectionId().equals(scene.line().id()))
                .filter(h -> h.receivedNs() <= scene.endNs())
                .sorted(Comparator.comparingLong(HeartbeatRow::receivedNs))
                .toList();
        if (beats.size() < 2) {
            return Rx.ABSENT;
        }
        HeartbeatRow before = beats.stream()
                .filter(h -> firstWriteNs != NONE && h.receivedNs() < firstWriteNs)
                .reduce((_, later) -> later)
                .orElse(beats.getFirst());
        HeartbeatRow after = beats.getLast();
        if (before == after) {
            return Rx.ABSENT;
        }
        List<FrameRecord> texts = new ArrayList<>();
        List<FrameRecord> pings = new ArrayList<>();
        long highestPong = NONE;
        long highestPing = 0;
        Set<String> hashes = new HashSet<>();
        for (SeenFrame seen : frames) {
            FrameRecord f = seen.frame();
            if (f.direction() == Direction.IN) {
                if (f.opcode() == Opcode.PONG && f.receivedNs() < after.receivedNs()) {
                    highestPong = Math.max(highestPong, f.pongOf());
                }
            } else if (f.opcode() == Opcode.PING && f.writeStartedNs() != NONE) {
                highestPing = Math.max(highestPing, f.fenceSeq());
                pings.add(f);
            } else if (f.opcode() == Opcode.TEXT && f.writeStartedNs() != NONE) {
                texts.add(f);
                if (f.sha256() != null) {
                    hashes.add(f.sha256());
                }
            }
        }
        int between = 0;
        int atMost = UNKEPT_TEXTS;
        long fence = NONE;
        for (FrameRecord text : texts) {
            if (text.writeStartedNs() <= after.receivedNs()) {
                atMost += text.writeStartedNs() > before.receivedNs() - 60 * SECOND ? 1 : 0;
                long next = pings.stream()
                        .filter(p -> p.writeStartedNs() >= text.writeStartedNs())
                        .mapToLong(FrameRecord::fenceSeq)
                        .min()
                        .orElse(Long.MAX_VALUE);
                if (text.writeStartedNs() > before.receivedNs() && written(text) && next <= highestPong) {
                    between++;
                    fence = Math.max(fence, next);
                }
            }
        }
        HeartbeatRow.LastError error = after.lastError();
        boolean newError = error != null
                && (before.lastError() == null || !before.lastError().equals(error));
        return new Rx(
                true,
                before.rxText(),
                after.rxText(),
                before.rxParseErrors(),
                after.rxParseErrors(),
                before.rxLastPingSeq(),
                after.rxLastPingSeq(),
                between,
                atMost,
                fence,
                Math.max(highestPing, before.rxLastPingSeq()),
                newError && error != null ? error.message() : null,
                newError && error != null && hashes.contains(error.sha256()));
    }

    // ---- configuration

    private Configured configured() {
        List<SeenFrame> pushed = scene.configs().stream()
                .filter(seen -> written(seen.frame()))
                .sorted(Comparator.comparingLong(seen -> seen.frame().writtenNs()))
                .toList();
        exhibits.put(Exhibit.CONFIGS, pushed);
        long last = pushed.stream()
                .skip(1) // that of the login
                .mapToLong(seen -> seen.frame().writtenNs())
                .filter(ns -> firstWriteNs != NONE && ns < firstWriteNs)
                .max()
                .orElse(NONE);
        if (last == NONE) {
            return Configured.AT_LOGIN_ONLY;
        }
        List<FrameRecord> acks = new ArrayList<>();
        scene.firstAcks().forEach(seen -> acks.add(seen.frame()));
        int before = (int) acks.stream().filter(f -> f.receivedNs() < last).count();
        boolean since = acks.stream().anyMatch(f -> f.receivedNs() >= last);
        boolean acknowledged =
                scene.configAcks().stream().anyMatch(seen -> seen.frame().receivedNs() >= last);
        return new Configured(!since, before, acknowledged && scene.configRefused() == null, scene.configRefused());
    }
}
