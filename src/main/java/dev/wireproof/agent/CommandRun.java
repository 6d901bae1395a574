package dev.wireproof.agent;

import dev.wireproof.id.CommandId;
import dev.wireproof.protocol.AgentMessage.CommandResult;
import dev.wireproof.protocol.AgentMessage.Outcome;
import dev.wireproof.protocol.AgentMessage.Stream;
import dev.wireproof.protocol.ServerMessage.Command;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * One command as a process, from its start to its result. A thread waits for the end, the time limit or a cancellation,
 * two more read what it writes. What a finished command leaves running is left alone; what it holds open is not waited
 * for.
 */
final class CommandRun {
    /** Finished commands whose leftovers hold their output open: each keeps two threads. */
    static final int MAX_LINGERING = 64;

    private static final AtomicInteger LINGERING = new AtomicInteger();
    private static final Duration LAST_OUTPUT = Duration.ofSeconds(2);

    /** Told by the run's own threads. */
    interface Listener {
        void started(CommandId command, long pid, Instant at, long processStart);

        void output();

        void ended(CommandResult result);
    }

    private enum Ending {
        BY_ITSELF,
        TIMED_OUT,
        CANCELLED,
        AGENT_STOPS
    }

    private final Command command;
    private final Interpreter interpreter;
    private final String program;
    private final OutputSpool output;
    private final Path scriptFile;
    private final Instant startedAt;
    private final Listener listener;
    private final Thread thread;
    private final CompletableFuture<Ending> ending = new CompletableFuture<>();

    /** @param startedAt as recorded before, by the agent's clock */
    CommandRun(
            Command command,
            Interpreter interpreter,
            String program,
            OutputSpool output,
            Path scripts,
            Instant startedAt,
            Listener listener) {
        this.command = command;
        this.interpreter = interpreter;
        this.program = program;
        this.output = output;
        this.scriptFile = scripts.resolve(command.commandId() + interpreter.suffix());
        this.startedAt = startedAt;
        this.listener = listener;
        this.thread = Thread.ofPlatform()
                .name("command-" + command.commandId())
                .daemon()
                .unstarted(this::run);
    }

    static boolean tooManyLinger() {
        return LINGERING.get() >= MAX_LINGERING;
    }

    void start() {
        thread.start();
    }

    /** Waits until the run is over, but not for ever. */
    void join(Duration patience) throws InterruptedException {
        thread.join(patience);
    }

    void cancel() {
        ending.complete(Ending.CANCELLED);
    }

    /** Ends it without a result: the next process of this agent finds it in the record and says {@code interrupted}. */
    void agentStops() {
        ending.complete(Ending.AGENT_STOPS);
    }

