package dev.wireproof.simulator;

import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Starts fleets of one agent and ends them with the test. */
final class FleetsUnderTest implements AutoCloseable {
    private final List<Fleet> fleets = new ArrayList<>();

    /** @param fault as on the command line; empty for a healthy agent */
    Fleet start(ScriptedServer server, String fault) {
        return start(server, fault, null);
    }

    Fleet start(ScriptedServer server, String fault, @Nullable Path home) {
        FaultPlan plan = FaultPlan.parse(fault.isEmpty() ? List.of() : List.of(fault));
        FleetSettings settings =
                new FleetSettings(server.endpoint(), 1, plan, "token", List.of(), 1_000, 1, Duration.ofMillis(1), home);
        Fleet fleet = new Fleet(settings, InstantSource.system(), CommandWatcher.NONE);
        fleets.add(fleet);
        fleet.start();
        return fleet;
    }

    @Override
    public void close() {
        fleets.forEach(Fleet::close);
    }
}
