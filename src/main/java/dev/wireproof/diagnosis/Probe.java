package dev.wireproof.diagnosis;

import dev.wireproof.command.CommandEffect;
import dev.wireproof.command.CommandView;
import dev.wireproof.command.NewCommand;
import dev.wireproof.command.StoreUnavailableException;
import dev.wireproof.command.Submission;
import dev.wireproof.connection.AgentLink;
import dev.wireproof.diagnosis.Probes.Tools;
import dev.wireproof.fleet.Agents;
import dev.wireproof.id.AgentId;
import dev.wireproof.id.CommandId;
import dev.wireproof.id.ConnectionId;
import dev.wireproof.id.Uuids;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DataAccessException;

/**
 * One look at one agent: trace on, one Echo, one {@code hostname} ahead of all other commands, then watching. It ends early when nothing
 * that may still come can change the verdict. A connection that ends meanwhile is judged by itself; was it too short to tell, the next one is
 * watched for the time that is left.
 */
final class Probe {
    private static final Logger log = LoggerFactory.getLogger(Probe.class);
    private static final Duration LOOK = Duration.ofSeconds(2);
    private static final Duration RECONNECT = Duration.ofSeconds(120);
    private static final Duration LOOK_FOR_CONNECTION = Duration.ofMillis(250);
    private static final int TIMEOUT_S = 10;
    private static final int OUTPUT_BYTES = 4_096;

    private final Tools tools;
    private final CountDownLatch stopping;
    private final Diagnosis diagnosis;
    private final AgentId agent;
    private final Duration duration;

    /** What one round found. @param connection the last one that was judged; null: there was none */
    private record Round(
            Report report,
            @Nullable ConnectionId connection,
            @Nullable CommandId command) {}

    Probe(Tools tools, CountDownLatch stopping, Diagnosis diagnosis, Duration duration) {
        this.tools = tools;
        this.stopping = stopping;
        this.diagnosis = diagnosis;
        this.agent = diagnosis.agentId();
        this.duration = duration;
    }

    void run() throws InterruptedException {
        Round first = round();
        if (stops()) {
            return;
        }
        Verdict found = first.report().verdict();
        ConnectionId before = first.connection();
        boolean nothingToCure = !found.failing() || found == Verdict.AGENT_OFFLINE;
        if (before == null || !diagnosis.evictAndRepeat() || nothingToCure) {
            finish(first, null, null);
            return;
        }
        UUID earlier = keep(first);
        Round second = onANewConnection(before);
        if (!stops()) {
            finish(compared(first, second), found, earlier);
        }
    }

    /** The first round's report stands by itself, with an id of its own. */
    private UUID keep(Round first) {
        Instant now = tools.clock().instant();
        UUID id = Uuids.version7(now);
        tools.table()
                .done(
                        new Diagnosis(
                                id,
                                agent,
                                diagnosis.siteId(),
                                "first_round",
                                diagnosis.askedBy(),
                                diagnosis.startedAt(),
                                now,
                                diagnosis.durationS(),
                                false,
                                first.command(),
                                null,
                                null,
                                first.report()),
                        null,
                        signature(first));
        return id;
    }

    private Round onANewConnection(ConnectionId before) throws InterruptedException {
        if (isLive(before)) {
            tools.registry().evict(agent, "evicted by a diagnosis, to see whether a new connection works");
        }
        long deadline = System.nanoTime() + RECONNECT.toNanos();
        while (isLive(before) || tools.registry().live(agent).isEmpty()) {
            if (System.nanoTime() - deadline > 0 || pause(LOOK_FOR_CONNECTION)) {
                return new Round(tools.examiner().offline(agent), null, null);
            }
        }
        return round();
    }

    private boolean isLive(ConnectionId connection) {
        return tools.registry()
                .live(agent)
                .map(link -> link.connectionId().equals(connection))
                .orElse(false);
    }

    private static Round compared(Round first, Round second) {
        Verdict before = first.report().verdict();
        Verdict now = second.report().verdict();
        Report report = second.report();
        if (now == before && now != Verdict.INCONCLUSIVE) {
            report = report.with(Verdict.PERSISTENT_AFTER_RECONNECT, ", on both connections");
        } else if (now == Verdict.HEALTHY) {
            report = report.with(Verdict.CURED_BY_RECONNECT, ", on the new connection");
        }
        return new Round(report, second.connection(), second.command());
    }

    private void finish(Round round, @Nullable Verdict underlying, @Nullable UUID repeatOf) {
        if (round.command() != null) {
            tools.table().itsCommand(diagnosis.id(), round.command());
        }
        tools.table()
                .finish(
                        diagnosis.id(),
                        tools.clock().instant(),
                        round.report(),
                        underlying,
                        repeatOf,
                        signature(round));
    }

    private DiagnosisTable.Signature signature(Round round) {
        CommandView command = round.command() == null
                ? null
                : tools.commands().find(round.command()).orElse(null);
        ConnectionId connection = round.connection();
        return tools.signatures().of(agent, connection == null ? null : connection.value(), command);
    }

    // ---- one round

