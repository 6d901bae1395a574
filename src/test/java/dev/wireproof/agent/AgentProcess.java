package dev.wireproof.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The real jar as a process of its own, with the flags that {@code docs/agent.md} documents. */
final class AgentProcess implements AutoCloseable {
    static final List<String> FLAGS = List.of(
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseCompactObjectHeaders",
            "-Xmx32m",
            "-Xss512k",
            "-XX:ReservedCodeCacheSize=24m");

    private final Process process;
    private final Path log;

    private AgentProcess(Process process, Path log) {
        this.process = process;
        this.log = log;
    }

    static AgentProcess start(ScriptedServer server, Path home, String... more) throws IOException {
        List<String> arguments =
                new ArrayList<>(List.of("--server", server.uri().toString(), "--home"));
        arguments.add(home.toString());
        arguments.add("--enrollment-token");
        arguments.add("test-token");
        arguments.addAll(List.of(more));
        return start(home, arguments);
    }

    static AgentProcess start(Path home, List<String> arguments) throws IOException {
        return start(home, List.of(), arguments);
    }

    /** @param flags more of them for its JVM */
    static AgentProcess start(Path home, List<String> flags, List<String> arguments) throws IOException {
        List<String> vector = new ArrayList<>();
        vector.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        vector.addAll(FLAGS);
        vector.addAll(flags);
        vector.add("-jar");
        vector.add(System.getProperty("wireproof.agent.jar", "target/wireproof-agent.jar"));
        vector.addAll(arguments);
        Files.createDirectories(home);
        Path log = home.resolveSibling(home.getFileName() + ".log");
        ProcessBuilder builder = new ProcessBuilder(vector)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
        return new AgentProcess(builder.start(), log);
    }

    long pid() {
        return process.pid();
    }

    /** SIGKILL, and the end awaited. */
    void kill() throws InterruptedException {
        process.destroyForcibly();
        process.waitFor();
    }

    /** SIGTERM. */
    void terminate() {
        process.destroy();
    }

    int awaitExit() throws InterruptedException {
        assertThat(process.waitFor(ScriptedServer.PATIENCE_S, TimeUnit.SECONDS))
                .as("the agent ended")
                .isTrue();
        return process.exitValue();
    }

    boolean isAlive() {
        return process.isAlive();
    }

    String log() throws IOException {
        return Files.readString(log);
    }

    @Override
    public void close() throws InterruptedException {
        kill();
    }
}
