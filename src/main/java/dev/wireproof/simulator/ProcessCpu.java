package dev.wireproof.simulator;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/** CPU time of processes, as the kernel counts it. */
final class ProcessCpu {
    /** USER_HZ of Linux on every architecture that this runs on: the unit of utime and stime in /proc. */
    private static final long TICKS_PER_SECOND = 100;

    private static final int UTIME = 11;
    private static final int CSTIME = 14;

    private ProcessCpu() {}

    /** Of this process so far, ns. */
    static long own() {
        return ProcessHandle.current()
                .info()
                .totalCpuDuration()
                .orElse(Duration.ZERO)
                .toNanos();
    }

    /** Of a process, the children that it waited for, and its living descendants, ns. 0 for a process that is gone. */
    static long ofTree(long pid) {
        return LongStream.concat(
                        LongStream.of(pid),
                        ProcessHandle.of(pid).stream()
                                .flatMap(ProcessHandle::descendants)
                                .mapToLong(ProcessHandle::pid))
                .map(ProcessCpu::of)
                .sum();
    }

    /** Of all processes of the machine since its start, ns; 0 where the kernel does not tell. */
    static long ofMachine() {
        try (Stream<String> lines = Files.lines(Path.of("/proc/stat"), StandardCharsets.UTF_8)) {
            return lines.findFirst().map(ProcessCpu::ofMachine).orElse(0L);
        } catch (IOException e) {
            return 0;
        }
    }

    /** user, nice, system, irq and softirq of the first line of proc_stat(5); idle, iowait and steal are nobody's. */
    static long ofMachine(String total) {
        String[] fields = total.strip().split(" +", -1);
        long ticks = 0;
        for (int i : new int[] {1, 2, 3, 6, 7}) {
            ticks += Long.parseLong(fields[i]);
        }
        return ticks * TimeUnit.SECONDS.toNanos(1) / TICKS_PER_SECOND;
    }

    private static long of(long pid) {
        try {
            return ofStat(Files.readString(Path.of("/proc/" + pid + "/stat"), StandardCharsets.UTF_8));
        } catch (IOException e) {
            return 0;
        }
    }

    /** utime + stime + cutime + cstime of proc_pid_stat(5). The command's name may hold anything, so count from its last bracket. */
    static long ofStat(String stat) {
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
        long ticks = 0;
        for (int i = UTIME; i <= CSTIME; i++) {
            ticks += Long.parseLong(fields[i]);
        }
        return ticks * TimeUnit.SECONDS.toNanos(1) / TICKS_PER_SECOND;
    }
}
