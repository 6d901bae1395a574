package dev.wireproof.simulator;

import dev.wireproof.id.CommandId;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/** What a load run measured. Written on its loop, read when it is done. */
final class LoadResult {
    private static final long LONGEST_US = TimeUnit.HOURS.toMicros(1);

    private final Histogram answered = new Histogram(LONGEST_US, 3);
    private final Histogram received = new Histogram(LONGEST_US, 3);
    private final Histogram acked = new Histogram(LONGEST_US, 3);
    private final Histogram confirmed = new Histogram(LONGEST_US, 3);
    private final Histogram serverAck = new Histogram(LONGEST_US, 3);
    private final Map<String, Integer> sampledStates = new TreeMap<>();
    private final List<String> lostIds = new ArrayList<>();

    long firstPostNs;
    long lastThroughNs;
    private long lastConfirmedNs;
    private final Supplier<CpuTimes> cpu;
    private @Nullable CpuTimes cpuBefore;
    private @Nullable CpuTimes cpuUsed;
    private int measured;
    int failures;
    int busy;

    @Nullable
    String failure;

    private int unanswered;
    private int unacked;
    private int unconfirmed;
    private int doubles;
    private int repeatedOffers;
    private int unclaimed;

    LoadResult(Supplier<CpuTimes> cpu) {
        this.cpu = cpu;
    }

    void begin(long postNs) {
        firstPostNs = postNs;
        cpuBefore = cpu.get();
    }

    /** A measured command that went all the way. */
    void record(LoadRun.Tracked command) {
        measured++;
        recordUs(answered, command.answeredNs - command.postNs);
        recordUs(received, command.receivedNs - command.postNs);
        recordUs(acked, command.ackedNs - command.postNs);
        recordUs(confirmed, command.confirmedNs - command.postNs);
        lastConfirmedNs = Math.max(lastConfirmedNs, command.confirmedNs);
    }

    void serverAck(long us, String state) {
        serverAck.recordValue(Math.clamp(us, 0, LONGEST_US));
        sampledState(state);
    }

    void sampledState(String state) {
        sampledStates.merge(state, 1, Integer::sum);
    }

    private static void recordUs(Histogram histogram, long ns) {
        histogram.recordValue(Math.clamp(ns / 1_000, 0, LONGEST_US));
    }

    void overdue(LoadRun.Tracked command) {
        if (command.answeredNs == 0) {
            unanswered++;
        } else if (command.ackedNs == 0) {
            unacked++;
        } else {
            unconfirmed++;
        }
        if (command.id != null && lostIds.size() < 20) {
            lostIds.add(command.id.toString());
        }
    }

    /** What every command that was ever answered 202 met at the agents. */
    void join(Map<CommandId, LoadRun.Tracked> commands) {
        CpuTimes before = cpuBefore;
        cpuUsed = before == null ? null : cpu.get().since(before);
        for (LoadRun.Tracked command : commands.values()) {
            doubles += Math.max(0, command.executions - 1);
            repeatedOffers += Math.max(0, command.offers - 1);
            unclaimed += command.id == null ? 1 : 0;
        }
    }

    double throughPerSecond() {
        return perSecond(lastThroughNs - firstPostNs);
    }

    double settledPerSecond() {
        return perSecond(lastConfirmedNs - firstPostNs);
    }

    private double perSecond(long ns) {
        return measured == 0 || ns <= 0 ? 0 : tenths(measured * 1e9 / ns);
    }

    /** Processor time of server and database for each measured command; 0 when it was not watched. */
    double serverSideUs() {
        return cpuUsed == null || measured == 0 ? 0 : tenths((cpuUsed.server() + cpuUsed.database()) / 1e3 / measured);
    }

    int lost() {
        return unacked + unconfirmed;
    }

    int doubles() {
        return doubles;
    }

    int measured() {
        return measured;
    }

    Map<String, Object> toMap(LoadPlan plan) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("commands", plan.commands());
        map.put("warm_up", plan.warmUp());
        map.put("in_flight", plan.inFlight());
        map.put("place_held_until", plan.until().name());
        map.put("completed", measured);
        map.put("throughput_per_s", throughPerSecond());
        map.put("settled_per_s", settledPerSecond());
        map.put("post_to_202", Latencies.of(answered));
        map.put("post_to_command_at_agent", Latencies.of(received));
        map.put("post_to_ack_written", Latencies.of(acked));
        map.put("post_to_result_committed", Latencies.of(confirmed));
        map.put("created_at_to_acked_at_sampled", Latencies.of(serverAck));
        map.put("sampled_states", sampledStates);
        map.put("losses", lost());
        map.put("answered_but_unacked", unacked);
        map.put("acked_but_result_unconfirmed", unconfirmed);
        map.put("posts_without_answer", unanswered);
        map.put("posts_failed", failures);
        map.put("last_failure", failure == null ? "none" : failure);
        map.put("busy_answers", busy);
        map.put("doubles", doubles);
        map.put("repeated_offers_on_the_wire", repeatedOffers);
        map.put("commands_of_unanswered_posts", unclaimed);
        map.put("examples_of_losses", lostIds);
        if (cpuUsed != null) {
            cpuUsed.putPerCommand(map, measured);
        }
        return map;
    }

    static double tenths(double value) {
        return Math.round(value * 10) / 10.0;
    }
}
