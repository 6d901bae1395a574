package dev.wireproof.telemetry;

/** What {@link RecordingSwitch} offers to a process that attaches to this one. */
public interface RecordingSwitchMXBean {
    /** A number follows. */
    String NAME = "dev.wireproof:type=RecordingSwitch,server=";

    boolean isRecording();

    void setRecording(boolean on);
}
