package dev.wireproof.simulator;

import java.io.PrintWriter;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One run of a fleet with what was asked to be measured of it, in order: idle memory and CPU, load, the database's own limit, the cost of
 * recording.
 */
final class Measurements {
    private static final Duration CONNECT_PATIENCE = Duration.ofSeconds(60);

    private final LoadOptions options;
    private final @Nullable LoadPlan plan;
    private final RelayWatcher relay = new RelayWatcher();
    private final PrintWriter progress;
    private final Map<String, Object> report = new LinkedHashMap<>();

    Measurements(LoadOptions options, PrintWriter progress) {
        this.options = options;
        this.plan = options.plan();
        options.check();
        this.progress = progress;
    }

    CommandWatcher watcher() {
        return relay;
    }

    boolean any() {
        return plan != null || options.serverPid != null || options.databaseLimit() != null;
    }

    /**
     * @param idle how long the idle fleet is watched; null: not at all
     * @param end makes it stop early
     */
    Map<String, Object> run(Fleet fleet, @Nullable Duration idle, CountDownLatch end) throws Exception {
        Long serverPid = options.serverPid;
        long heapBefore = serverPid == null ? 0 : LiveHeap.bytesOf(serverPid);
        connect(fleet);
        if (idle != null) {
            idle(fleet, idle, heapBefore, end);
        }
        if (plan != null && end.getCount() > 0) {
            load(fleet, plan);
        }
        DatabaseLimit limit = options.databaseLimit();
        if (limit != null && end.getCount() > 0) {
            progress.println("simulate: the database alone");
            report.put("database_alone", limit.measure());
        }
        ratio("row_by_row_per_s", "settled_against_row_by_row");
        ratio("batches_per_s", "settled_against_batches");
        if (plan != null && serverPid != null && options.recordingRounds > 0 && end.getCount() > 0) {
            RecordingCost cost = new RecordingCost(fleet, plan.again(), relay, progress);
            report.put("recording", cost.measure(serverPid, options.recordingRounds, this::cpuTimes));
        }
        return report;
    }

    private void connect(Fleet fleet) throws InterruptedException {
        FleetSettings settings = fleet.settings();
        long startNs = System.nanoTime();
        fleet.start();
        Duration least = Duration.ofNanos((long) (settings.agents() / settings.connectRate() * 1e9));
        boolean all = fleet.awaitAllLive(least.plus(CONNECT_PATIENCE));
        long tookMs = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startNs);
        report.put("all_connected", all);
        report.put("connecting_took_ms", tookMs);
        progress.println("simulate: " + fleet.stats().live.get() + " of " + settings.agents() + " connected after "
                + tookMs + " ms");
    }

    private void idle(Fleet fleet, Duration idle, long heapBefore, CountDownLatch end) throws Exception {
        Long pid = options.serverPid;
        long dropsBefore = fleet.stats().drops.sum();
        CpuTimes before = cpuTimes();
        end.await(idle.toNanos(), TimeUnit.NANOSECONDS);
        CpuTimes used = cpuTimes().since(before);
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("seconds", LoadResult.tenths(used.atNs() / 1e9));
        map.put("connections", fleet.stats().live.get());
        map.put("dropped_meanwhile", fleet.stats().drops.sum() - dropsBefore);
        used.putPercent(map);
        if (pid != null) {
            long heapAfter = LiveHeap.bytesOf(pid);
            map.put("live_heap_before_bytes", heapBefore);
            map.put("live_heap_bytes", heapAfter);
            map.put(
                    "live_heap_per_connection_bytes",
                    (heapAfter - heapBefore) / Math.max(1, fleet.stats().live.get()));
        }
        report.put("idle", map);
    }

    private CpuTimes cpuTimes() {
        return CpuTimes.now(options.serverPid, options.databasePid);
    }

    private void load(Fleet fleet, LoadPlan work) throws InterruptedException, ExecutionException {
        progress.println("simulate: posting " + work.warmUp() + " + " + work.commands() + " commands");
        LoadRun run = new LoadRun(work, this::cpuTimes);
        relay.to(run);
        report.put(
                "load",
                run.start(fleet.shard(0).loop, fleet.commandable()).get().toMap(work));
    }

    private void ratio(String of, String name) {
        if (report.get("load") instanceof Map<?, ?> loaded
                && report.get("database_alone") instanceof Map<?, ?> database
                && loaded.get("settled_per_s") instanceof Double settled
                && database.get(of) instanceof Double alone
                && alone > 0) {
            report.put(name, Math.round(settled / alone * 100) / 100.0);
        }
    }

    /** @return a sentence when a run proved something wrong: a command lost or run twice */
    static List<String> violations(Map<String, Object> report) {
        if (report.get("load") instanceof Map<?, ?> loaded
                && loaded.get("losses") instanceof Integer losses
                && loaded.get("doubles") instanceof Integer doubles
                && (losses > 0 || doubles > 0)) {
            return List.of(losses + " commands lost, " + doubles + " run twice");
        }
        return List.of();
    }
}
