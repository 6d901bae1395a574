package dev.wireproof.testkit;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The real server in a process of its own, from its jar or from what is laid out of it, with its output line by line. Closing it kills it. */
public final class ServerProcess implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(90);

    /** A test's server lives for seconds: the second compiler and the parallel collector would only cost. */
    static final List<String> JVM = List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx512m",
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC",
            "--enable-native-access=ALL-UNNAMED");

    private final Process process;
    private final List<String> lines = new ArrayList<>(); // guarded by this
    private final CountDownLatch outputEnded = new CountDownLatch(1);

    private ServerProcess(Process process) {
        this.process = process;
    }

    /** @param settings environment variables; what the test JVM itself has of `WIREPROOF_`, `SERVER_` and `SPRING_` is removed first */
    public static ServerProcess start(Map<String, String> settings, String... arguments) {
        return start(List.of(), List.of(), extracted(), settings, arguments);
    }

    /**
     * @param before what starts it, such as a shell that sets a limit first
     * @param flags more of them for its JVM; they win over those that every test's server has
     * @param jar {@link #jar} or {@link #extracted}
     */
    public static ServerProcess start(
            List<String> before, List<String> flags, Path jar, Map<String, String> settings, String... arguments) {
        List<String> command = new ArrayList<>(before);
        command.addAll(JVM);
        if (!jar.equals(jar())) {
            command.addAll(LaidOutServer.get().flags());
        }
        command.addAll(flags);
        command.addAll(List.of("-jar", jar.toString()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment()
                .keySet()
                .removeIf(name ->
                        name.startsWith("WIREPROOF_") || name.startsWith("SERVER_") || name.startsWith("SPRING_"));
        builder.environment().putAll(settings);
        try {
            ServerProcess server = new ServerProcess(builder.start());
            Thread.ofVirtual().start(server::readOutput);
            return server;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** As it is built. */
    public static Path jar() {
        return Path.of(System.getProperty("wireproof.server.jar"));
    }

    /** The jar as the documented commands of a quicker start lay it out: half of a start's time less, for whoever starts it often. */
    public static Path extracted() {
        return LaidOutServer.get().jar();
    }

    private void readOutput() {
        try (BufferedReader output = process.inputReader(StandardCharsets.UTF_8)) {
            for (String line = output.readLine(); line != null; line = output.readLine()) {
                synchronized (this) {
                    lines.add(line);
                    notifyAll();
                }
            }
        } catch (IOException e) {
            // the process was killed
        } finally {
            outputEnded.countDown();
            synchronized (this) {
                notifyAll();
            }
        }
    }

    /** Waits for a line in which the pattern is found. */
    public synchronized Matcher awaitLine(String pattern) throws InterruptedException {
        Pattern wanted = Pattern.compile(pattern);
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        for (int next = 0; ; ) {
            for (; next < lines.size(); next++) {
                Matcher matcher = wanted.matcher(lines.get(next));
                if (matcher.find()) {
                    return matcher;
                }
            }
            long left = deadline - System.nanoTime();
            if (left <= 0 || outputEnded.getCount() == 0) {
                throw new AssertionError("no line matches " + pattern + " in:\n" + String.join("\n", lines));
            }
            TimeUnit.NANOSECONDS.timedWait(this, left);
        }
    }

    public synchronized List<String> output() {
        return List.copyOf(lines);
    }

    public long pid() {
        return process.pid();
    }

    public boolean alive() {
        return process.isAlive();
    }

    /** The operating system's `kill -9`: nothing of the server's own runs any more. */
    public void kill() throws InterruptedException {
        process.destroyForcibly();
        process.waitFor();
    }

    /** SIGTERM. @return the exit code */
    public int stop() throws InterruptedException {
        process.toHandle().destroy(); // Process.destroy would close the pipe by which we learn what it says at the end
        return awaitExit();
    }

    public int awaitExit() throws InterruptedException {
        if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
            throw new AssertionError("still running:\n" + String.join("\n", output()));
        }
        outputEnded.await();
        return process.exitValue();
    }

    @Override
    public void close() {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
    }
}
