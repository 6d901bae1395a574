package dev.wireproof.simulator;

import java.net.URI;
import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** {@code simulate --drill}: whether diagnoses say what is wrong. */
final class DrillOptions {
    private static final String DEFAULT_SITE = "00000000-0000-7000-8000-000000000001";

    @Option(
            names = "--drill",
            description =
                    "Injects every fault, asks for diagnoses over --api, and prints the confusion matrix. Needs --api, "
                            + "--api-token (admin: it pushes configurations) and --enrollment-token of the site 'default'.")
    private boolean drill;

    @Option(
            names = "--drill-proxy",
            paramLabel = "URL",
            description = "ws://host:port/ws of the same server behind a proxy: each fault is drilled that way too.")
    private @Nullable String proxy;

    @Option(
            names = "--drill-rounds",
            paramLabel = "N",
            description = "How often each fault on each way (default: ${DEFAULT-VALUE}).")
    private int rounds = 1;

    @Option(
            names = "--drill-parallel",
            paramLabel = "N",
            description = "Diagnoses at a time (default: ${DEFAULT-VALUE}; the server runs at most 200).")
    private int parallel = 60;

    @Option(names = "--drill-seed", paramLabel = "N", description = "Order of the runs (default: by chance, printed).")
    private @Nullable Long seed;

    @Option(
            names = "--drill-watch",
            converter = Durations.class,
            paramLabel = "TIME",
            description = "duration_s of each diagnosis (default: ${DEFAULT-VALUE}).")
    private Duration watch = Duration.ofSeconds(150);

    boolean wanted() {
        return drill;
    }

    DrillMatrix run(
            String server,
            @Nullable String api,
            @Nullable String apiToken,
            @Nullable String enrollmentToken,
            Consumer<String> progress)
            throws Exception {
        if (api == null || apiToken == null || enrollmentToken == null) {
            throw new IllegalArgumentException("--drill needs --api, --api-token and --enrollment-token");
        }
        Drill running = new Drill(
                new Drill.Plan(
                        Endpoint.of(server),
                        proxy == null ? null : Endpoint.of(proxy),
                        URI.create(api),
                        apiToken,
                        enrollmentToken,
                        rounds,
                        parallel,
                        seed == null ? System.nanoTime() : seed,
                        watch),
                progress);
        running.heartbeatsOften(DEFAULT_SITE);
        return running.run(DrillCase.all());
    }
}
