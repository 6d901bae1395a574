package dev.wireproof.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.wireproof.testkit.Http;
import dev.wireproof.testkit.RawPeer;
import dev.wireproof.testkit.RunningServer;
import dev.wireproof.testkit.RunningServer.Enrolled;
import dev.wireproof.testkit.Shows;
import java.io.InputStream;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import tools.jackson.databind.JsonNode;

/** What one address can take from the others, and what a token cannot give to itself. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class StrangerLimitsIT {
    private static final int FAILURES = 5;
    private static final String SELF = "/api/v1/api-tokens/self";

    private RunningServer server;
    private Http admin;

    @BeforeAll
    void start() {
        server = RunningServer.start(
                "wireproof.api.failed-sign-ins=" + FAILURES,
                "wireproof.api.streams-per-address=2",
                "wireproof.connection.max-unauthenticated-per-address=2");
        admin = server.admin();
    }

    @AfterAll
    void stop() {
        server.close();
    }

    @Test
    @Shows({"S9", "S37"})
    void wrong_tokens_are_answered_429_after_some_and_good_ones_from_the_same_address_still_get_in() {
        JsonNode unused = token("{\"name\":\"new here\",\"role\":\"viewer\"}");
        for (int i = 0; i < FAILURES; i++) {
            assertThat(admin.with("wpt_wrong%d".formatted(i)).get(SELF).status())
                    .as("failure %d", i)
                    .isEqualTo(401);
        }
        Http.Answer limited = admin.with("wpt_wrong-again").get(SELF);
        assertThat(limited.status()).isEqualTo(429);
        assertThat(limited.header("retry-after")).isEqualTo("60");
        assertThat(limited.code()).isEqualTo("too-many-failed-sign-ins");
        assertThat(admin.with("wpt_wrong-too")
                        .post("/api/v1/commands", "{\"agent_id\":\"%s\",\"script\":\"x\"}".formatted("0"))
                        .status())
                .isEqualTo(429);
        assertThat(admin.get(SELF).status()).isEqualTo(200);
        assertThat(admin.with(unused.get("secret").asString()).get(SELF).status())
                .as("a good token that was never shown before")
                .isEqualTo(200);
        assertThat(admin.with(null).get(SELF).status()).isEqualTo(401);
        await().untilAsserted(() -> assertThat(admin.get("/api/v1/audit?action=api.sign_in_limited")
                        .json()
                        .get("items"))
                .hasSize(1));
    }

    @Test
    @Shows("S10")
    void an_address_with_too_many_sockets_before_auth_waits_until_one_of_them_is_known_or_gone() {
        try (RawPeer one = RawPeer.upgraded(server.port());
                RawPeer two = RawPeer.upgraded(server.port())) {
            await().until(() -> knock() == 429);
            one.authenticate(RawPeer.auth(
                    new dev.wireproof.protocol.AgentMessage.Credentials.Enrolling(
                            RunningServer.ENROLLMENT, "device-of-strangers"),
                    java.util.UUID.randomUUID()));
            await().until(() -> knock() == 101);
            two.close();
        }
        await().until(() -> knock() == 101);
    }

    private int knock() {
        try (RawPeer peer = RawPeer.connect(server.port())) {
            return peer.handshake(List.of("Sec-WebSocket-Protocol: rmm.v1")).status();
        }
    }

    @Test
    @Shows("S37")
    void an_address_follows_only_so_many_commands_and_a_place_that_is_left_is_free() throws Exception {
        try (Enrolled agent = server.enrol()) {
            String at = admin.post(
                            "/api/v1/commands", "{\"agent_id\":\"%s\",\"script\":\"x\"}".formatted(agent.agentId()))
                    .header("location");
            try (InputStream one = admin.open(at + "/events")) {
                try (InputStream two = admin.open(at + "/events")) {
                    Http.Answer third = admin.get(at + "/events");
                    assertThat(third.status()).isEqualTo(429);
                    assertThat(third.code()).isEqualTo("too-many-streams");
                    assertThat(third.header("retry-after")).isEqualTo("5");
                }
                admin.post(at + "/cancel", "{}"); // news, so that the server sees who has gone
            }
            agent.peer().close();
            await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> {
                try (InputStream free = admin.open(at + "/events")) {
                    assertThat(free.read()).as("no problem document").isNotEqualTo((int) '{');
                }
            });
        }
    }

    @Test
    @Shows("S3")
    void nobody_makes_a_token_that_outlives_their_own() {
        Instant tomorrow = Instant.now().plus(Duration.ofDays(1));
        String secret = token("{\"name\":\"lent\",\"role\":\"admin\",\"expires_at\":\"%s\"}".formatted(tomorrow))
                .get("secret")
                .asString();
        Http lent = admin.with(secret);
        for (String body : List.of(
                "{\"name\":\"mine\",\"role\":\"viewer\"}",
                "{\"name\":\"mine\",\"role\":\"viewer\",\"expires_at\":\"%s\"}".formatted(tomorrow.plusSeconds(1)))) {
            Http.Answer refused = lent.post("/api/v1/api-tokens", body);
            assertThat(refused.status()).isEqualTo(400);
            assertThat(refused.fields()).containsExactly("expires_at");
        }
        assertThat(lent.post(
                                "/api/v1/api-tokens",
                                "{\"name\":\"mine\",\"role\":\"viewer\",\"expires_at\":\"%s\"}"
                                        .formatted(tomorrow.minusSeconds(1)))
                        .status())
                .isEqualTo(201);
        Http.Answer door = lent.post(
                "/api/v1/enrollment-tokens", "{\"site_id\":\"%s\"}".formatted(dev.wireproof.id.SiteId.DEFAULT));
        assertThat(door.fields()).containsExactly("expires_at");
    }

    private JsonNode token(String body) {
        return admin.post("/api/v1/api-tokens", body).json();
    }
}
