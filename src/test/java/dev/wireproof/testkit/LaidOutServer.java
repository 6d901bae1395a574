package dev.wireproof.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/**
 * The server's jar, laid out, with an ahead-of-time cache: made once for all test processes, which is half of the time of each
 * of some seventy starts.
 *
 * @param flags of the JVM that uses the cache; one that does not suit it is ignored
 */
record LaidOutServer(Path jar, List<String> flags) {
    private static final LaidOutServer ONE = make();

    static LaidOutServer get() {
        return ONE;
    }

    private static LaidOutServer make() {
        try {
            Path jar = ServerProcess.jar();
            // By content: the jar's time is always the same.
            Path folder = jar.resolveSibling("laid-out-" + hash(jar).substring(0, 16));
            Files.createDirectories(folder);
            Path archive = folder.resolve("server.aot");
            try (FileChannel lock = FileChannel.open(
                            folder.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                    FileLock unused = lock.lock()) {
                Path app = folder.resolve("app");
                if (!Files.exists(archive)) {
                    run(
                            Map.of(),
                            ServerProcess.JVM.getFirst(),
                            "-Djarmode=tools",
                            "-jar",
                            jar.toString(),
                            "extract",
                            "--force",
                            "--destination",
                            app.toString());
                    train(app.resolve(jar.getFileName()), archive);
                }
                return new LaidOutServer(
                        app.resolve(jar.getFileName()),
                        List.of("-XX:AOTCache=" + archive, "-Xlog:cds*=off", "-Xlog:aot*=off"));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    /** Starts it once, up to the moment at which it would be ready, and keeps what it loaded. */
    private static void train(Path app, Path archive) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(ServerProcess.JVM);
        command.addAll(List.of(
                "-XX:AOTCacheOutput=" + archive,
                "-Xlog:cds*=off",
                "-Xlog:aot*=off",
                "-Dspring.context.exit=onRefresh",
                "-jar",
                app.toString()));
        Path home = Files.createTempDirectory("wireproof-training");
        run(
                Map.of(
                        "WIREPROOF_HOME",
                        home.toString(),
                        "WIREPROOF_DEMO",
                        "false",
                        "SERVER_PORT",
                        Integer.toString(Ports.free()),
                        "SPRING_DATASOURCE_URL",
                        TestDatabase.freshUrl(),
                        "SPRING_DATASOURCE_USERNAME",
                        "postgres",
                        "SPRING_DATASOURCE_PASSWORD",
                        "",
                        "WIREPROOF_BOOTSTRAP_ADMIN_TOKEN",
                        RunningServer.ADMIN),
                command.toArray(String[]::new));
    }

    private static void run(Map<String, String> settings, String... command) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().putAll(settings);
        Process process = builder.start();
        byte[] said = process.getInputStream().readAllBytes();
        if (process.waitFor() != 0) {
            throw new IOException(String.join(" ", command) + ": " + process.exitValue() + "\n"
                    + new String(said, java.nio.charset.StandardCharsets.UTF_8));
        }
    }

    private static String hash(Path file) throws IOException {
        try (DigestInputStream in =
                new DigestInputStream(Files.newInputStream(file), MessageDigest.getInstance("SHA-256"))) {
            in.transferTo(java.io.OutputStream.nullOutputStream());
            return HexFormat.of().formatHex(in.getMessageDigest().digest());
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }
}
