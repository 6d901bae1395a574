package dev.wireproof.connection;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wireproof.id.AgentId;
import dev.wireproof.protocol.AgentMessage;
import dev.wireproof.testkit.RawPeer;
import java.time.Duration;
import java.util.Objects;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Two machines with one identity chase each other until they are held; one machine that reconnects never is. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class IdentityConflictIT {
    private LineUnderTest line;
    private AgentLines lines;

    @BeforeAll
    void start() {
        line = new LineUnderTest("trusted-proxies=127.0.0.1");
        lines = new AgentLines(line.db, line.epochs, line.board);
    }

    @AfterAll
    void stop() {
        line.close();
    }

    private RawPeer auth(AgentId agent, UUID instance, String address) {
        RawPeer peer = RawPeer.connect(line.port());
        assertThat(peer.handshake(java.util.List.of(
                                "Sec-WebSocket-Protocol: rmm.v1",
                                "X-Forwarded-For: " + address,
                                "X-Forwarded-Proto: https"))
                        .status())
                .isEqualTo(101);
        return peer.send(RawPeer.auth(new AgentMessage.Credentials.Enrolled(agent, LineUnderTest.GOOD_KEY), instance));
    }

    @Test
    void more_than_five_returns_in_five_minutes_hold_both_until_someone_releases_the_agent() {
        AgentId agent = LineUnderTest.anyAgent();
        UUID one = UUID.randomUUID();
        UUID two = UUID.randomUUID();
        RawPeer live = auth(agent, one, "192.0.2.1");
        live.awaitText("ConfigUpdate");
        // The second process comes, and then the two take turns: that is one coming and six returns.
        for (int turn = 1; turn <= 6; turn++) {
            RawPeer next = turn % 2 == 0 ? auth(agent, one, "192.0.2.1") : auth(agent, two, "198.51.100.2");
            next.awaitText("ConfigUpdate");
            assertThat(live.awaitClose().closeCode()).as("turn " + turn).isEqualTo(4409);
            live.close();
            live = next;
        }
        assertThat(lines.of(agent).conflict()).isNull();
        try (RawPeer sixthReturn = auth(agent, two, "198.51.100.2")) {
            assertThat(sixthReturn.awaitClose().closeCode()).isEqualTo(4411);
            assertThat(live.awaitClose().closeCode()).isEqualTo(4411);
            live.close();
        }
        assertThat(line.registry.live(agent)).isEmpty();
        AgentLine.Conflict conflict = Objects.requireNonNull(lines.of(agent).conflict(), "held");
        assertThat(conflict.addresses()).containsExactlyInAnyOrder("192.0.2.1", "198.51.100.2");

        try (RawPeer held = auth(agent, UUID.randomUUID(), "192.0.2.1")) {
            assertThat(held.awaitClose().closeCode()).isEqualTo(4411);
        }
        assertThat(lines.release(agent)).isTrue();
        assertThat(lines.of(agent).conflict()).isNull();
        try (RawPeer released = auth(agent, one, "192.0.2.1")) {
            released.awaitText("ConfigUpdate");
            try (RawPeer other = auth(agent, two, "198.51.100.2")) {
                other.awaitText("ConfigUpdate"); // what happened before the release counts no more
            }
        }
        assertThat(lines.release(agent)).isFalse();
    }

    @Test
    void a_process_that_reconnects_as_often_as_it_likes_is_no_conflict() {
        AgentId agent = LineUnderTest.anyAgent();
        UUID instance = UUID.randomUUID();
        for (int i = 0; i < 12; i++) {
            RawPeer peer = auth(agent, instance, "192.0.2.1");
            peer.awaitText("ConfigUpdate");
        }
        assertThat(lines.of(agent).conflict()).isNull();
        assertThat(line.registry.live(agent)).isPresent();
    }

    @Test
    void an_agent_that_is_restarted_again_and_again_is_no_conflict() {
        AgentId agent = LineUnderTest.anyAgent();
        for (int i = 0; i < 12; i++) {
            auth(agent, UUID.randomUUID(), "192.0.2.1").awaitText("ConfigUpdate");
        }
        assertThat(lines.of(agent).conflict()).isNull();
    }

    @Test
    void returns_that_are_spread_over_more_than_five_minutes_are_no_conflict() {
        AgentId agent = LineUnderTest.anyAgent();
        UUID one = UUID.randomUUID();
        UUID two = UUID.randomUUID();
        for (int turn = 0; turn < 10; turn++) {
            auth(agent, turn % 2 == 0 ? one : two, "192.0.2.1").awaitText("ConfigUpdate");
            line.pass(Duration.ofSeconds(80));
        }
        assertThat(lines.of(agent).conflict()).isNull();
    }
}
