package dev.wireproof.simulator;

import java.time.Duration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What to do beside running a fleet: post commands, and measure the server and its database. */
final class LoadOptions {
    @Option(
            names = "--api",
            paramLabel = "URL",
            description =
                    "http://host:port of the server's API: posts commands to the fleet once all agents are connected.")
    private @Nullable String api;

    @Option(names = "--api-token", paramLabel = "TOKEN", description = "API token of role technician or admin.")
    private @Nullable String apiToken;

    @Option(names = "--commands", paramLabel = "N", description = "Measured commands (default: ${DEFAULT-VALUE}).")
    private int commands = 10_000;

    @Option(
            names = "--warm-up",
            paramLabel = "N",
            description = "Commands before them, not measured (default: ${DEFAULT-VALUE}).")
    private int warmUp = 2_000;

    @Option(
            names = "--in-flight",
            paramLabel = "N",
            description = "Commands on their way at the same time (default: ${DEFAULT-VALUE}).")
    private int inFlight = 64;

    @Option(
            names = "--until",
            paramLabel = "ack|result",
            description = "A command's place is used again once its ack was written, or once its result is committed "
                    + "(default: ${DEFAULT-VALUE}).")
    private LoadPlan.Until until = LoadPlan.Until.ack;

    @Option(
            names = "--patience",
            converter = Durations.class,
            paramLabel = "TIME",
            description = "A command that is not through after it counts as lost (default: 30s).")
    private Duration patience = Duration.ofSeconds(30);

    @Option(
            names = "--samples",
            paramLabel = "N",
            description = "Commands that the server is asked about afterwards (default: ${DEFAULT-VALUE}).")
    private int samples = 500;

    @Option(
            names = "--server-pid",
            paramLabel = "PID",
            description =
                    "The server's process on this machine: its live heap and CPU are measured too (by jcmd and /proc).")
    @Nullable
    Long serverPid;

    @Option(
            names = "--database-pid",
            paramLabel = "PID",
            description = "The first process of the server's PostgreSQL on this machine: its CPU is measured too.")
    @Nullable
    Long databasePid;

    @Option(
            names = "--recording-rounds",
            paramLabel = "N",
            description =
                    "Afterwards, so many rounds of four blocks of --commands with the server's record of frames on, off, off, on"
                            + " (needs --server-pid; default: ${DEFAULT-VALUE}).")
    int recordingRounds;

    @Option(
            names = "--jdbc-url",
            paramLabel = "URL",
            description =
                    "The server's PostgreSQL: its own limit for one INSERT and three UPDATEs a command is measured"
                            + " too.")
    private @Nullable String jdbcUrl;

    @Option(names = "--jdbc-user", paramLabel = "NAME", description = "(default: ${DEFAULT-VALUE})")
    private String jdbcUser = "postgres";

    @Option(names = "--jdbc-password", paramLabel = "PASSWORD", description = "(default: ${DEFAULT-VALUE})")
    private String jdbcPassword = "postgres";

    @Option(
            names = "--jdbc-time",
            converter = Durations.class,
            paramLabel = "TIME",
            description = "How long each of its two measurements takes (default: 10s).")
    private Duration jdbcTime = Duration.ofSeconds(10);

    void check() {
        if (recordingRounds > 0 && (serverPid == null || api == null)) {
            throw new IllegalArgumentException("--recording-rounds needs --server-pid and --api");
        }
    }

    @Nullable
    String api() {
        return api;
    }

    @Nullable
    String apiToken() {
        return apiToken;
    }

    /** @return null when no commands are to be posted */
    @Nullable
    LoadPlan plan() {
        if (api == null) {
            return null;
        }
        if (apiToken == null) {
            throw new IllegalArgumentException("--api needs --api-token");
        }
        return new LoadPlan(api, apiToken, commands, warmUp, inFlight, until, "hostname", 3_600, patience, samples);
    }

    @Nullable
    DatabaseLimit databaseLimit() {
        return jdbcUrl == null ? null : new DatabaseLimit(jdbcUrl, jdbcUser, jdbcPassword, jdbcTime);
    }
}
