package dev.wireproof.command;

import dev.wireproof.id.CommandId;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Everything that happened to a command and around it, as one list. */
final class Timelines {
    private static final String HISTORY = """
        SELECT n, kind, at, state, certainty, attempt, connection_id, at_ns, cause
          FROM command_history WHERE command_id = :id AND n > :after ORDER BY n
        """;

    /** Of these connections whatever TCP tells speaks of the proxy. */
    private static final String PROXIED = "SELECT id FROM connection WHERE id = ANY (:ids) AND proxied_for IS NOT NULL";

    private final JdbcClient db;
    private final CommandQueries queries;

    Timelines(JdbcClient db, CommandQueries queries) {
        this.db = db;
        this.queries = queries;
    }

    /** @param after the number of the last row known */
    List<HistoryRow> history(CommandId id, int after) {
        return db.sql(HISTORY)
                .param("id", id.value())
                .param("after", after)
                .query((rs, _) -> new HistoryRow(
                        id,
                        rs.getInt("n"),
                        rs.getString("kind").equals(HistoryRow.Kind.STATE.wireName)
                                ? HistoryRow.Kind.STATE
                                : HistoryRow.Kind.EVIDENCE,
                        RowReader.instant(rs, "at"),
                        RowReader.state(rs.getString("state")),
                        Certainty.ofWireName(rs.getString("certainty")),
                        rs.getObject("attempt", Integer.class),
                        RowReader.connection(rs, "connection_id"),
                        rs.getObject("at_ns", Long.class),
                        rs.getString("cause")))
                .list();
    }

    /** In order of the server's own time; what happened at the same instant in order of its own sequence. */
    List<TimelineEntry> of(CommandId id) {
        List<TimelineEntry> entries = new ArrayList<>();
        history(id, 0).forEach(row -> entries.add(entry(row)));
        List<AttemptView> attempts = queries.attempts(id);
        Set<UUID> proxied = proxied(attempts);
        for (AttemptView attempt : attempts) {
            addAttempt(entries, attempt, proxied.contains(attempt.connectionId().value()));
        }
        entries.sort(Comparator.comparing(TimelineEntry::at)); // stable: equal times keep their sequence
        return entries;
    }

    private static TimelineEntry entry(HistoryRow row) {
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("n", row.n());
        facts.put("state", row.state().wireName());
        facts.put("certainty", row.certainty().wireName());
        if (row.attempt() != null) {
            facts.put("attempt", row.attempt());
        }
        return new TimelineEntry(row.kind().wireName, row.at(), row.connectionId(), row.atNs(), row.cause(), facts);
    }

    private Set<UUID> proxied(List<AttemptView> attempts) {
        UUID[] ids = attempts.stream()
                .filter(attempt -> attempt.tcpAckedNs() != null)
                .map(attempt -> attempt.connectionId().value())
                .distinct()
                .toArray(UUID[]::new);
        return ids.length == 0
                ? Set.of()
                : db.sql(PROXIED)
                        .param("ids", ids)
                        .query((row, _) -> row.getObject("id", UUID.class))
                        .set();
    }

    private static void addAttempt(List<TimelineEntry> entries, AttemptView a, boolean proxied) {
        entries.add(new TimelineEntry(
                "attempt",
                a.offeredAt(),
                a.connectionId(),
                null,
                "attempt %d: %s".formatted(a.attempt(), a.reason().wireName()),
                Map.of(
                        "attempt", a.attempt(),
                        "reason", a.reason().wireName(),
                        "epoch", a.epoch(),
                        "frame_bytes", a.frameBytes(),
                        "frame_sha256", a.frameSha256())));
        rung(entries, a, Rung.ENQUEUED, a.enqueuedNs(), "the connection's queue took the frame");
        rung(entries, a, Rung.WRITE_STARTED, a.writeStartedNs(), "the frame became the one being written");
        rung(entries, a, Rung.WRITTEN, a.writtenNs(), "the kernel has all its bytes");
        rung(entries, a, Rung.WRITE_FAILED, a.writeFailedNs(), "the write failed: " + a.writeError());
        if (a.tcpAckedNs() != null) {
            entries.add(tcpAcked(a, a.tcpAckedNs(), proxied));
        }
        rung(entries, a, Rung.PEER_READ, a.peerReadNs(), "the peer's WebSocket layer read it");
        answered(entries, a, Rung.ACKED, a.ackedAt(), "the agent acknowledged it");
        answered(entries, a, Rung.NACKED, a.nackedAt(), "the agent refused it: " + a.nackCode());
    }

    private static void rung(List<TimelineEntry> entries, AttemptView a, Rung rung, @Nullable Long ns, String text) {
        if (ns != null) {
            entries.add(new TimelineEntry("rung", a.wall(ns), a.connectionId(), ns, text, factsOf(a, rung)));
        }
    }

    private static TimelineEntry tcpAcked(AttemptView a, long ns, boolean proxied) {
        Map<String, Object> facts = new LinkedHashMap<>(factsOf(a, Rung.TCP_ACKED));
        facts.put("hop", proxied ? "proxy" : "peer");
        return new TimelineEntry(
                "rung",
                a.wall(ns),
                a.connectionId(),
                ns,
                proxied
                        ? "the proxy's TCP has all its bytes, which tells nothing of the agent behind it; seen at this instant"
                        : "the next hop's TCP has all its bytes; seen at this instant",
                facts);
    }

    private static void answered(
            List<TimelineEntry> entries, AttemptView a, Rung rung, @Nullable Instant at, String text) {
        if (at != null) {
            entries.add(new TimelineEntry("rung", at, a.answeredOn(), a.answeredNs(), text, factsOf(a, rung)));
        }
    }

    private static Map<String, Object> factsOf(AttemptView a, Rung rung) {
        return Map.of("attempt", a.attempt(), "rung", rung.name());
    }
}
