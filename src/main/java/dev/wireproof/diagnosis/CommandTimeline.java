package dev.wireproof.diagnosis;

import dev.wireproof.command.AttemptView;
import dev.wireproof.command.CommandView;
import dev.wireproof.command.Commands;
import dev.wireproof.command.TimelineEntry;
import dev.wireproof.id.CommandId;
import dev.wireproof.id.ConnectionId;
import dev.wireproof.telemetry.Direction;
import dev.wireproof.telemetry.FrameLog;
import dev.wireproof.telemetry.FrameRecord;
import dev.wireproof.telemetry.HeartbeatLog;
import dev.wireproof.telemetry.HeartbeatRow;
import dev.wireproof.telemetry.SeenFrame;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Everything about a command in one list: what the command room knows, the frames on its connections around it, the heartbeats of its agent,
 * and how far the agent's clock is off.
 *
 * <p>Order is the server's own: history by its number, and what happened on a connection by that connection's steady clock. Wall times only
 * decide between those sequences, so a clock that steps never turns one of them round.
 */
final class CommandTimeline {
    private static final Duration AROUND = Duration.ofSeconds(5);
    private static final Duration HEARTBEATS_AROUND = Duration.ofSeconds(60);
    private static final int MOST_FRAMES = 500;
    private static final int MOST_HEARTBEATS = 500;
    private static final int MOST_CONNECTIONS = 20;

    private final Commands commands;
    private final FrameLog frames;
    private final HeartbeatLog heartbeats;

    CommandTimeline(Commands commands, FrameLog frames, HeartbeatLog heartbeats) {
        this.commands = commands;
        this.frames = frames;
        this.heartbeats = heartbeats;
    }

    Optional<List<TimelineEntry>> of(CommandId id) {
        Optional<CommandView> found = commands.find(id);
        Optional<List<TimelineEntry>> own = commands.timeline(id);
        if (found.isEmpty() || own.isEmpty()) {
            return Optional.empty();
        }
        CommandView command = found.get();
        Map<String, List<TimelineEntry>> sequences = new LinkedHashMap<>();
        for (TimelineEntry entry : own.get()) {
            sequences.computeIfAbsent(sequenceOf(entry), _ -> new ArrayList<>()).add(entry);
        }
        List<SeenFrame> seen = framesAround(command);
        for (SeenFrame frame : seen) {
            sequences
                    .computeIfAbsent("on " + frame.connectionId(), _ -> new ArrayList<>())
                    .add(entry(frame));
        }
        for (HeartbeatRow beat : heartbeatsAround(command)) {
            sequences
                    .computeIfAbsent("on " + beat.connectionId(), _ -> new ArrayList<>())
                    .add(entry(beat));
        }
        sequences.forEach((name, entries) -> entries.sort(orderOf(name)));
        skew(command, seen).ifPresent(entry -> sequences.put("clock", List.of(entry)));
        return Optional.of(merged(new ArrayList<>(sequences.values())));
    }

    private static String sequenceOf(TimelineEntry entry) {
        if (entry.facts().get("n") != null) {
            return "history";
        }
        return entry.connectionId() == null || entry.atNs() == null ? "attempts" : "on " + entry.connectionId();
    }

    private static Comparator<TimelineEntry> orderOf(String sequence) {
        return switch (sequence) {
            case "history" ->
                Comparator.comparingLong(entry -> number(entry.facts().get("n")));
            case "attempts" ->
                Comparator.comparingLong(entry -> number(entry.facts().get("attempt")));
            default -> Comparator.comparingLong(entry -> entry.atNs() == null ? 0 : entry.atNs());
        };
    }

    private static long number(@Nullable Object value) {
        return value instanceof Number number ? number.longValue() : 0;
    }

    /** Each list in its own order; between lists the earlier wall time goes first. */
    static List<TimelineEntry> merged(List<List<TimelineEntry>> sequences) {
        int[] next = new int[sequences.size()];
        List<TimelineEntry> all = new ArrayList<>();
        while (true) {
            int best = -1;
            for (int i = 0; i < next.length; i++) {
                boolean left = next[i] < sequences.get(i).size();
                if (left
                        && (best < 0
                                || sequences
                                        .get(i)
                                        .get(next[i])
                                        .at()
                                        .isBefore(sequences
                                                .get(best)
                                                .get(next[best])
                                                .at()))) {
                    best = i;
                }
            }
            if (best < 0) {
                return all;
            }
            all.add(sequences.get(best).get(next[best]++));
        }
    }

    /** Frames that are about the command, and the control frames and echoes around its offers. */
    List<SeenFrame> framesAround(CommandView command) {
        Map<String, SeenFrame> found = new TreeMap<>();
        frames.ofCommand(command.id(), MOST_FRAMES).forEach(seen -> found.put(key(seen), seen));
        Set<ConnectionId> connections = new LinkedHashSet<>();
        command.attempts().forEach(attempt -> connections.add(attempt.connectionId()));
        connections.stream().limit(MOST_CONNECTIONS).forEach(connection -> {
            Span span = span(command, connection);
            frames.between(connection, span.from().minus(AROUND), span.to().plus(AROUND), MOST_FRAMES).stream()
                    .filter(seen -> seen.frame().commandId() == null
                            || command.id().equals(seen.frame().commandId()))
                    .filter(seen -> !"Heartbeat".equals(seen.frame().type()))
                    .forEach(seen -> found.put(key(seen), seen));
        });
        return List.copyOf(found.values());
    }

