package dev.wireproof.database;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a server that was killed leaves behind: its PostgreSQL goes on running. It is recognised by the lock file in its data
 * directory and stopped in peace, so that a new one can start. A lock file whose process is gone, or is by now some other program,
 * is removed: PostgreSQL itself only looks whether a process of that number lives.
 */
final class LeftoverPostmaster {
    private static final Logger log = LoggerFactory.getLogger(LeftoverPostmaster.class);
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private LeftoverPostmaster() {}

    static void clear(Path dataDirectory) throws IOException {
        Path lockFile = dataDirectory.resolve("postmaster.pid");
        Optional<ProcessHandle> process = processOf(lockFile);
        if (process.filter(candidate -> serves(candidate, dataDirectory)).isPresent()) {
            stop(process.get(), dataDirectory);
        } else if (Files.deleteIfExists(lockFile)) {
            log.atInfo().addKeyValue("directory", dataDirectory).log("database.stale_lock_removed");
        }
    }

    private static Optional<ProcessHandle> processOf(Path lockFile) throws IOException {
        try {
            List<String> lines = Files.readAllLines(lockFile);
            return lines.isEmpty()
                    ? Optional.empty()
                    : ProcessHandle.of(Long.parseLong(lines.getFirst().strip()));
        } catch (NoSuchFileException | NumberFormatException e) {
            return Optional.empty();
        }
    }

    /** Its working directory tells where the system shows it (Linux: a postmaster changes into its data); else its program's name. */
    private static boolean serves(ProcessHandle process, Path dataDirectory) {
        try {
            Path working = Path.of("/proc", Long.toString(process.pid()), "cwd").toRealPath();
            return working.equals(dataDirectory.toRealPath());
        } catch (IOException e) {
            return process.info()
                    .command()
                    .map(command -> Path.of(command).getFileName().toString().startsWith("postgres"))
                    .orElse(false);
        }
    }

    private static void stop(ProcessHandle postmaster, Path dataDirectory) throws IOException {
        log.atInfo()
                .addKeyValue("pid", postmaster.pid())
                .addKeyValue("directory", dataDirectory)
                .log("database.leftover_stopping");
        askToStop(postmaster);
        try {
            postmaster.onExit().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            throw new CannotStart(
                    "the PostgreSQL that an earlier run left behind (process %d, data in %s) does not stop; end it by hand"
                            .formatted(postmaster.pid(), dataDirectory),
                    e);
        } catch (ExecutionException e) {
            throw new IllegalStateException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while an earlier PostgreSQL was stopping", e);
        }
    }

    /** SIGINT is PostgreSQL's fast shutdown: open sessions are ended, data is flushed. Java itself can only send SIGTERM. */
    private static void askToStop(ProcessHandle postmaster) throws IOException {
        try {
            new ProcessBuilder("kill", "-INT", Long.toString(postmaster.pid()))
                    .start()
                    .waitFor();
        } catch (IOException e) {
            postmaster.destroy(); // no such command here (Windows)
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while an earlier PostgreSQL was stopping", e);
        }
    }
}
