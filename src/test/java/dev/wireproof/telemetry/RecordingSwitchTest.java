package dev.wireproof.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wireproof.id.ConnectionId;
import java.lang.management.ManagementFactory;
import java.time.Instant;
import java.util.Set;
import java.util.UUID;
import javax.management.Attribute;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import org.junit.jupiter.api.Test;
import org.springframework.jdbc.datasource.DriverManagerDataSource;

class RecordingSwitchTest {
    private static final MBeanServer SERVER = ManagementFactory.getPlatformMBeanServer();

    @Test
    void frames_that_a_measurement_keeps_from_the_record_count_as_lost() throws Exception {
        Set<ObjectName> others = switches();
        try (FrameRecorder recorder =
                new FrameRecorder(TelemetryForTests.DEFAULTS, new TelemetrySinks(new DriverManagerDataSource()))) {
            ObjectName name = switches().stream()
                    .filter(one -> !others.contains(one))
                    .findFirst()
                    .orElseThrow();
            FrameTrace trace = recorder.open(new ConnectionId(new UUID(0, 1)), Instant.EPOCH);

            SERVER.setAttribute(name, new Attribute("Recording", false));
            trace.record(FrameRecord.received(
                    trace.nextSeq(), Opcode.TEXT, "CommandAck", null, 10, FrameRecord.NONE, 5, null, null));

            assertThat(recorder.recording()).isFalse();
            assertThat(trace.missing()).isEqualTo(1);
            assertThat(trace.recent()).isEmpty();
        }
        assertThat(switches()).isEqualTo(others);
    }

    private static Set<ObjectName> switches() throws Exception {
        return SERVER.queryNames(new ObjectName(RecordingSwitchMXBean.NAME + "*"), null);
    }
}
