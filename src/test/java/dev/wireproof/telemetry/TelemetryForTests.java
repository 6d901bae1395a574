package dev.wireproof.telemetry;

import java.sql.SQLException;
import java.time.Duration;
import java.time.InstantSource;
import javax.sql.DataSource;
import org.springframework.jdbc.core.simple.JdbcClient;

/** The record of frames with a real database, for tests of the rooms above. */
public final class TelemetryForTests implements AutoCloseable {
    public static final TelemetryProperties DEFAULTS =
            new TelemetryProperties(TelemetryProperties.Frames.AUTO, Duration.ofHours(48), Duration.ofDays(90), true);

    private final FrameRecorder recorder;
    private final FrameLog log;
    private final HeartbeatLog heartbeats;

    public TelemetryForTests(DataSource database, InstantSource clock) {
        try {
            new Partitions(database, clock, DEFAULTS).maintainOnce();
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
        recorder = new FrameRecorder(DEFAULTS, new TelemetrySinks(database));
        JdbcClient db = JdbcClient.create(database);
        log = new FrameLog(db, recorder);
        heartbeats = new HeartbeatLog(db, recorder);
    }

    public FrameRecorder recorder() {
        return recorder;
    }

    public FrameLog log() {
        return log;
    }

    public HeartbeatLog heartbeats() {
        return heartbeats;
    }

    @Override
    public void close() {
        recorder.close();
    }
}
