package dev.wireproof.simulator;

import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;
import javax.management.JMException;

/**
 * What the record of frames costs: blocks of the same load, with it on, off, off, on, so that a machine that grows faster or slower
 * meanwhile favours neither. Read the ratios; their noise shows in the blocks. On a machine that others use too, that of the processor
 * time is the one to trust.
 */
final class RecordingCost {
    private final Fleet fleet;
    private final LoadPlan block;
    private final RelayWatcher relay;
    private final PrintWriter progress;

    /** @param block one block's commands */
    RecordingCost(Fleet fleet, LoadPlan block, RelayWatcher relay, PrintWriter progress) {
        this.fleet = fleet;
        this.block = block;
        this.relay = relay;
        this.progress = progress;
    }

    /** @param cpu asked before and after each block */
    Map<String, Object> measure(long serverPid, int rounds, Supplier<CpuTimes> cpu)
            throws IOException, JMException, InterruptedException, ExecutionException {
        List<LoadResult> on = new ArrayList<>();
        List<LoadResult> off = new ArrayList<>();
        try (RecordingSwitch recorder = RecordingSwitch.of(serverPid)) {
            for (int i = 0; i < rounds * 4; i++) {
                boolean recording = i % 4 == 0 || i % 4 == 3;
                recorder.recording(recording);
                progress.println("simulate: recording " + (recording ? "on" : "off"));
                LoadRun run = new LoadRun(block, cpu);
                relay.to(run);
                (recording ? on : off)
                        .add(run.start(fleet.shard(0).loop, fleet.commandable()).get());
            }
            recorder.recording(true);
        }
        List<Double> rateOn = each(on, LoadResult::settledPerSecond);
        List<Double> rateOff = each(off, LoadResult::settledPerSecond);
        List<Double> cpuOn = each(on, LoadResult::serverSideUs);
        List<Double> cpuOff = each(off, LoadResult::serverSideUs);
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("commands_of_a_block", block.commands());
        map.put("settled_per_s_on", rateOn);
        map.put("settled_per_s_off", rateOff);
        map.put("on_against_off", ratio(rateOn, rateOff));
        map.put("server_and_database_cpu_us_per_command_on", cpuOn);
        map.put("server_and_database_cpu_us_per_command_off", cpuOff);
        map.put("cpu_on_against_off", Math.round(sum(cpuOn) / sum(cpuOff) * 1_000) / 1_000.0);
        return map;
    }

    private static List<Double> each(List<LoadResult> results, ToDoubleFunction<LoadResult> what) {
        return results.stream().mapToDouble(what).boxed().toList();
    }

    private static double sum(List<Double> values) {
        return values.stream().mapToDouble(Double::doubleValue).sum();
    }

    /** Of the times that the commands of all blocks took together. */
    static double ratio(List<Double> on, List<Double> off) {
        double onS = on.stream().mapToDouble(perSecond -> 1 / perSecond).sum();
        double offS = off.stream().mapToDouble(perSecond -> 1 / perSecond).sum();
        return Math.round(offS / onS * 1_000) / 1_000.0;
    }
}
