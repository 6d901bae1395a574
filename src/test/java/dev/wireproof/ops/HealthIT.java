package dev.wireproof.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.wireproof.testkit.Http;
import dev.wireproof.testkit.RunningServer;
import dev.wireproof.testkit.TestDatabase;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class HealthIT {

    @Test
    void readiness_follows_the_database_with_a_reason_and_liveness_does_not_and_lost_durability_is_named()
            throws SQLException {
        String url = TestDatabase.freshUrl();
        String name = url.replaceAll(".*/([a-z0-9_]+)\\?.*", "$1");
        try (RunningServer server = RunningServer.startOn(url, "spring.datasource.hikari.connection-timeout=500");
                Http anyone = server.admin().with(null)) {
            Http.Answer ready = anyone.get("/actuator/health/readiness");
            assertThat(ready.status()).as(ready.text()).isEqualTo(200);
            assertThat(part(ready, "database").get("details").get("reason").asString())
                    .isEqualTo("the database answers");
            assertThat(part(anyone.get("/actuator/health"), "durability")
                            .get("details")
                            .get("loss_window")
                            .asString())
                    .startsWith("none");

            sql(url, "ALTER DATABASE %s SET synchronous_commit = off".formatted(name));
            sql(url, "ALTER DATABASE %s ALLOW_CONNECTIONS false".formatted(name));
            endSessions(url, name);
            await().atMost(Duration.ofSeconds(15))
                    .untilAsserted(() -> assertThat(
                                    anyone.get("/actuator/health/readiness").status())
                            .isEqualTo(503));
            Http.Answer away = anyone.get("/actuator/health/readiness");
            assertThat(part(away, "database").get("details").get("reason").asString())
                    .contains("no connection to the database");
            assertThat(away.text()).doesNotContain("jdbc:").doesNotContain(name);
            Http.Answer alive = anyone.get("/actuator/health/liveness");
            assertThat(alive.status()).isEqualTo(200);
            assertThat(alive.text()).contains("the process answers");

            sql(url, "ALTER DATABASE %s ALLOW_CONNECTIONS true".formatted(name));
            await().atMost(Duration.ofSeconds(15))
                    .untilAsserted(() -> assertThat(
                                    anyone.get("/actuator/health/readiness").status())
                            .isEqualTo(200));
            await().atMost(Duration.ofSeconds(15))
                    .untilAsserted(() -> assertThat(part(anyone.get("/actuator/health"), "durability")
                                    .get("details")
                                    .get("loss_window")
                                    .toString())
                            .contains("synchronous_commit=off: up to 0.6 s of answered commands are lost"));
            assertThat(anyone.get("/actuator/health").status())
                    .as("a promise less is no outage")
                    .isEqualTo(200);
        }
    }

    private static JsonNode part(Http.Answer health, String name) {
        return health.json().get("components").get(name);
    }

    private static void endSessions(String url, String name) throws SQLException {
        sql(url, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '%s'".formatted(name));
    }

    private static void sql(String url, String statement) throws SQLException {
        try (Connection connection =
                        DriverManager.getConnection(url.replaceAll("/wireproof_\\d+", "/postgres"), "postgres", "");
                Statement on = connection.createStatement()) {
            on.execute(statement);
        }
    }
}
