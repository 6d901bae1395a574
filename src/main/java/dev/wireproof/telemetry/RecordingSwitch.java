package dev.wireproof.telemetry;

import java.lang.management.ManagementFactory;
import java.util.concurrent.atomic.AtomicInteger;
import javax.management.JMException;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets a measurement turn the record of frames off and on again in a running server, so that what it costs can be told from the same
 * process in the same minute. Reached by whoever may attach to the process, and by no setting. Each frame that is not kept because of it
 * counts as lost, so nothing is concluded from its absence.
 */
public final class RecordingSwitch implements RecordingSwitchMXBean, AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(RecordingSwitch.class);
    /** Several servers may live in one process, as they do in tests. */
    private static final AtomicInteger NUMBER = new AtomicInteger();

    private final ObjectName name;
    private volatile boolean recording = true;

    private RecordingSwitch(ObjectName name) {
        this.name = name;
    }

    static RecordingSwitch open() {
        try {
            RecordingSwitch made = new RecordingSwitch(new ObjectName(NAME + NUMBER.incrementAndGet()));
            ManagementFactory.getPlatformMBeanServer().registerMBean(made, made.name);
            return made;
        } catch (JMException e) {
            throw new IllegalStateException("the platform's own MBean server takes every new name", e);
        }
    }

    @Override
    public boolean isRecording() {
        return recording;
    }

    @Override
    public void setRecording(boolean on) {
        if (on != recording) {
            recording = on;
            log.atWarn().addKeyValue("recording", on).log("telemetry.recording_switched");
        }
    }

    /** May be called twice. */
    @Override
    public void close() {
        MBeanServer server = ManagementFactory.getPlatformMBeanServer();
        try {
            if (server.isRegistered(name)) {
                server.unregisterMBean(name);
            }
        } catch (JMException e) {
            log.atWarn().setCause(e).log("telemetry.switch_not_removed");
        }
    }
}
