package dev.wireproof.agent;

import com.sun.management.OperatingSystemMXBean;
import dev.wireproof.protocol.AgentMessage.Metrics;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** The machine's load, as the JVM sees it; the disk is the one that the agent's home is on. */
final class MachineMetrics {
    private final OperatingSystemMXBean system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
    private final Path home;

    MachineMetrics(Path home) {
        this.home = home;
        system.getCpuLoad(); // The first call only sets the mark that the next one measures from.
    }

    Metrics now() {
        double cpu = system.getCpuLoad();
        double load = system.getSystemLoadAverage();
        long total = system.getTotalMemorySize();
        Long diskTotal = null;
        Long diskUsed = null;
        try {
            FileStore disk = Files.getFileStore(home);
            diskTotal = disk.getTotalSpace();
            diskUsed = diskTotal - disk.getUnallocatedSpace();
        } catch (IOException e) {
            // Not measured.
        }
        return new Metrics(
                measured(cpu * 100), Math.max(0, total - available(total)), total, diskUsed, diskTotal, measured(load));
    }

    /** Java says "free", which leaves out what the system would give up at once; Linux tells the better number. */
    private long available(long total) {
        try {
            for (String line : Files.readAllLines(Path.of("/proc/meminfo"))) {
                if (line.startsWith("MemAvailable:")) {
                    return Math.min(total, Long.parseLong(line.replaceAll("\\D", "")) * 1024);
                }
            }
        } catch (IOException | NumberFormatException e) {
            // No Linux.
        }
        return system.getFreeMemorySize();
    }

    private static @Nullable Double measured(double value) {
        return value >= 0 && Double.isFinite(value) ? value : null;
    }
}
