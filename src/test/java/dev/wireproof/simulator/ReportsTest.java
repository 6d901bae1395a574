package dev.wireproof.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wireproof.id.CommandId;
import java.time.Duration;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ReportsTest {
    private static final LoadPlan PLAN = new LoadPlan(
            "http://127.0.0.1", "t", 10, 0, 2, LoadPlan.Until.ack, "hostname", 60, Duration.ofSeconds(1), 0);

    @Test
    void secrets_stay_out_of_the_command_line_that_a_report_shows() {
        assertThat(Reports.redacted(List.of(
                        "--agents",
                        "5",
                        "--enrollment-token",
                        "wp_secret",
                        "--api-token=also",
                        "--jdbc-password",
                        "pw")))
                .isEqualTo("simulate --agents 5 --enrollment-token … --api-token=… --jdbc-password …");
    }

    @Test
    void a_report_is_json_or_one_line_for_each_value() {
        Map<String, Object> report = new LinkedHashMap<>();
        report.put("agents", 5);
        report.put("load", Map.of("losses", 0));

        assertThat(Reports.render(report, Reports.Format.text)).isEqualTo("agents = 5\nload.losses = 0\n");
        assertThat(Reports.render(report, Reports.Format.json)).contains("\"losses\" : 0");
    }

    @Test
    void cpu_time_is_read_past_a_name_with_spaces_and_brackets() {
        String stat = "42 (a ) b) S 1 42 42 0 -1 4194560 100 0 0 0 150 50 7 3 20 0 1 0 100 1 1";

        assertThat(ProcessCpu.ofStat(stat)).isEqualTo(TimeUnit.MILLISECONDS.toNanos(2_100));
    }

    @Test
    void the_live_heap_is_the_total_of_the_class_histogram() {
        assertThat(LiveHeap.total("""
            4711:
             num     #instances         #bytes  class name (module)
               1:         22418        2069536  [B (java.base@25)
            Total        112345        7654321
            """)).isEqualTo(7_654_321);
        assertThatThrownBy(() -> LiveHeap.total("4711: no such process")).hasMessageContaining("no class histogram");
    }

    @Test
    void throughput_counts_what_went_all_the_way_and_doubles_are_joined_by_id() {
        Iterator<CpuTimes> cpu = List.of(
                        new CpuTimes(1_000_000_000L, 7_000_000L, 3_000_000L, 1_000_000L, 50_000_000L),
                        new CpuTimes(2_000_000_000L, 17_000_000L, 8_000_000L, 3_000_000L, 167_000_000L))
                .iterator();
        LoadResult result = new LoadResult(cpu::next);
        result.begin(1_000_000_000L);
        Map<CommandId, LoadRun.Tracked> commands = new HashMap<>();
        for (int i = 0; i < 10; i++) {
            LoadRun.Tracked command = new LoadRun.Tracked(true);
            command.id = new CommandId(new UUID(1, i));
            command.postNs = 1_000_000_000L;
            command.answeredNs = command.postNs + 1_000_000;
            command.receivedNs = command.postNs + 1_200_000;
            command.ackedNs = command.postNs + 1_500_000;
            command.confirmedNs = command.postNs + 4_000_000;
            command.offers = i == 0 ? 2 : 1;
            command.executions = i == 1 ? 2 : 1;
            commands.put(command.id, command);
            result.record(command);
        }
        result.lastThroughNs = 1_500_000_000L;

        result.join(commands);
        Map<String, Object> map = result.toMap(PLAN);

        assertThat(map)
                .containsEntry("completed", 10)
                .containsEntry("throughput_per_s", 20.0)
                .containsEntry("settled_per_s", 2_500.0)
                .containsEntry("doubles", 1)
                .containsEntry("repeated_offers_on_the_wire", 1)
                .containsEntry("losses", 0)
                .containsEntry("server_cpu_us_per_command", 1_000.0)
                .containsEntry("database_cpu_us_per_command", 500.0)
                .containsEntry("client_cpu_us_per_command", 200.0)
                .containsEntry("others_cpu_pct_of_one_core", 10.0);
        assertThat(map.get("post_to_ack_written"))
                .asInstanceOf(org.assertj.core.api.InstanceOfAssertFactories.MAP)
                .containsEntry("p50_ms", 1.5)
                .containsEntry("count", 10L);
    }

    @Test
    void the_cost_of_recording_is_a_ratio_of_times_and_not_of_rates() {
        assertThat(RecordingCost.ratio(List.of(1_000.0, 2_000.0), List.of(1_000.0, 2_000.0)))
                .isEqualTo(1.0);
        assertThat(RecordingCost.ratio(List.of(500.0, 2_000.0), List.of(1_000.0, 1_000.0)))
                .isEqualTo(0.8);
    }

    @Test
    void what_a_machine_waited_or_was_denied_is_not_time_that_somebody_used() {
        assertThat(ProcessCpu.ofMachine("cpu  100 20 30 4000 500 6 7 800 0 0")).isEqualTo(1_630_000_000L);
    }

    @Test
    void a_loss_or_a_double_is_a_violation_and_nothing_else_is() {
        assertThat(Measurements.violations(Map.of("load", Map.of("losses", 0, "doubles", 0))))
                .isEmpty();
        assertThat(Measurements.violations(Map.of())).isEmpty();
        assertThat(Measurements.violations(Map.of("load", Map.of("losses", 1, "doubles", 2))))
                .containsExactly("1 commands lost, 2 run twice");
    }
}