    private static String key(SeenFrame seen) {
        return "%s %019d".formatted(seen.connectionId(), seen.frame().seq());
    }

    private record Span(Instant from, Instant to) {}

    /** When this connection had to do with the command. */
    private static Span span(CommandView command, ConnectionId connection) {
        Instant from = Instant.MAX;
        Instant to = Instant.MIN;
        for (AttemptView attempt : command.attempts()) {
            if (attempt.connectionId().equals(connection)) {
                for (Long ns : new Long[] {
                    attempt.enqueuedNs(), attempt.writtenNs(), attempt.peerReadNs(), attempt.answeredNs()
                }) {
                    if (ns != null) {
                        Instant at = attempt.openedAt().plusNanos(ns);
                        from = at.isBefore(from) ? at : from;
                        to = at.isAfter(to) ? at : to;
                    }
                }
            }
        }
        return from.isAfter(to) ? new Span(command.createdAt(), command.createdAt()) : new Span(from, to);
    }

    List<HeartbeatRow> heartbeatsAround(CommandView command) {
        Instant to = command.endedAt() == null ? command.stateSince().plus(Duration.ofDays(1)) : command.endedAt();
        return heartbeats.ofAgent(
                command.agentId(),
                command.createdAt().minus(HEARTBEATS_AROUND),
                to.plus(HEARTBEATS_AROUND),
                MOST_HEARTBEATS);
    }

    private static TimelineEntry entry(SeenFrame seen) {
        FrameRecord f = seen.frame();
        boolean in = f.direction() == Direction.IN;
        String what = f.type() == null ? f.opcode().wireName() : Quoted.plain(f.type(), 64);
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("seq", f.seq());
        facts.put("direction", f.direction().wireName());
        facts.put("opcode", f.opcode().wireName());
        facts.put("bytes", f.bytes());
        put(facts, "fence_seq", f.fenceSeq());
        put(facts, "pong_of", f.pongOf());
        put(facts, "enqueued_ns", f.enqueuedNs());
        put(facts, "write_started_ns", f.writeStartedNs());
        put(facts, "written_ns", f.writtenNs());
        put(facts, "received_ns", f.receivedNs());
        if (f.type() != null) {
            facts.put("type", what);
        }
        if (f.error() != null) {
            facts.put("error", Quoted.plain(f.error(), 300));
        }
        if (f.sha256() != null) {
            facts.put("sha256", f.sha256());
        }
        String fate = in ? "came in" : f.writtenNs() != FrameRecord.NONE ? "was written" : "was not written in full";
        return new TimelineEntry("frame", seen.at(), seen.connectionId(), f.atNs(), what + " " + fate, facts);
    }

    private static void put(Map<String, Object> facts, String name, long value) {
        if (value != FrameRecord.NONE) {
            facts.put(name, value);
        }
    }

    private static TimelineEntry entry(HeartbeatRow beat) {
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("seq", beat.seq());
        facts.put("live", beat.live());
        facts.put("rx_text", beat.rxText());
        facts.put("rx_parse_errors", beat.rxParseErrors());
        facts.put("rx_last_ping_seq", beat.rxLastPingSeq());
        facts.put("running_commands", beat.runningCommands());
        facts.put("queued_commands", beat.queuedCommands());
        if (beat.lastError() != null) {
            facts.put("last_error", Quoted.plain(beat.lastError().message(), 300));
        }
        return new TimelineEntry(
                "heartbeat",
                beat.at(),
                beat.connectionId(),
                beat.receivedNs(),
                "the agent says: %d texts read, %d of them unusable, last Ping seen %d"
                        .formatted(beat.rxText(), beat.rxParseErrors(), beat.rxLastPingSeq()),
                facts);
    }

    /** The agent's clock against ours, at the one moment that both name: when it started the command and told so. */
    static Optional<TimelineEntry> skew(CommandView command, List<SeenFrame> seen) {
        Instant agents = command.result() == null ? null : command.result().agentStartedAt();
        Optional<SeenFrame> started = seen.stream()
                .filter(f -> "CommandStarted".equals(f.frame().type()))
                .min(Comparator.comparing(SeenFrame::at));
        if (agents == null || started.isEmpty()) {
            return Optional.empty();
        }
        SeenFrame told = started.get();
        long skewMs = Duration.between(told.at(), agents).toMillis();
        String text =
                "the agent's clock read %s when this server's read %s: %s; its times are shown and decide no order"
                        .formatted(
                                agents,
                                told.at(),
                                Math.abs(skewMs) < 1_000
                                        ? "within a second"
                                        : "%d s %s"
                                                .formatted(Math.abs(skewMs) / 1_000, skewMs > 0 ? "ahead" : "behind"));
        return Optional.of(new TimelineEntry(
                "clock",
                told.at(),
                told.connectionId(),
                told.frame().receivedNs(),
                text,
                Map.of("agent_clock", agents.toString(), "skew_ms", skewMs)));
    }
}
