package dev.wireproof.telemetry;

import dev.wireproof.background.RepeatingTask;
import dev.wireproof.kernel.SocketDiag;
import java.sql.SQLException;
import java.time.Duration;
import java.time.InstantSource;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Starts the record of frames before anyone can connect, and ends it after the last connection. */
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(TelemetryProperties.class)
class TelemetryConfiguration {

    @Bean(destroyMethod = "close")
    FrameRecorder frameRecorder(TelemetryProperties settings, DataSource database) {
        return new FrameRecorder(settings, new TelemetrySinks(database));
    }

    @Bean
    SocketDiag socketDiag(TelemetryProperties settings) {
        return settings.kernelView()
                ? SocketDiag.ofThisMachine()
                : SocketDiag.unknown("switched off by wireproof.telemetry.kernel-view");
    }

    @Bean
    FrameLog frameLog(JdbcClient db, FrameRecorder recorder) {
        return new FrameLog(db, recorder);
    }

    @Bean
    HeartbeatLog heartbeatLog(JdbcClient db, FrameRecorder recorder) {
        return new HeartbeatLog(db, recorder);
    }

    @Bean
    TelemetryLifecycle telemetryLifecycle(
            DataSource database, InstantSource clock, TelemetryProperties settings, FrameRecorder recorder) {
        return new TelemetryLifecycle(new Partitions(database, clock, settings), recorder);
    }

    static final class TelemetryLifecycle implements SmartLifecycle {
        private static final Logger log = LoggerFactory.getLogger(TelemetryLifecycle.class);

        private final Partitions partitions;
        private final FrameRecorder recorder;
        private volatile @Nullable RepeatingTask maintenance;

        TelemetryLifecycle(Partitions partitions, FrameRecorder recorder) {
            this.partitions = partitions;
            this.recorder = recorder;
        }

        @Override
        public void start() {
            maintain();
            maintenance = RepeatingTask.start(
                    "telemetry-partitions", Duration.ofMinutes(15), Duration.ofSeconds(2), this::maintain);
        }

        private void maintain() {
            try {
                partitions.maintainOnce();
            } catch (SQLException e) {
                // Rows then go to the default partition, and the next run tries again.
                log.atError().setCause(e).log("telemetry.partitions_not_made");
            }
        }

        @Override
        public void stop() {
            RepeatingTask task = maintenance;
            maintenance = null;
            if (task != null) {
                task.close();
            }
            recorder.close();
        }

        @Override
        public boolean isRunning() {
            return maintenance != null;
        }

        /** Before the web server starts, and after it stopped. */
        @Override
        public int getPhase() {
            return SmartLifecycle.DEFAULT_PHASE - 4096;
        }
    }
}
