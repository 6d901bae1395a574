package dev.wireproof.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.wireproof.testkit.Http;
import dev.wireproof.testkit.RunningServer;
import dev.wireproof.testkit.RunningServer.Enrolled;
import dev.wireproof.testkit.Shows;
import dev.wireproof.testkit.TcpProxy;
import dev.wireproof.testkit.TestDatabase;
import dev.wireproof.testkit.Trap;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What the API answers while its database is away, after a restart, and past a token's rate. */
class StoreAwayIT {
    /** Lets nobody into the database and throws out who is in; or lets them in again. */
    private static void database(String url, boolean open) throws SQLException {
        String name = url.replaceAll(".*/([^?]+).*", "$1");
        try (Connection postgres = DriverManager.getConnection(url.replace("/" + name, "/postgres"), "postgres", "");
                Statement statement = postgres.createStatement()) {
            statement.execute("ALTER DATABASE " + name + " ALLOW_CONNECTIONS " + open);
            if (!open) {
                statement.execute(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '" + name + "'");
            }
        }
    }

    private static void unavailable(Http.Answer answer) {
        assertThat(answer.status()).as(answer.text()).isEqualTo(503);
        assertThat(answer.code()).isEqualTo("unavailable");
        assertThat(Integer.parseInt(answer.header("retry-after"))).isPositive();
        assertThat(answer.text())
                .doesNotContain("SQL")
                .doesNotContain("Exception")
                .doesNotContain("FATAL");
    }

    /** A connection that ends looks like a client who left; a 200 without a word came of that once. */
    @Test
    void a_database_that_hangs_up_in_the_middle_of_a_question_is_one_that_is_away() {
        String url = TestDatabase.freshUrl();
        try (TcpProxy network = TcpProxy.toDatabase(url);
                RunningServer server = RunningServer.startOn(network.jdbcUrl(url));
                Enrolled enrolled = server.enrol()) {
            Http admin = server.admin();
            String body = "{\"agent_id\":\"%s\",\"script\":\"x\"}".formatted(enrolled.agentId());
            Trap storing = network.up().holdBefore("stored, asked for by");
            CompletableFuture<Http.Answer> answer =
                    CompletableFuture.supplyAsync(() -> admin.post("/api/v1/commands", body));
            storing.await();
            network.down().halfClose();
            storing.release();
            unavailable(answer.join());
        }
    }

    @Test
    @Shows("S46")
    void without_its_database_the_server_says_so_and_a_restarted_one_still_knows_the_keys() throws SQLException {
        String url = TestDatabase.freshUrl();
        String key = UUID.randomUUID().toString();
        String body;
        String first;
        String site;
        try (RunningServer server = RunningServer.startOn(url);
                Enrolled enrolled = server.enrol()) {
            Http admin = server.admin();
            body = "{\"agent_id\":\"%s\",\"script\":\"x\"}".formatted(enrolled.agentId());
            first = admin.post("/api/v1/commands", body, "Idempotency-Key", key).header("location");
            site = admin.post("/api/v1/sites", "{\"name\":\"kept\"}", "Idempotency-Key", key)
                    .text();
            database(url, false);
            List<CompletableFuture<Http.Answer>> asked = List.of(
                    CompletableFuture.supplyAsync(() -> admin.post("/api/v1/commands", body)),
                    CompletableFuture.supplyAsync(() -> admin.post("/api/v1/sites", "{\"name\":\"lost\"}")),
                    CompletableFuture.supplyAsync(() -> admin.get("/api/v1/agents")),
                    CompletableFuture.supplyAsync(() -> admin.get(first)),
                    CompletableFuture.supplyAsync(() -> admin.get("/api/v1/connections")),
                    CompletableFuture.supplyAsync(
                            () -> admin.with("wpt_new_to_it").get("/api/v1/agents")));
            asked.forEach(answer -> unavailable(answer.join()));
            database(url, true);
            await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> {
                Http.Answer audit = admin.get("/api/v1/audit?action=site.create");
                assertThat(audit.status()).isEqualTo(200);
                assertThat(audit.text()).contains("\"result\":\"503\"");
            });
        }
        try (RunningServer again = RunningServer.startOn(url, "wireproof.api.rate=3")) {
            Http admin = again.admin();
            assertThat(admin.post("/api/v1/commands", body, "Idempotency-Key", key)
                            .header("location"))
                    .isEqualTo(first);
            assertThat(admin.post("/api/v1/sites", "{\"name\":\"kept\"}", "Idempotency-Key", key)
                            .text())
                    .isEqualTo(site);
            List<Http.Answer> many = IntStream.range(0, 40)
                    .mapToObj(i -> CompletableFuture.supplyAsync(() -> admin.get("/api/v1/api-tokens/self")))
                    .toList()
                    .stream()
                    .map(CompletableFuture::join)
                    .toList();
            Http.Answer limited = many.stream()
                    .filter(answer -> answer.status() == 429)
                    .findAny()
                    .orElseThrow();
            assertThat(limited.code()).isEqualTo("rate-limited");
            assertThat(Integer.parseInt(limited.header("retry-after"))).isPositive();
        }
    }
}
