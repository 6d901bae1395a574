package dev.wireproof.simulator;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * {@code wireproof-server.jar simulate}: runs a fleet against a server and tells what happened. No Spring: it starts in a moment
 * and its memory is the agents' own. Progress goes to standard error, the report to standard output.
 */
@Command(
        name = "simulate",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Runs many simulated agents in one process, healthy ones and ones with faults.")
public final class SimulateCommand implements Callable<Integer> {
    private static final int USAGE_ERROR = 2;
    private static final int VIOLATION = 3;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Option(
            names = "--server",
            paramLabel = "URL",
            description = "ws://host:port/ws of the server (default: ${DEFAULT-VALUE}).")
    private String server = "ws://127.0.0.1:8080/ws";

    @Option(
            names = "--agents",
            paramLabel = "N",
            description = "All agents, those with faults included (default: as many as --fault asks for, at least 1).")
    private int agents;

    @Option(names = "--enrollment-token", paramLabel = "TOKEN", description = "Lets new agents in.")
    private @Nullable String enrollmentToken;

    @Option(
            names = "--agent-keys",
            paramLabel = "FILE",
            description = "Identities enrolled before: one 'agent_id agent_key' a line.")
    private @Nullable Path agentKeys;

    @Option(
            names = "--fault",
            paramLabel = "NAME=COUNT",
            description = "How many agents have which fault; several with commas or by repeating the option. "
                    + "slow-ack=SECONDS is one agent, slow-ack=SECONDS:COUNT many.")
    private List<String> faults = new ArrayList<>();

    @Option(
            names = "--connect-rate",
            paramLabel = "R",
            description = "First connections a second (default: ${DEFAULT-VALUE}).")
    private double connectRate = 200;

    @Option(
            names = "--duration",
            paramLabel = "TIME",
            converter = Durations.class,
            description =
                    "How long it runs once every agent had time to connect, such as 60s or 5m (default: until it is"
                            + " ended).")
    private @Nullable Duration duration;

    @Option(
            names = "--late-by",
            paramLabel = "TIME",
            converter = Durations.class,
            description =
                    "late-result: how long after a command's timeout_s the result comes (default: ${DEFAULT-VALUE}, "
                            + "past the server's grace of 5m).")
    private Duration lateBy = Duration.ofSeconds(330);

    @Option(
            names = "--report",
            paramLabel = "json|text",
            description = "Form of the report (default: ${DEFAULT-VALUE}).")
    private Reports.Format report = Reports.Format.text;

    @Option(
            names = "--home",
            paramLabel = "DIR",
            description = "Keeps identities and records of commands between runs (default: in memory only).")
    private @Nullable Path home;

    @Option(names = "--parent-pid", paramLabel = "PID", description = "Ends by itself when this process has ended.")
    private @Nullable Long parentPid;

    @Option(
            names = "--loops",
            paramLabel = "N",
            description = "Threads that the agents share (default: ${DEFAULT-VALUE}).")
    private int loops = 1;

    @Mixin
    private LoadOptions load = new LoadOptions();

    @Mixin
    private DrillOptions drill = new DrillOptions();

    /** Runs it and gives the exit code: 0 done, 1 something went wrong, 2 wrong options, 3 a command was lost or run twice. */
    public static int run(String... arguments) {
        return commandLine().execute(arguments);
    }

    static CommandLine commandLine() {
        return new CommandLine(new SimulateCommand()).setExecutionExceptionHandler((problem, commandLine, _) -> {
            commandLine.getErr().println("simulate: " + problem.getMessage());
            return problem instanceof IllegalArgumentException ? USAGE_ERROR : 1;
        });
    }

    public static void main(String[] arguments) {
        System.exit(run(arguments));
    }

    @Override
    public Integer call() throws Exception {
        if (drill.wanted()) {
            return drill();
        }
        FleetSettings settings = settings();
        CountDownLatch end = new CountDownLatch(1);
        if (parentPid != null) {
            ProcessHandle.of(parentPid)
                    .ifPresentOrElse(parent -> parent.onExit().thenRun(end::countDown), end::countDown);
        }
        PrintWriter err = spec.commandLine().getErr();
        Measurements measurements = new Measurements(load, err);
        Fleet fleet = new Fleet(settings, InstantSource.system(), measurements.watcher());
        Thread farewell = new Thread(fleet::close, "simulator-farewell");
        Runtime.getRuntime().addShutdownHook(farewell);
        err.println("simulate: " + settings.agents() + " agents connect to " + server);
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("environment", Reports.environment(arguments()));
        if (measurements.any()) {
            result.putAll(measurements.run(fleet, duration, end));
        } else {
            fleet.start();
            waitFor(fleet, end);
        }
        result.putAll(FleetReport.of(fleet.stats(), settings));
        Runtime.getRuntime().removeShutdownHook(farewell);
        fleet.close();
        PrintWriter out = spec.commandLine().getOut();
        out.println(Reports.render(result, report));
        out.flush();
        List<String> violations = Measurements.violations(result);
        violations.forEach(violation -> err.println("simulate: " + violation));
        return violations.isEmpty() ? 0 : VIOLATION;
    }

    /** Ends with 3 when one diagnosis claimed too much, or fewer than 99 % were exact. */
    private int drill() throws Exception {
        PrintWriter err = spec.commandLine().getErr();
        DrillMatrix matrix =
                drill.run(server, load.api(), load.apiToken(), enrollmentToken, line -> err.println("drill: " + line));
        PrintWriter out = spec.commandLine().getOut();
        out.println(matrix.render());
        out.flush();
        return matrix.overClaims().isEmpty() && matrix.exactShare() >= DrillMatrix.EXACT_ENOUGH ? 0 : VIOLATION;
    }

    private void waitFor(Fleet fleet, CountDownLatch end) throws InterruptedException {
        if (duration == null) {
            end.await();
            return;
        }
        long connecting = (long) (fleet.settings().agents() / connectRate * TimeUnit.SECONDS.toNanos(1));
        end.await(connecting + duration.toNanos(), TimeUnit.NANOSECONDS);
    }

    private List<String> arguments() {
        return spec.commandLine().getParseResult().originalArgs();
    }

    private FleetSettings settings() throws IOException {
        FaultPlan plan = FaultPlan.parse(faults);
        return new FleetSettings(
                Endpoint.of(server),
                agents == 0 ? Math.max(1, plan.total()) : agents,
                plan,
                enrollmentToken,
                agentKeys == null ? List.of() : AgentKeys.parse(Files.readString(agentKeys)),
                connectRate,
                loops,
                lateBy,
                home);
    }
}
