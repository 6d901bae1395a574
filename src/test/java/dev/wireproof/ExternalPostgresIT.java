package dev.wireproof;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wireproof.testkit.Ports;
import dev.wireproof.testkit.RunningServer;
import dev.wireproof.testkit.ServerJourney;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.postgresql.PostgreSQLContainer;

/** The promise "PostgreSQL 14 or newer", kept on servers other than the one in the jar: whichever this machine has. */
class ExternalPostgresIT {
    private static final Path DEBIANS = Path.of("/usr/lib/postgresql");

    @Test
    void the_main_job_runs_on_the_oldest_postgresql_that_debian_installed_here() throws Exception {
        Optional<Path> programs = oldestInstalled();
        skipUnless(programs.isPresent(), "no PostgreSQL 14 or newer under " + DEBIANS);
        boolean root = "root".equals(System.getProperty("user.name"));
        Path folder = Files.createTempDirectory("wireproof-postgres");
        if (root) { // PostgreSQL refuses to run as root
            run(List.of("chown", "postgres", folder.toString()));
        }
        Path data = folder.resolve("data");
        int port = Ports.free();
        List<String> as = root ? List.of("runuser", "-u", "postgres", "--") : List.of();
        Path bin = programs.orElseThrow();
        run(as, bin.resolve("initdb"), "-D", data, "-U", "postgres", "-A", "trust", "--locale=C", "-E", "UTF8");
        String options = "-p %d -k %s -c listen_addresses=127.0.0.1".formatted(port, folder);
        run(as, bin.resolve("pg_ctl"), "-D", data, "-w", "-l", folder.resolve("log"), "-o", options, "start");
        try (RunningServer server = RunningServer.startOn("jdbc:postgresql://127.0.0.1:" + port + "/postgres")) {
            assertThat(ServerJourney.take(server).get("state").asString()).isEqualTo("succeeded");
        } finally {
            run(as, bin.resolve("pg_ctl"), "-D", data, "-m", "immediate", "stop");
            run(List.of("rm", "-rf", folder.toString()));
        }
    }

    @Test
    void the_main_job_runs_on_postgresql_14() {
        skipUnless(DockerClientFactory.instance().isDockerAvailable(), "no Docker engine runs on this machine");
        try (PostgreSQLContainer postgres =
                new PostgreSQLContainer("postgres:14").withUsername("postgres").withPassword("secret")) {
            postgres.start();
            try (RunningServer server =
                    RunningServer.startOn(postgres.getJdbcUrl(), "spring.datasource.password=secret")) {
                assertThat(ServerJourney.take(server).get("state").asString()).isEqualTo("succeeded");
            }
        }
    }

    private static Optional<Path> oldestInstalled() throws IOException {
        if (!Files.isDirectory(DEBIANS)) {
            return Optional.empty();
        }
        try (Stream<Path> versions = Files.list(DEBIANS)) {
            return versions.filter(version -> version.getFileName().toString().matches("\\d+"))
                    .filter(version -> Integer.parseInt(version.getFileName().toString()) >= 14)
                    .filter(version -> Files.isExecutable(version.resolve("bin/initdb")))
                    .sorted()
                    .map(version -> version.resolve("bin"))
                    .findFirst();
        }
    }

    private static void skipUnless(boolean possible, String reason) {
        if (!possible) {
            System.out.println("skipped: " + reason);
        }
        Assumptions.assumeTrue(possible, reason);
    }

    private static void run(List<String> as, Object... command) throws IOException, InterruptedException {
        List<String> words = new ArrayList<>(as);
        Stream.of(command).map(Object::toString).forEach(words::add);
        run(words);
    }

    private static void run(List<String> words) throws IOException, InterruptedException {
        Path output = Files.createTempFile("wireproof", ".out");
        Process process = new ProcessBuilder(words)
                .directory(Path.of("/").toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        int exit = process.waitFor();
        assertThat(exit).as("%s: %s", words, Files.readString(output)).isZero();
        Files.delete(output);
    }
}