    private Round round() throws InterruptedException {
        long deadline = System.nanoTime() + duration.toNanos();
        @Nullable CommandId command = null;
        @Nullable Round last = null;
        while (true) {
            Optional<AgentLink> live = awaitLink(last == null ? null : last.connection(), last == null, deadline);
            if (live.isEmpty()) {
                return last != null && last.report().verdict() != Verdict.INCONCLUSIVE
                        ? last
                        : new Round(tools.examiner().offline(agent), null, command);
            }
            AgentLink link = live.get();
            long fromNs = link.nowNs();
            long shedBefore = tools.scenes().shedSoFar();
            link.trace(Duration.ofNanos(Math.max(1, deadline - System.nanoTime())));
            link.echo();
            if (command == null) {
                command = send(link);
            }
            last = watch(link, fromNs, shedBefore, command, deadline);
            boolean over = System.nanoTime() - deadline > 0 || stops();
            if (over || last.report().verdict() != Verdict.INCONCLUSIVE) {
                return last;
            }
        }
    }

    /** @param first whether it is the first look: an agent that is away now is offline, and nothing is waited for */
    private Optional<AgentLink> awaitLink(@Nullable ConnectionId not, boolean first, long deadline)
            throws InterruptedException {
        while (true) {
            Optional<AgentLink> live = tools.registry()
                    .live(agent)
                    .filter(link -> !link.connectionId().equals(not));
            if (live.isPresent() || first || System.nanoTime() - deadline > 0 || pause(LOOK_FOR_CONNECTION)) {
                return live;
            }
        }
    }

    private Round watch(AgentLink link, long fromNs, long shedBefore, @Nullable CommandId command, long deadline)
            throws InterruptedException {
        ConnectionId connection = link.connectionId();
        while (true) {
            boolean ended = !link.live();
            boolean over = System.nanoTime() - deadline > 0;
            CommandView view = find(command);
            Optional<Reading.Result> seen = look(connection, fromNs, shedBefore, view);
            if (ended && !over && !endIsKnown(seen)) {
                pause(LOOK_FOR_CONNECTION);
                continue;
            }
            if (seen.isPresent() && (ended || over || Rules.settled(seen.get().observations()))) {
                return new Round(tools.examiner().report(seen.get(), view), connection, command);
            }
            if (over || rest(view, deadline)) {
                return new Round(
                        Probes.interrupted("the database did not answer when it was asked what was seen"),
                        connection,
                        command);
            }
        }
    }

    /** Its row is written behind its back; until then its end is not on record. */
    private static boolean endIsKnown(Optional<Reading.Result> seen) {
        return seen.map(result -> result.observations().line())
                .map(line -> line.ended() != null)
                .orElse(false);
    }

    /** A database that does not answer for a moment costs a look and not the diagnosis. */
    private Optional<Reading.Result> look(
            ConnectionId connection, long fromNs, long shedBefore, @Nullable CommandView command) {
        try {
            return tools.examiner().look(new SceneReader.Wanted(agent, connection, fromNs, true, shedBefore, command));
        } catch (DataAccessException e) {
            log.atWarn().addKeyValue("diagnosis", diagnosis.id()).setCause(e).log("diagnosis.look_failed");
            return Optional.empty();
        }
    }

    private @Nullable CommandView find(@Nullable CommandId command) {
        try {
            return command == null ? null : tools.commands().find(command).orElse(null);
        } catch (StoreUnavailableException e) {
            log.atWarn().addKeyValue("diagnosis", diagnosis.id()).setCause(e).log("diagnosis.look_failed");
            return null;
        }
    }

    /** Until the next look is worth it: the command ended, or a while passed. @return whether the server stops */
    private boolean rest(@Nullable CommandView command, long deadline) throws InterruptedException {
        long left = Math.min(LOOK.toNanos(), Math.max(1, deadline - System.nanoTime()));
        if (command == null || command.state().ended()) {
            return pause(Duration.ofNanos(left));
        }
        try {
            tools.commands().awaitEnd(command.id(), Duration.ofNanos(left)).join();
        } catch (CompletionException e) {
            return pause(Duration.ofNanos(left));
        }
        return stops();
    }

    private @Nullable CommandId send(AgentLink link) {
        Agents.Place place = tools.agents().placeOf(agent).orElse(null);
        if (place == null || !link.offersAllowed()) {
            return null;
        }
        Submission submission = tools.commands().submitAhead(hostname(place)).join();
        if (submission instanceof Submission.Created(CommandView view)) {
            tools.table().itsCommand(diagnosis.id(), view.id());
            return view.id();
        }
        return null;
    }

    /** The smallest that every machine has. Running it twice does no harm. */
    private NewCommand hostname(Agents.Place place) {
        List<String> allowed =
                tools.configs().effective(agent, place.site()).config().allowedInterpreters();
        List<String> wanted =
                place.osFamily().equals("windows") ? List.of("cmd", "powershell") : List.of("sh", "bash", "powershell");
        String interpreter =
                wanted.stream().filter(allowed::contains).findFirst().orElse(wanted.getFirst());
        return new NewCommand(
                agent,
                place.site(),
                interpreter,
                "hostname",
                List.of(),
                Map.of(),
                null,
                Duration.ofSeconds(TIMEOUT_S),
                duration,
                OUTPUT_BYTES,
                CommandEffect.REPEATABLE,
                false,
                "diagnosis for " + diagnosis.askedBy(),
                "diagnosis " + diagnosis.id(),
                null);
    }

    private boolean pause(Duration time) throws InterruptedException {
        return stopping.await(time.toNanos(), TimeUnit.NANOSECONDS);
    }

    private boolean stops() {
        return stopping.getCount() == 0;
    }
}
