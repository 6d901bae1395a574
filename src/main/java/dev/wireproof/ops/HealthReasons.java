package dev.wireproof.ops;

import java.util.List;
import org.springframework.boot.availability.ApplicationAvailability;
import org.springframework.boot.availability.LivenessState;
import org.springframework.boot.availability.ReadinessState;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.Status;

/** What each part of health answers, and why. All of it is memory: no request for health ever waits for anything. */
final class HealthReasons {
    static final String REASON = "reason";
    static final String LOSS_WINDOW = "loss_window";
    /** Works, but promises less than it should. Answered with 200. */
    static final Status DEGRADED = new Status("DEGRADED");

    private final ApplicationAvailability availability;
    private final DatabaseWatch database;

    HealthReasons(ApplicationAvailability availability, DatabaseWatch database) {
        this.availability = availability;
        this.database = database;
    }

    /** Only what a restart would mend: never the database. */
    Health alive() {
        return availability.getLivenessState() == LivenessState.CORRECT
                ? Health.up()
                        .withDetail(REASON, "the process answers; the database has no say in this")
                        .build()
                : Health.down()
                        .withDetail(REASON, "the server is broken and must be restarted")
                        .build();
    }

    Health takesWork() {
        return availability.getReadinessState() == ReadinessState.ACCEPTING_TRAFFIC
                ? Health.up().withDetail(REASON, "the server takes work").build()
                : Health.outOfService()
                        .withDetail(REASON, "the server is starting, or draining for a stop: it takes no new work")
                        .build();
    }

    Health database() {
        String fault = database.fault();
        return fault == null
                ? Health.up().withDetail(REASON, "the database answers").build()
                : Health.down().withDetail(REASON, fault).build();
    }

    /** Whether a commit that was answered is on the disk, and what may be lost where it is not. */
    Health durability() {
        List<String> weaknesses = database.weaknesses();
        if (weaknesses == null) {
            return Health.unknown()
                    .withDetail(REASON, "the database's settings could not be read yet")
                    .build();
        }
        return weaknesses.isEmpty()
                ? Health.up()
                        .withDetail(REASON, "fsync, full_page_writes and synchronous_commit are on")
                        .withDetail(LOSS_WINDOW, "none: what was answered is on the database's disk")
                        .build()
                : Health.status(DEGRADED)
                        .withDetail(REASON, "the database may lose commits that were answered")
                        .withDetail(LOSS_WINDOW, weaknesses)
                        .build();
    }
}
