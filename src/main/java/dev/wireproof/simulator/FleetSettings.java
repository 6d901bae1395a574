package dev.wireproof.simulator;

import dev.wireproof.id.AgentId;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What fleet to run.
 *
 * @param agents all of them, those with faults included
 * @param enrollmentToken null when every agent has a key
 * @param keys identities that were enrolled elsewhere; the first agents take them
 * @param connectRate first connections a second
 * @param lateBy how long after a command's own {@code timeout_s} a late result comes
 * @param home where identities and ledgers are kept; null: in memory only
 */
record FleetSettings(
        Endpoint endpoint,
        int agents,
        FaultPlan faults,
        @Nullable String enrollmentToken,
        List<AgentKey> keys,
        double connectRate,
        int loops,
        Duration lateBy,
        @Nullable Path home) {

    record AgentKey(AgentId agentId, String key) {}

    FleetSettings {
        keys = List.copyOf(keys);
        check(agents > 0, "--agents must be above 0");
        check(faults.total() <= agents, "--fault asks for " + faults.total() + " agents, but --agents is " + agents);
        check(connectRate > 0, "--connect-rate must be above 0");
        check(loops > 0, "--loops must be above 0");
        check(
                enrollmentToken != null || keys.size() >= agents || home != null,
                "--enrollment-token, or --agent-keys with a line for each agent, is needed");
    }

    private static void check(boolean right, String message) {
        if (!right) {
            throw new IllegalArgumentException(message);
        }
    }
}
