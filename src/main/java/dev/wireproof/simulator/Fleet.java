package dev.wireproof.simulator;

import dev.wireproof.id.AgentId;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;

/** All agents of one run, spread over the loops. */
final class Fleet implements AutoCloseable {
    private static final Duration FAREWELL = Duration.ofSeconds(2);

    private final FleetSettings settings;
    private final FleetStats stats = new FleetStats();
    private final FleetJournal journal;
    private final List<Shard> shards = new ArrayList<>();
    private final List<SimulatedAgent> agents = new ArrayList<>();

    Fleet(FleetSettings settings, InstantSource clock, CommandWatcher watcher) {
        this.settings = settings;
        this.journal = FleetJournal.open(settings.home(), settings.enrollmentToken());
        for (int i = 0; i < settings.loops(); i++) {
            shards.add(new Shard(new EventLoop("simulator-" + i), clock, stats, watcher, new SplittableRandom()));
        }
        for (FaultPlan.Share share : settings.faults().shares()) {
            for (int i = 0; i < share.count(); i++) {
                add(share.fault(), share.delay());
            }
        }
        while (agents.size() < settings.agents()) {
            add(Fault.HEALTHY, Duration.ZERO);
        }
    }

    private void add(Fault fault, Duration slowAck) {
        int index = agents.size();
        String name = String.format(
                Locale.ROOT, "sim-%s%05d", fault == Fault.HEALTHY ? "" : fault.optionName() + "-", index + 1);
        Identity identity = journal.identity(name);
        if (index < settings.keys().size()) {
            FleetSettings.AgentKey key = settings.keys().get(index);
            identity.known(key.agentId(), key.key(), null);
        }
        agents.add(new SimulatedAgent(
                shards.get(index % shards.size()),
                settings.endpoint(),
                identity,
                Misbehaviours.of(fault, slowAck, settings.lateBy()),
                journal));
    }

    /** Lets the agents connect, evenly at the rate. Returns at once. */
    void start() {
        double pauseNs = TimeUnit.SECONDS.toNanos(1) / settings.connectRate();
        for (int i = 0; i < shards.size(); i++) {
            int first = i;
            EventLoop loop = shards.get(i).loop;
            loop.execute(() -> {
                for (int index = first; index < agents.size(); index += shards.size()) {
                    SimulatedAgent agent = agents.get(index);
                    loop.after((long) (index * pauseNs), agent::connect);
                }
            });
        }
    }

    /** @return whether every agent was logged in before the time was over */
    boolean awaitAllLive(Duration atMost) throws InterruptedException {
        long deadline = System.nanoTime() + atMost.toNanos();
        while (stats.live.get() < agents.size() && System.nanoTime() - deadline < 0) {
            Thread.sleep(20);
        }
        return stats.live.get() >= agents.size();
    }

    /** The identities of healthy agents that are enrolled: commands may be posted to them. */
    List<AgentId> commandable() {
        return agents.stream()
                .filter(agent -> agent.behaviour().fault() == Fault.HEALTHY)
                .map(agent -> agent.identity().agentId())
                .filter(Objects::nonNull)
                .toList();
    }

    /** All identities that are enrolled. */
    List<AgentId> identities() {
        return agents.stream()
                .map(agent -> agent.identity().agentId())
                .filter(Objects::nonNull)
                .toList();
    }

    FleetStats stats() {
        return stats;
    }

    FleetSettings settings() {
        return settings;
    }

    Shard shard(int index) {
        return shards.get(index);
    }

    /** Says goodbye on every connection, waits a little for the answers, and ends the loops. */
    @Override
    public void close() {
        for (int i = 0; i < shards.size(); i++) {
            int first = i;
            shards.get(i).loop.execute(() -> {
                for (int index = first; index < agents.size(); index += shards.size()) {
                    agents.get(index).stop();
                }
            });
        }
        long deadline = System.nanoTime() + FAREWELL.toNanos();
        try {
            while (stats.live.get() > 0 && System.nanoTime() - deadline < 0) {
                Thread.sleep(10);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        shards.forEach(shard -> shard.loop.close());
        journal.close();
    }
}
