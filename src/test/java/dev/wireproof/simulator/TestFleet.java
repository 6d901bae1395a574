package dev.wireproof.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wireproof.id.CommandId;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** A fleet of simulated agents on a server under test, for tests of other rooms. */
public final class TestFleet implements AutoCloseable {
    private final Map<String, Integer> executions = new ConcurrentHashMap<>();
    private final Fleet fleet;

    private TestFleet(int port, String token, int agents, List<String> faults) {
        FleetSettings settings = new FleetSettings(
                Endpoint.of("ws://127.0.0.1:" + port + "/ws"),
                agents,
                FaultPlan.parse(faults),
                token,
                List.of(),
                500,
                1,
                Duration.ofSeconds(1),
                null);
        fleet = new Fleet(settings, InstantSource.system(), new CommandWatcher() {
            @Override
            public void executed(CommandId id) {
                executions.merge(id.toString(), 1, Integer::sum);
            }
        });
    }

    /**
     * Starts it and waits until every agent is logged in.
     *
     * @param agents all of them, those with faults included
     * @param faults such as {@code text-deaf=2}
     */
    public static TestFleet start(int port, String token, int agents, String... faults) throws InterruptedException {
        TestFleet started = new TestFleet(port, token, agents, List.of(faults));
        started.fleet.start();
        assertThat(started.fleet.awaitAllLive(Duration.ofSeconds(30)))
                .as("all agents logged in")
                .isTrue();
        return started;
    }

    /** Ids of the healthy ones. */
    public List<String> healthy() {
        return fleet.commandable().stream().map(Object::toString).toList();
    }

    /** How often each command ran, over all agents. */
    public Map<String, Integer> executions() {
        return executions;
    }

    /** Ends of connections that the agents did not mean, by close code or a sentence. */
    public Map<String, Long> closes() {
        return fleet.stats().closes();
    }

    /** How many agents are logged in now. */
    public int live() {
        return fleet.stats().live.get();
    }

    @Override
    public void close() {
        fleet.close();
    }
}
