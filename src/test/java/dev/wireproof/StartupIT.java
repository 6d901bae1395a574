package dev.wireproof;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wireproof.database.EmbeddedDatabase;
import dev.wireproof.testkit.Ports;
import dev.wireproof.testkit.ServerProcess;
import dev.wireproof.testkit.Shows;
import dev.wireproof.testkit.TestDatabase;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What stops a start is told in one line that says what to mend, by the real server in a process of its own. */
class StartupIT {
    @TempDir
    Path home;

    @Test
    void a_bad_setting_is_named_with_its_value() throws InterruptedException {
        assertThat(failedStart(Map.of("WIREPROOF_CONNECTION_PING_INTERVAL", "soon")))
                .containsIgnoringCase("wireproof.connection.ping-interval")
                .contains("'soon'");
    }

    @Test
    void an_empty_variable_is_one_that_is_not_set() throws InterruptedException {
        Map<String, String> empty = new HashMap<>();
        List.of(
                        "WIREPROOF_OIDC_ISSUER",
                        "WIREPROOF_OIDC_LOGIN_URL",
                        "WIREPROOF_TRACES_ENDPOINT",
                        "WIREPROOF_DEMO",
                        "WIREPROOF_API_RATE",
                        "SPRING_DATASOURCE_URL",
                        "MANAGEMENT_SERVER_PORT")
                .forEach(name -> empty.put(name, ""));
        try (ServerProcess server = ServerProcess.start(settings(empty))) {
            server.awaitLine("server.ready");
        }
    }

    @Test
    void a_port_in_use_is_named() throws IOException, InterruptedException {
        try (ServerSocket taken = new ServerSocket(0)) {
            assertThat(failedStart(Map.of("SERVER_PORT", Integer.toString(taken.getLocalPort()))))
                    .contains("SERVER_PORT " + taken.getLocalPort() + " is in use");
        }
    }

    @Test
    void data_of_another_postgresql_is_left_alone() throws IOException, InterruptedException {
        Path version = home.resolve("postgres/PG_VERSION");
        Files.createDirectories(version.getParent());
        Files.writeString(version, "15\n");
        assertThat(failedStart(Map.of())).contains("holds data of PostgreSQL 15");
        assertThat(version).hasContent("15\n");
    }

    @Test
    void an_unknown_database_is_named() throws InterruptedException {
        String url = TestDatabase.freshUrl().replaceAll("/wireproof_\\d+", "/nowhere");
        assertThat(failedStart(Map.of("SPRING_DATASOURCE_URL", url))).contains("nowhere");
    }

    @Test
    void a_database_out_of_reach_is_named() throws InterruptedException {
        String url = "jdbc:postgresql://127.0.0.1:" + Ports.free() + "/wireproof";
        assertThat(failedStart(Map.of("SPRING_DATASOURCE_URL", url))).contains("cannot be reached");
    }

    @Test
    @Shows("S43")
    void a_wrong_database_password_is_named() throws InterruptedException {
        try (EmbeddedDatabase database = EmbeddedDatabase.start(home.resolve("other"))) {
            assertThat(failedStart(Map.of(
                            "SPRING_DATASOURCE_URL", database.jdbcUrl(),
                            "SPRING_DATASOURCE_USERNAME", database.user(),
                            "SPRING_DATASOURCE_PASSWORD", "not-" + database.password())))
                    .contains("refuses SPRING_DATASOURCE_USERNAME and SPRING_DATASOURCE_PASSWORD")
                    .doesNotContain(database.password());
        }
    }

    @Test
    void a_full_disk_is_named() throws IOException, InterruptedException {
        Path small = Files.createDirectories(home.resolve("small"));
        Process mount = new ProcessBuilder("mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", small.toString())
                .redirectErrorStream(true)
                .start();
        boolean mounted = mount.waitFor() == 0;
        if (!mounted) {
            System.out.println("skipped: this account may not mount a small disk of its own");
        }
        Assumptions.assumeTrue(mounted, "this account may not mount a small disk of its own");
        try {
            assertThat(failedStart(Map.of("WIREPROOF_HOME", small.toString()))).contains("the disk is full");
        } finally {
            new ProcessBuilder("umount", "-l", small.toString()).start().waitFor();
        }
    }

    @Test
    void a_home_that_is_a_file_is_named() throws IOException, InterruptedException {
        Path file = Files.writeString(home.resolve("file"), "");
        assertThat(failedStart(Map.of("WIREPROOF_HOME", file.toString()))).contains("is a file, not a folder");
    }

    @Test
    void a_home_that_cannot_be_made_is_named() throws InterruptedException {
        assertThat(failedStart(Map.of("WIREPROOF_HOME", "/proc/nowhere/wireproof")))
                .contains("/proc/nowhere/wireproof");
    }

    @Test
    @Shows("S43")
    void a_certificate_authority_of_the_database_that_is_not_there_is_named() throws InterruptedException {
        String url = TestDatabase.freshUrl() + "?sslmode=verify-full&sslrootcert=" + home.resolve("ca.crt");
        assertThat(failedStart(Map.of("SPRING_DATASOURCE_URL", url))).containsIgnoringCase("ssl");
    }

    @Test
    void a_second_server_on_one_home_is_refused() throws InterruptedException {
        try (ServerProcess first = ServerProcess.start(settings(Map.of()))) {
            first.awaitLine("server.ready");
            assertThat(failedStart(Map.of())).contains("in use by another running server");
        }
    }

    @Test
    @Shows("S1")
    void a_first_start_shows_the_tokens_that_it_made_and_a_second_one_does_not() throws Exception {
        try (ServerProcess first = ServerProcess.start(List.of(), List.of(), ServerProcess.jar(), settings(Map.of()))) {
            String admin = first.awaitLine("admin.*: (wpt_\\S+)").group(1);
            first.awaitLine("enrollment.*: (wpe_\\S+)");
            String port = first.awaitLine("server.ready.* port=\"(\\d+)\"").group(1);
            HttpRequest self = HttpRequest.newBuilder(
                            URI.create("http://127.0.0.1:" + port + "/api/v1/api-tokens/self"))
                    .header("Authorization", "Bearer " + admin)
                    .build();
            try (HttpClient client = HttpClient.newHttpClient()) {
                assertThat(client.send(self, HttpResponse.BodyHandlers.ofString())
                                .body())
                        .contains("admin");
            }
            first.kill();
        }
        try (ServerProcess second = ServerProcess.start(settings(Map.of()))) {
            second.awaitLine("server.ready");
            assertThat(second.output()).noneMatch(line -> line.contains("wpt_") || line.contains("wpe_"));
        }
    }

    /** @return the one line that the failing start printed */
    private String failedStart(Map<String, String> more) throws InterruptedException {
        try (ServerProcess server = ServerProcess.start(settings(more))) {
            assertThat(server.awaitExit()).isEqualTo(1);
            List<String> told = server.output().stream()
                    .filter(line -> line.contains("cannot start"))
                    .toList();
            assertThat(told).as("of %s", server.output()).hasSize(1);
            assertThat(server.output())
                    .as("one clear line, and none that hides it")
                    .noneMatch(line -> line.startsWith("\tat "))
                    .noneMatch(line -> line.contains(" WARN ") || line.contains(" ERROR "));
            return told.getFirst();
        }
    }

    private Map<String, String> settings(Map<String, String> more) {
        Map<String, String> settings = new HashMap<>();
        settings.put("WIREPROOF_HOME", home.toString());
        settings.put("SERVER_PORT", Integer.toString(Ports.free()));
        settings.putAll(more);
        return settings;
    }
}
