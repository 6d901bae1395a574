package dev.wireproof.telemetry;

import jakarta.validation.constraints.NotNull;
import java.time.Duration;
import org.hibernate.validator.constraints.time.DurationMin;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * How much evidence is kept, and for how long.
 *
 * @param frames auto: every frame becomes a row while the whole server makes at most 500 a second; beyond it routine frames
 *     (Ping, Pong, Echo, Heartbeat) only within 60 s of a command, an anomaly or a trace. all: every frame, always
 * @param retention of rows for single frames and heartbeats
 * @param summaryRetention of summaries of a connection, and of the connections themselves
 * @param kernelView whether the kernel is asked what it knows of the agents' sockets; without it, nothing is claimed of TCP
 */
@Validated
@ConfigurationProperties("wireproof.telemetry")
public record TelemetryProperties(
        @DefaultValue("auto") @NotNull Frames frames,
        @DefaultValue("48h") @DurationMin(hours = 1) Duration retention,
        @DefaultValue("90d") @DurationMin(hours = 1) Duration summaryRetention,
        @DefaultValue("true") boolean kernelView) {

    public enum Frames {
        AUTO,
        ALL
    }
}
