package dev.wireproof.diagnosis;

import dev.wireproof.command.CommandView;
import dev.wireproof.command.Commands;
import dev.wireproof.id.CommandId;
import dev.wireproof.id.Uuids;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.jdbc.core.simple.JdbcClient;

/**
 * A diagnosis for each command that ended without an ack, from what is recorded. It looks for such commands instead of being told of them,
 * so that a restart loses none. It sends nothing, and a probe's own command gets none.
 */
final class AutomaticDiagnoses {
    private static final Logger log = LoggerFactory.getLogger(AutomaticDiagnoses.class);
    private static final int BATCH = 50;
    /** Evidence older than that is gone with retention, so a diagnosis would only say so. */
    private static final Duration OLDEST = Duration.ofHours(48);
    /** What is stored late, because another writer was first, is still found. */
    private static final Duration OVERLAP = Duration.ofMinutes(1);

    private static final String UNDIAGNOSED = """
        SELECT c.id, c.ended_at
          FROM command c
         WHERE c.state IN ('undeliverable', 'expired', 'timed_out')
           AND c.acked_at IS NULL
           AND c.ended_at >= :since
           AND NOT EXISTS (SELECT 1 FROM diagnosis d
                            WHERE d.command_id = c.id
                              AND (d.kind <> 'command' OR d.command_ended_at = c.ended_at))
           AND NOT EXISTS (SELECT 1 FROM diagnosis d
                            WHERE d.agent_id = c.agent_id AND d.kind <> 'command' AND c.note = 'diagnosis ' || d.id)
         ORDER BY c.ended_at
         LIMIT :limit
        """;

    private record Ended(CommandId id, Instant at) {}

    private final JdbcClient db;
    private final Commands commands;
    private final Examiner examiner;
    private final Signatures signatures;
    private final DiagnosisTable table;
    private final InstantSource clock;
    private @Nullable Instant seenUpTo; // of the one loop

    AutomaticDiagnoses(
            JdbcClient db,
            Commands commands,
            Examiner examiner,
            Signatures signatures,
            DiagnosisTable table,
            InstantSource clock) {
        this.db = db;
        this.commands = commands;
        this.examiner = examiner;
        this.signatures = signatures;
        this.table = table;
        this.clock = clock;
    }

    /** @return how many were made */
    int runOnce() {
        Instant now = clock.instant();
        Instant oldest = now.minus(OLDEST);
        Instant since = seenUpTo == null || seenUpTo.isBefore(oldest) ? oldest : seenUpTo.minus(OVERLAP);
        List<Ended> found = db.sql(UNDIAGNOSED)
                .param("since", DiagnosisTable.utc(since))
                .param("limit", BATCH)
                .query((row, _) -> new Ended(
                        new CommandId(row.getObject("id", UUID.class)),
                        row.getObject("ended_at", OffsetDateTime.class).toInstant()))
                .list();
        for (Ended ended : found) {
            commands.find(ended.id()).ifPresent(command -> diagnose(command, ended.at()));
        }
        if (found.size() == BATCH) {
            seenUpTo = found.getLast().at();
        } else {
            seenUpTo = now;
        }
        return found.size();
    }

    private void diagnose(CommandView command, Instant endedAt) {
        Instant began = clock.instant();
        Report report;
        try {
            report = examiner.ofCommand(command);
        } catch (RuntimeException e) {
            // Stored as what it is, so that one odd command is not looked at again and again.
            log.atError().addKeyValue("command", command.id()).setCause(e).log("diagnosis.failed");
            report = Probes.interrupted("the diagnosis itself failed: the server's log has the cause at this time");
        }
        table.done(
                new Diagnosis(
                        Uuids.version7(began),
                        command.agentId(),
                        command.siteId(),
                        "command",
                        "the server, because the command ended %s without an ack"
                                .formatted(command.state().wireName()),
                        began,
                        clock.instant(),
                        null,
                        false,
                        command.id(),
                        null,
                        null,
                        report),
                endedAt,
                signatures.of(command.agentId(), report.connectionId(), command));
        log.atInfo()
                .addKeyValue("command", command.id())
                .addKeyValue("agent", command.agentId())
                .addKeyValue("verdict", report.verdict().wireName())
                .log("diagnosis.made");
    }
}