    private void run() {
        long begin = System.nanoTime();
        CommandResult result;
        try {
            Process process = startProcess();
            result = watched(process, begin);
        } catch (IOException | IllegalArgumentException e) {
            // IllegalArgumentException: a name in the environment that no process can have.
            result = result(Outcome.FAILED_TO_START, null, null, begin, e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            result = result(Outcome.INTERRUPTED, null, null, begin, "the agent's thread was interrupted");
        } catch (RuntimeException e) {
            result = result(Outcome.INTERRUPTED, null, null, begin, "the agent failed: " + e);
        } finally {
            deleteScript();
        }
        if (result != null) {
            listener.ended(result);
        }
    }

    private Process startProcess() throws IOException {
        try (FileChannel script = Home.createPrivate(fresh(scriptFile))) {
            ByteBuffer content = ByteBuffer.wrap(interpreter.fileContent(command.script()));
            while (content.hasRemaining()) {
                script.write(content);
            }
        }
        ProcessBuilder builder = new ProcessBuilder(interpreter.vector(program, scriptFile.toString(), command.args()));
        Map<String, String> environment = builder.environment();
        environment.remove(AgentOptions.TOKEN_VARIABLE);
        environment.putAll(command.env());
        environment.put(ProcessTree.MARK, command.commandId().toString());
        builder.directory(directory());
        boolean windows = Machine.family(System.getProperty("os.name", "")).equals("windows");
        builder.redirectInput(new File(windows ? "NUL" : "/dev/null"));
        return builder.start();
    }

    private static Path fresh(Path file) throws IOException {
        Files.deleteIfExists(file);
        return file;
    }

    private File directory() throws IOException {
        File directory = new File(command.cwd() == null ? System.getProperty("user.home", "/") : command.cwd());
        if (!directory.isDirectory()) {
            if (command.cwd() == null) {
                return new File(System.getProperty("java.io.tmpdir", "/"));
            }
            throw new IOException("the working directory does not exist: " + command.cwd());
        }
        return directory;
    }

    private @Nullable CommandResult watched(Process process, long begin) throws InterruptedException {
        Instant processStart = process.info().startInstant().orElse(Instant.EPOCH);
        listener.started(command.commandId(), process.pid(), startedAt, processStart.toEpochMilli());
        List<Thread> readers = List.of(
                reader(process.getInputStream(), Stream.STDOUT), reader(process.getErrorStream(), Stream.STDERR));
        process.onExit().thenRun(() -> ending.complete(Ending.BY_ITSELF));
        Ending how = await();
        if (how != Ending.BY_ITSELF) {
            new ProcessTree(command.commandId()).end(process.toHandle());
        }
        int exit = process.waitFor();
        joinOrLinger(readers);
        return switch (how) {
            case BY_ITSELF -> result(Outcome.EXITED, exit, null, begin, null);
            case TIMED_OUT ->
                result(Outcome.TIMED_OUT, null, signal(exit), begin, "ended after " + command.timeoutS() + " s");
            case CANCELLED -> result(Outcome.CANCELLED, null, signal(exit), begin, null);
            case AGENT_STOPS -> null;
        };
    }

    private Ending await() throws InterruptedException {
        try {
            return ending.get(command.timeoutS(), TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            ending.complete(Ending.TIMED_OUT);
            return ending.join();
        } catch (ExecutionException e) {
            throw new IllegalStateException("nobody fails this future", e);
        }
    }

    /** A process that we ended: Java shows a signal as 128 + its number. */
    private static @Nullable String signal(int exit) {
        return switch (exit) {
            case 128 + 15 -> "TERM";
            case 128 + 9 -> "KILL";
            default -> null;
        };
    }

    private void joinOrLinger(List<Thread> readers) throws InterruptedException {
        long patience = System.nanoTime() + LAST_OUTPUT.toNanos();
        for (Thread reader : readers) {
            reader.join(Duration.ofNanos(Math.max(1, patience - System.nanoTime())));
        }
        if (readers.stream().anyMatch(Thread::isAlive)) {
            LINGERING.incrementAndGet();
            Thread.ofVirtual().start(() -> {
                for (Thread reader : readers) {
                    joinForever(reader);
                }
                LINGERING.decrementAndGet();
            });
        }
    }

    private static void joinForever(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private Thread reader(InputStream in, Stream stream) {
        return Thread.ofPlatform().name("command-" + stream).daemon().start(() -> readAll(in, stream));
    }

    private void readAll(InputStream in, Stream stream) {
        Utf8Chunks chunks = new Utf8Chunks();
        byte[] buffer = new byte[Utf8Chunks.room()];
        try (in) {
            int length;
            while ((length = in.read(buffer)) >= 0) {
                append(stream, chunks.take(buffer, length));
            }
        } catch (IOException e) {
            // The process is gone and its pipe was closed: what was read is what there is.
        }
        append(stream, chunks.rest());
    }

    private void append(Stream stream, Utf8Chunks.Chunk chunk) {
        if (chunk.bytes().length > 0) {
            output.append(stream, chunk.encoding(), chunk.bytes());
            listener.output();
        }
    }

    private CommandResult result(
            Outcome outcome, @Nullable Integer exit, @Nullable String signal, long begin, @Nullable String message) {
        String why = message;
        try {
            output.close();
        } catch (IOException e) {
            why = "output may be missing: " + e.getMessage();
        }
        return new CommandResult(
                command.commandId(),
                outcome,
                exit,
                signal,
                output.stdoutBytes(),
                output.stderrBytes(),
                output.isCut(),
                outcome == Outcome.FAILED_TO_START ? null : startedAt,
                TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin),
                output.trouble() == null ? why : output.trouble());
    }

    private void deleteScript() {
        try {
            Files.deleteIfExists(scriptFile);
        } catch (IOException e) {
            // The next start of the agent empties the directory.
        }
    }
}
