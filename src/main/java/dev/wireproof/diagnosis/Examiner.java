package dev.wireproof.diagnosis;

import dev.wireproof.command.AttemptView;
import dev.wireproof.command.CommandView;
import dev.wireproof.connection.AgentLink;
import dev.wireproof.connection.ConnectionRegistry;
import dev.wireproof.diagnosis.Judgement.Statement;
import dev.wireproof.diagnosis.Observations.Configured;
import dev.wireproof.diagnosis.Observations.Counts;
import dev.wireproof.diagnosis.Observations.Doubts;
import dev.wireproof.diagnosis.Observations.Elsewhere;
import dev.wireproof.diagnosis.Observations.Fate;
import dev.wireproof.diagnosis.Observations.Outgoing;
import dev.wireproof.diagnosis.Observations.Rx;
import dev.wireproof.diagnosis.Observations.Since;
import dev.wireproof.diagnosis.Observations.Tcp;
import dev.wireproof.diagnosis.Observations.Waits;
import dev.wireproof.id.AgentId;
import dev.wireproof.id.ConnectionId;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** From what is recorded to a report: of one connection, or of a command that was offered on several. Sends nothing. */
final class Examiner {
    /** An offer may wait a moment in its queue; what led there belongs to the window. */
    private static final long LEAD_NS = 1_000_000_000L;

    private static final int CONNECTIONS_TRIED = 3;

    private final SceneReader scenes;
    private final ConnectionRegistry registry;
    private final Comparison comparison;
    private final Waits waits;

    Examiner(SceneReader scenes, ConnectionRegistry registry, Comparison comparison, Waits waits) {
        this.scenes = scenes;
        this.registry = registry;
        this.comparison = comparison;
        this.waits = waits;
    }

    /** What was seen, with the frames for it. */
    Optional<Reading.Result> look(SceneReader.Wanted wanted) {
        return scenes.look(wanted).map(Reading::of);
    }

    Report report(Reading.Result seen, @Nullable CommandView command) {
        List<Statement> more = new ArrayList<>();
        Verdict verdict = Rules.judge(seen.observations()).verdict();
        if (verdict == Verdict.AGENT_TEXT_UNPARSED && seen.observations().rx().lastErrorIsOurs() && command != null) {
            more.addAll(comparison.of(command));
        }
        return Reports.of(seen.observations(), seen.exhibits(), more);
    }

    /** For an agent without a connection. */
    Report offline(AgentId agent) {
        return Reports.of(
                new Observations(
                        null,
                        scenes.lastSeen(agent),
                        Counts.NONE,
                        Since.NOTHING,
                        Fate.NONE,
                        Outgoing.NOTHING_WAITS,
                        Rx.ABSENT,
                        Tcp.UNKNOWN,
                        Elsewhere.NOTHING,
                        Configured.AT_LOGIN_ONLY,
                        Doubts.NONE,
                        waits),
                Map.of(),
                List.of());
    }

    /**
     * From what is recorded of a command that ended without an ack: the newest connection that it was offered on, or an earlier one where
     * the newest was too short to tell.
     */
    Report ofCommand(CommandView command) {
        List<ConnectionId> newestFirst = command.attempts().reversed().stream()
                .map(AttemptView::connectionId)
                .distinct()
                .limit(CONNECTIONS_TRIED)
                .toList();
        @Nullable Report newest = null;
        for (ConnectionId connection : newestFirst) {
            long from = SceneReader.beginning(command.attempts().stream()
                    .filter(a -> a.connectionId().equals(connection))
                    .toList());
            Optional<Report> report = look(new SceneReader.Wanted(
                            command.agentId(), connection, Math.max(0, from - LEAD_NS), false, null, command))
                    .map(seen -> report(seen, command));
            if (report.isPresent() && report.get().verdict() != Verdict.INCONCLUSIVE) {
                return report.get();
            }
            newest = newest == null ? report.orElse(null) : newest;
        }
        return newest == null ? neverOffered(command) : newest;
    }

    private Report neverOffered(CommandView command) {
        AgentLink live = registry.live(command.agentId()).orElse(null);
        if (live == null) {
            return offline(command.agentId());
        }
        return look(new SceneReader.Wanted(command.agentId(), live.connectionId(), 0, false, null, command))
                .map(seen -> report(seen, command))
                .orElseGet(() -> offline(command.agentId()));
    }
}
