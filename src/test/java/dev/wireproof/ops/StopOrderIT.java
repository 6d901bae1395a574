package dev.wireproof.ops;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wireproof.testkit.RunningServer;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.springframework.context.SmartLifecycle;

class StopOrderIT {
    private static final Set<String> PARTS = Set.of(
            "commandLoops",
            "connectionLifecycle",
            "webServerGracefulShutdown",
            "webServerStartStop",
            "telemetryLifecycle",
            "databaseWatch",
            "commandRungs",
            "commandWriters");

    /** The application stops its parts from the highest phase to the lowest. */
    @Test
    void the_server_stops_from_what_begins_work_to_what_stores_it() {
        try (RunningServer server = RunningServer.start()) {
            assertThat(server.beans(EndedCommands.class))
                    .as("without an endpoint for traces nothing of them is there")
                    .isEmpty();
            List<String> order = server.beans(SmartLifecycle.class).entrySet().stream()
                    .filter(part -> PARTS.contains(part.getKey()))
                    .sorted(Comparator.comparingInt((Map.Entry<String, SmartLifecycle> part) ->
                                    part.getValue().getPhase())
                            .reversed())
                    .map(Map.Entry::getKey)
                    .toList();
            assertThat(order)
                    .containsExactly(
                            "commandLoops",
                            "connectionLifecycle",
                            "webServerGracefulShutdown",
                            "webServerStartStop",
                            "telemetryLifecycle",
                            "databaseWatch",
                            "commandRungs",
                            "commandWriters");
        }
    }
}
