package dev.wireproof.faults;

import dev.wireproof.testkit.Http;
import dev.wireproof.testkit.Ports;
import dev.wireproof.testkit.RunningServer;
import dev.wireproof.testkit.ServerProcess;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;

/** The real server process on one port and one database, to be killed and started again as often as a case likes. */
final class LabServer implements AutoCloseable {
    private static final long READY_WITHIN_NS = 90_000_000_000L;

    private final int port = Ports.free();
    private final List<String> before;
    private final List<String> flags;
    private final Map<String, String> settings;
    private ServerProcess process;

    private LabServer(List<String> before, List<String> flags, Map<String, String> settings) {
        this.before = before;
        this.flags = flags;
        this.settings = settings;
        this.process = begin();
    }

    /** Waits until it is ready. @param more environment variables, beside those that every case has */
    static LabServer start(Path home, String jdbcUrl, String user, String password, Map<String, String> more) {
        return start(List.of(), List.of(), home, jdbcUrl, user, password, more);
    }

    /** See {@link ServerProcess#start(List, List, Path, Map, String...)}. */
    static LabServer start(
            List<String> before,
            List<String> flags,
            Path home,
            String jdbcUrl,
            String user,
            String password,
            Map<String, String> more) {
        Map<String, String> settings = new HashMap<>(Map.of(
                "WIREPROOF_HOME",
                home.toString(),
                "WIREPROOF_DEMO",
                "false",
                "SPRING_DATASOURCE_URL",
                jdbcUrl,
                "SPRING_DATASOURCE_USERNAME",
                user,
                "SPRING_DATASOURCE_PASSWORD",
                password,
                "WIREPROOF_BOOTSTRAP_ADMIN_TOKEN",
                RunningServer.ADMIN,
                "WIREPROOF_BOOTSTRAP_ENROLLMENT_TOKEN",
                RunningServer.ENROLLMENT,
                // It is started often and lives shortly: no time to compile well.
                "JAVA_TOOL_OPTIONS",
                "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"));
        settings.putAll(more);
        return new LabServer(before, flags, settings);
    }

    private ServerProcess begin() {
        Map<String, String> all = new HashMap<>(settings);
        all.put("SERVER_PORT", Integer.toString(port));
        return ServerProcess.start(before, flags, ServerProcess.extracted(), all);
    }

    int port() {
        return port;
    }

    ServerProcess process() {
        return process;
    }

    /** {@code kill -9}. */
    void kill() throws InterruptedException {
        process.kill();
    }

    /** SIGTERM, and as soon as it is no longer ready {@code kill -9}. */
    void drainAndKill() throws InterruptedException {
        ProcessHandle.of(process.pid()).ifPresent(ProcessHandle::destroy);
        while (ready()) {
            LockSupport.parkNanos(5_000_000);
        }
        process.kill();
    }

    /** As {@link #kill}, and on its feet again. */
    void startAgain() {
        process.close();
        process = begin();
        awaitReady();
    }

    LabServer awaitReady() {
        long deadline = System.nanoTime() + READY_WITHIN_NS;
        while (!ready()) {
            if (!process.alive() || System.nanoTime() - deadline > 0) {
                throw new AssertionError("not ready:\n" + String.join("\n", process.output()));
            }
            LockSupport.parkNanos(50_000_000);
        }
        return this;
    }

    boolean ready() {
        return Http.ready(port);
    }

    @Override
    public void close() {
        process.close();
    }
}
