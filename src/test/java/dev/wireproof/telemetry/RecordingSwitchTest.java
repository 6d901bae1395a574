package dev.wireproof.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.wireproof.id.ConnectionId;
import java.lang.management.ManagementFactory;
import java.time.Instant;
import java.util.Set;
import java.util.UUID;
import javax.management.Attribute;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;
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

    @Test
    void it_may_be_closed_again_without_a_warning() {
        Logger log = (Logger) LoggerFactory.getLogger(RecordingSwitch.class);
        ListAppender<ILoggingEvent> lines = new ListAppender<>();
        lines.start();
        log.addAppender(lines);
        try {
            RecordingSwitch one = RecordingSwitch.open();
            one.close();
            one.close();
        } finally {
            log.detachAppender(lines);
        }
        assertThat(lines.list).isEmpty();
    }

    private static Set<ObjectName> switches() throws Exception {
        return SERVER.queryNames(new ObjectName(RecordingSwitchMXBean.NAME + "*"), null);
    }
}
