package dev.wireproof.diagnosis;

import dev.wireproof.command.AttemptView;
import dev.wireproof.command.CommandView;
import dev.wireproof.command.Commands;
import dev.wireproof.command.TimelineEntry;
import dev.wireproof.id.CommandId;
import dev.wireproof.id.ConnectionId;
import java.time.InstantSource;
import java.time.OffsetDateTime;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import tools.jackson.databind.json.JsonMapper;

/**
 * Everything known of a command as one document in {@link CanonicalJson}, signed. The signature is over the bytes of {@code document};
 * the file as a whole is canonical too, so that not even a space can be added.
 */
final class EvidenceBundle {
    static final String FORMAT = "wireproof-evidence/1";
    private static final JsonMapper JSON = JsonMapper.shared();

    private static final String CONNECTIONS = """
        SELECT id, epoch, remote_address, proxied_for, opened_at, authenticated_at, closed_at, close_code, close_reason
          FROM connection WHERE id = ANY (:ids) ORDER BY epoch
        """;
    private static final String DIAGNOSES =
            "SELECT id, kind, started_at, finished_at, verdict, underlying_verdict, report::text AS report FROM diagnosis"
                    + " WHERE command_id = :command AND status = 'done' ORDER BY id";
    private static final String HOSTNAME =
            "SELECT hostname, agent_version, os_family, os_name, os_version FROM agent WHERE id = :agent";

    private final JdbcClient db;
    private final Commands commands;
    private final CommandTimeline timeline;
    private final Supplier<EvidenceKey> keeper;
    private final InstantSource clock;

    EvidenceBundle(
            JdbcClient db,
            Commands commands,
            CommandTimeline timeline,
            Supplier<EvidenceKey> keeper,
            InstantSource clock) {
        this.db = db;
        this.commands = commands;
        this.timeline = timeline;
        this.keeper = keeper;
        this.clock = clock;
    }

    Optional<byte[]> of(CommandId id) {
        Optional<CommandView> command = commands.find(id);
        Optional<List<TimelineEntry>> entries = timeline.of(id);
        if (command.isEmpty() || entries.isEmpty()) {
            return Optional.empty();
        }
        Map<String, @Nullable Object> document = new LinkedHashMap<>();
        document.put("format", FORMAT);
        document.put("made_at", clock.instant());
        document.put("command", command(command.get()));
        document.put("agent", agent(command.get()));
        document.put(
                "attempts",
                command.get().attempts().stream().map(EvidenceBundle::attempt).toList());
        document.put("connections", connections(command.get()));
        document.put(
                "timeline", entries.get().stream().map(EvidenceBundle::entry).toList());
        document.put("diagnoses", diagnoses(id));
        EvidenceKey key = keeper.get();
        byte[] signed = CanonicalJson.bytes(document);
        Map<String, Object> signature = Map.of(
                "algorithm", EvidenceKey.ALGORITHM,
                "key_id", key.keyId(),
                "public_key", key.publicKey(),
                "value", key.sign(signed));
        return Optional.of(CanonicalJson.bytes(Map.of("document", document, "signature", signature)));
    }

    private static Map<String, @Nullable Object> command(CommandView c) {
        Map<String, @Nullable Object> facts = new LinkedHashMap<>();
        facts.put("id", c.id().value());
        facts.put("agent_id", c.agentId().value());
        facts.put("site_id", c.siteId().value());
        facts.put("state", c.state().wireName());
        facts.put("state_since", c.stateSince());
        facts.put("certainty", c.certainty());
        facts.put("waiting_for", c.waitingFor());
        facts.put("effect", c.effect());
        facts.put("secret", c.secret());
        facts.put("script", c.script());
        facts.put("interpreter", c.interpreter());
        facts.put("args", c.args());
        facts.put("env", c.env());
        facts.put("cwd", c.cwd());
        facts.put("timeout_s", c.timeoutS());
        facts.put("max_output_bytes", c.maxOutputBytes());
        facts.put("created_at", c.createdAt());
        facts.put("created_by", c.createdBy());
        facts.put("note", c.note());
        facts.put("expires_at", c.expiresAt());
        facts.put("attempts_used", c.attemptsUsed());
        facts.put("max_attempts", c.maxAttempts());
        facts.put("acked_at", c.ackedAt());
        facts.put("started_at", c.startedAt());
        facts.put("ended_at", c.endedAt());
        facts.put("late", c.late());
        facts.put("truncated", c.truncated());
        facts.put("stdout_tail", c.stdoutTail());
        facts.put("stderr_tail", c.stderrTail());
        CommandView.Result result = c.result();
        if (result != null) {
            facts.put("outcome", result.outcome());
            facts.put("exit_code", result.exitCode());
            facts.put("signal", result.signal());
            facts.put("duration_ms", result.durationMs());
            facts.put("message", result.message());
            facts.put("agent_started_at", result.agentStartedAt());
        }
        return facts;
    }

