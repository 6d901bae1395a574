package dev.wireproof.connection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.wireproof.id.AgentId;
import dev.wireproof.testkit.RawPeer;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Who traces an agent wants to see its next connection most of all. */
class TraceIT {
    private final AgentId agent = LineUnderTest.anyAgent();
    private LineUnderTest line;

    @BeforeEach
    void start() {
        line = new LineUnderTest();
    }

    @AfterEach
    void stop() {
        line.close();
    }

    private long pingsIn(AnsweringPeer peer, Duration time) {
        Connection connection = line.connectionOf(agent);
        long before = pings(peer);
        line.passWhileAnswered(time, connection);
        return pings(peer) - before;
    }

    private static long pings(AnsweringPeer peer) {
        return peer.frames.stream()
                .filter(frame -> frame.opcode() == RawPeer.PING)
                .count();
    }

    @Test
    void it_goes_on_on_the_next_connection_and_ends_by_itself() {
        AgentLines lines = new AgentLines(line.db, line.epochs, line.board);
        try (AnsweringPeer first = line.answering(agent)) {
            assertThat(lines.trace(agent, Duration.ofSeconds(90))).isTrue();
            assertThat(pingsIn(first, Duration.ofSeconds(20))).isBetween(4L, 5L);
        }
        await().until(() -> line.registry.live(agent).isEmpty());

        try (AnsweringPeer second = line.answering(agent)) {
            assertThat(pingsIn(second, Duration.ofSeconds(40))).isBetween(7L, 9L);
            line.passWhileAnswered(Duration.ofSeconds(40), line.connectionOf(agent));
            assertThat(pingsIn(second, Duration.ofSeconds(60)))
                    .as("one each 20 s again")
                    .isBetween(2L, 4L);
        }
    }
}
