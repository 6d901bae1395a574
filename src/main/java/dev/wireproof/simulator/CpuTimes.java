package dev.wireproof.simulator;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Who used the processors so far, in ns. The others' share tells how much a measurement on a machine that is not its own is worth.
 *
 * @param server 0 when it is not watched
 * @param database 0 when it is not watched; its processes then count as others
 */
record CpuTimes(long atNs, long server, long database, long simulator, long machine) {

    static CpuTimes now(@Nullable Long serverPid, @Nullable Long databasePid) {
        return new CpuTimes(
                System.nanoTime(),
                serverPid == null ? 0 : ProcessCpu.ofTree(serverPid),
                databasePid == null ? 0 : ProcessCpu.ofTree(databasePid),
                ProcessCpu.own(),
                ProcessCpu.ofMachine());
    }

    CpuTimes since(CpuTimes earlier) {
        return new CpuTimes(
                atNs - earlier.atNs,
                server - earlier.server,
                database - earlier.database,
                simulator - earlier.simulator,
                machine - earlier.machine);
    }

    private long others() {
        return Math.max(0, machine - server - database - simulator);
    }

    /** Shares of one core, for what {@link #since} gave. */
    void putPercent(Map<String, Object> report) {
        report.put("simulator_cpu_pct_of_one_core", percent(simulator));
        if (server > 0) {
            report.put("server_cpu_pct_of_one_core", percent(server));
        }
        if (database > 0) {
            report.put("database_cpu_pct_of_one_core", percent(database));
        }
        report.put("others_cpu_pct_of_one_core", percent(others()));
    }

    /** For what {@link #since} gave. */
    void putPerCommand(Map<String, Object> report, int commands) {
        report.put("client_cpu_us_per_command", each(simulator, commands));
        if (server > 0) {
            report.put("server_cpu_us_per_command", each(server, commands));
        }
        if (database > 0) {
            report.put("database_cpu_us_per_command", each(database, commands));
        }
        report.put("others_cpu_pct_of_one_core", percent(others()));
    }

    private static double each(long cpuNs, int commands) {
        return commands == 0 ? 0 : LoadResult.tenths(cpuNs / 1e3 / commands);
    }

    private double percent(long cpuNs) {
        return atNs == 0 ? 0 : LoadResult.tenths(100.0 * cpuNs / atNs);
    }
}
