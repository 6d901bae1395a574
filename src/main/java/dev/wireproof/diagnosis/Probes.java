package dev.wireproof.diagnosis;

import dev.wireproof.command.Commands;
import dev.wireproof.connection.ConnectionRegistry;
import dev.wireproof.diagnosis.Diagnoses.Begun;
import dev.wireproof.fleet.Agents;
import dev.wireproof.fleet.Configs;
import dev.wireproof.id.AgentId;
import dev.wireproof.id.SiteId;
import dev.wireproof.id.Uuids;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.transaction.support.TransactionSynchronization;
import org.springframework.transaction.support.TransactionSynchronizationManager;

/** Runs probes, each on a virtual thread of its own: one at a time for an agent, and a bounded number altogether. */
final class Probes {
    static final int MOST = 200;
    private static final Logger log = LoggerFactory.getLogger(Probes.class);

    /** What a probe works with. */
    record Tools(
            Commands commands,
            Agents agents,
            Configs configs,
            ConnectionRegistry registry,
            SceneReader scenes,
            Examiner examiner,
            Signatures signatures,
            DiagnosisTable table,
            InstantSource clock) {}

    private final Tools tools;
    private final Semaphore places = new Semaphore(MOST);
    private final CountDownLatch stopping = new CountDownLatch(1);

    Probes(Tools tools) {
        this.tools = tools;
    }

    Begun begin(AgentId agent, SiteId site, Duration duration, boolean evictAndRepeat, String by) {
        Optional<UUID> running = tools.table().runningOf(agent);
        if (running.isPresent()) {
            return new Begun.Already(running.get());
        }
        if (!places.tryAcquire()) {
            return new Begun.TooMany();
        }
        boolean started = false;
        try {
            Instant now = tools.clock().instant();
            Diagnosis diagnosis = new Diagnosis(
                    Uuids.version7(now),
                    agent,
                    site,
                    "probe",
                    by,
                    now,
                    null,
                    (int) duration.toSeconds(),
                    evictAndRepeat,
                    null,
                    null,
                    null,
                    null);
            if (!tools.table().begin(diagnosis)) {
                // Someone was first, or it has ended since: either way the newest is the one to look at.
                return new Begun.Already(tools.table()
                        .runningOf(agent)
                        .orElseGet(() -> tools.table()
                                .ofAgent(agent, null, null, 1)
                                .getFirst()
                                .id()));
            }
            started = true;
            onceStored(diagnosis, duration);
            return new Begun.Running(diagnosis);
        } finally {
            if (!started) {
                places.release();
            }
        }
    }

    /** A caller may store its own key in the same transaction; a probe that began before the commit would not find its row. */
    private void onceStored(Diagnosis diagnosis, Duration duration) {
        if (!TransactionSynchronizationManager.isSynchronizationActive()) {
            start(diagnosis, duration);
            return;
        }
        TransactionSynchronizationManager.registerSynchronization(new TransactionSynchronization() {
            @Override
            public void afterCompletion(int status) {
                if (status == STATUS_ROLLED_BACK) {
                    places.release();
                } else {
                    start(diagnosis, duration);
                }
            }
        });
    }

    private void start(Diagnosis diagnosis, Duration duration) {
        Thread.ofVirtual().name("probe-" + diagnosis.id()).start(() -> run(diagnosis, duration));
    }

    private void run(Diagnosis diagnosis, Duration duration) {
        try {
            new Probe(tools, stopping, diagnosis, duration).run();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) {
            log.atError().addKeyValue("diagnosis", diagnosis.id()).setCause(e).log("diagnosis.probe_failed");
            giveUp(diagnosis);
        } finally {
            places.release();
        }
    }

    /** What a probe could not find out is said, so that nobody waits for it for ever and another one may begin. */
    private void giveUp(Diagnosis diagnosis) {
        try {
            tools.table()
                    .finish(
                            diagnosis.id(),
                            tools.clock().instant(),
                            interrupted(
                                    "the diagnosis itself failed: the server's log has the cause at this time; ask again"),
                            null,
                            null,
                            DiagnosisTable.Signature.NONE);
        } catch (RuntimeException e) {
            log.atError().addKeyValue("diagnosis", diagnosis.id()).setCause(e).log("diagnosis.not_stored");
        }
    }

    /** Probes that a server left behind when it ended: they will see nothing more. */
    void endLeftOver() {
        for (Diagnosis left : tools.table().running()) {
            tools.table()
                    .finish(
                            left.id(),
                            tools.clock().instant(),
                            interrupted("the server was restarted while it watched: ask again"),
                            null,
                            null,
                            DiagnosisTable.Signature.NONE);
        }
    }

    static Report interrupted(String missing) {
        return new Report(
                Verdict.INCONCLUSIVE,
                Confidence.LOW,
                "interrupted",
                Verdict.INCONCLUSIVE.meaning(),
                null,
                0,
                java.util.List.of(),
                java.util.List.of(),
                java.util.List.of(missing),
                Verdict.INCONCLUSIVE.nextStep() + " Missing: " + missing + ".",
                Reports.letters(Observations.Counts.NONE));
    }

    /** Probes that run are left as they are: the next start ends them. */
    void stop() {
        stopping.countDown();
    }
}
