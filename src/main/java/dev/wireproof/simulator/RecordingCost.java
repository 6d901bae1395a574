package dev.wireproof.simulator;

import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import javax.management.JMException;

/**
 * What the record of frames costs: blocks of the same load, with it on, off, off, on, so that a machine that grows faster or slower
 * meanwhile favours neither. Read the ratio; its noise shows in the blocks.
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

    /** @param rounds each has two blocks with it and two without */
    Map<String, Object> measure(long serverPid, int rounds)
            throws IOException, JMException, InterruptedException, ExecutionException {
        List<Double> on = new ArrayList<>();
        List<Double> off = new ArrayList<>();
        try (RecordingSwitch recorder = RecordingSwitch.of(serverPid)) {
            for (int i = 0; i < rounds * 4; i++) {
                boolean recording = i % 4 == 0 || i % 4 == 3;
                recorder.recording(recording);
                progress.println("simulate: recording " + (recording ? "on" : "off"));
                (recording ? on : off).add(settledPerSecond());
            }
            recorder.recording(true);
        }
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("commands_of_a_block", block.commands());
        map.put("settled_per_s_on", on);
        map.put("settled_per_s_off", off);
        map.put("on_against_off", ratio(on, off));
        return map;
    }

    private double settledPerSecond() throws InterruptedException, ExecutionException {
        LoadRun run = new LoadRun(block, () -> CpuTimes.now(null, null));
        relay.to(run);
        return run.start(fleet.shard(0).loop, fleet.commandable()).get().settledPerSecond();
    }

    /** Of the times that the commands of all blocks took together. */
    static double ratio(List<Double> on, List<Double> off) {
        double onS = on.stream().mapToDouble(perSecond -> 1 / perSecond).sum();
        double offS = off.stream().mapToDouble(perSecond -> 1 / perSecond).sum();
        return Math.round(offS / onS * 1_000) / 1_000.0;
    }
}