    private static Map<String, @Nullable Object> attempt(AttemptView a) {
        Map<String, @Nullable Object> facts = new LinkedHashMap<>();
        facts.put("attempt", a.attempt());
        facts.put("connection_id", a.connectionId().value());
        facts.put("epoch", a.epoch());
        facts.put("reason", a.reason().wireName());
        facts.put("offered_at", a.offeredAt());
        facts.put("connection_opened_at", a.openedAt());
        facts.put("frame_bytes", a.frameBytes());
        facts.put("frame_sha256", a.frameSha256());
        facts.put("fence_seq", a.fenceSeq());
        facts.put("rung", a.rung().name());
        facts.put("enqueued_ns", a.enqueuedNs());
        facts.put("write_started_ns", a.writeStartedNs());
        facts.put("written_ns", a.writtenNs());
        facts.put("write_failed_ns", a.writeFailedNs());
        facts.put("peer_read_ns", a.peerReadNs());
        facts.put("answered_ns", a.answeredNs());
        facts.put("answered_on", a.answeredOn() == null ? null : a.answeredOn().value());
        facts.put("acked_at", a.ackedAt());
        facts.put("nacked_at", a.nackedAt());
        facts.put("nack_code", a.nackCode());
        facts.put("nack_message", a.nackMessage());
        facts.put("write_error", a.writeError());
        facts.put("refusal", a.refusal());
        facts.put("never_written", a.neverWritten());
        facts.put("altered_in_transit", a.alteredInTransit());
        return facts;
    }

    private static Map<String, @Nullable Object> entry(TimelineEntry entry) {
        Map<String, @Nullable Object> facts = new LinkedHashMap<>();
        ConnectionId connection = entry.connectionId();
        facts.put("kind", entry.kind());
        facts.put("at", entry.at());
        facts.put("connection_id", connection == null ? null : connection.value());
        facts.put("at_ns", entry.atNs());
        facts.put("text", entry.text());
        facts.put("facts", entry.facts());
        return facts;
    }

    private Map<String, @Nullable Object> agent(CommandView command) {
        return db.sql(HOSTNAME)
                .param("agent", command.agentId().value())
                .query((row, _) -> {
                    Map<String, @Nullable Object> facts = new LinkedHashMap<>();
                    facts.put("id", command.agentId().value());
                    facts.put("hostname", row.getString("hostname"));
                    facts.put("agent_version", row.getString("agent_version"));
                    facts.put("os_family", row.getString("os_family"));
                    facts.put("os_name", row.getString("os_name"));
                    facts.put("os_version", row.getString("os_version"));
                    return facts;
                })
                .optional()
                .orElseGet(LinkedHashMap::new);
    }

    private List<Map<String, @Nullable Object>> connections(CommandView command) {
        UUID[] ids = command.attempts().stream()
                .map(a -> a.connectionId().value())
                .distinct()
                .toArray(UUID[]::new);
        return db.sql(CONNECTIONS)
                .param("ids", ids)
                .query((row, _) -> {
                    Map<String, @Nullable Object> facts = new LinkedHashMap<>();
                    facts.put("id", row.getObject("id", UUID.class));
                    facts.put("epoch", row.getLong("epoch"));
                    facts.put("remote_address", row.getString("remote_address"));
                    facts.put("proxied_for", row.getString("proxied_for"));
                    for (String time : List.of("opened_at", "authenticated_at", "closed_at")) {
                        OffsetDateTime at = row.getObject(time, OffsetDateTime.class);
                        facts.put(time, at == null ? null : at.toInstant());
                    }
                    facts.put("close_code", row.getObject("close_code", Integer.class));
                    facts.put("close_reason", row.getString("close_reason"));
                    return facts;
                })
                .list();
    }

    private List<Map<String, @Nullable Object>> diagnoses(CommandId id) {
        return db.sql(DIAGNOSES)
                .param("command", id.value())
                .query((row, _) -> {
                    Map<String, @Nullable Object> facts = new LinkedHashMap<>();
                    facts.put("id", row.getObject("id", UUID.class));
                    facts.put("kind", row.getString("kind"));
                    facts.put(
                            "started_at",
                            row.getObject("started_at", OffsetDateTime.class).toInstant());
                    facts.put("verdict", row.getString("verdict"));
                    facts.put("underlying_verdict", row.getString("underlying_verdict"));
                    facts.put("report", JSON.readTree(row.getString("report")));
                    return facts;
                })
                .list();
    }
}
