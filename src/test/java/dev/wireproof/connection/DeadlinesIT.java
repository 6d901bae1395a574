package dev.wireproof.connection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.wireproof.id.AgentId;
import dev.wireproof.protocol.AgentMessage;
import dev.wireproof.protocol.CloseCode;
import dev.wireproof.testkit.RawPeer;
import dev.wireproof.testkit.Shows;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** When a connection is given up, and when it is not. Time is moved, never waited for. */
class DeadlinesIT {
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

    private static Duration seconds(long seconds) {
        return Duration.ofSeconds(seconds);
    }

    @Test
    @Shows({"S10", "S32"})
    void a_socket_on_which_no_Auth_comes_is_closed_with_4408_after_ten_seconds() {
        try (RawPeer peer = RawPeer.upgraded(line.port())) {
            await().until(() -> line.registry.openSockets() == 1);
            line.pass(seconds(9));
            peer.frame(RawPeer.PING, true, new byte[] {7});
            assertThat(peer.next().opcode()).isEqualTo(RawPeer.PONG);
            line.pass(seconds(4));
            assertThat(peer.awaitClose().closeCode()).isEqualTo(4408);
        }
    }

    @Test
    void a_close_that_is_not_answered_ends_in_an_abort_after_five_seconds() {
        try (RawPeer peer = line.agent(agent)) {
            Connection connection = line.connectionOf(agent);
            connection.close(CloseCode.EVICTED, "an operator's order");
            assertThat(peer.awaitClose().closeReason()).isEqualTo("an operator's order");
            assertThat(line.registry.live(agent)).isEmpty();
            line.pass(seconds(4));
            assertThat(connection.course().socketEnd()).isNull();
            line.pass(seconds(4));
            await().until(() -> connection.course().socketEnd() != null);
            peer.awaitEnd();
        }
    }

    @Test
    void a_close_that_cannot_be_written_ends_in_an_abort_after_two_seconds() {
        try (RawPeer peer = RawPeer.upgraded(line.port(), 8 * 1024)) {
            peer.authenticate(agent, LineUnderTest.GOOD_KEY);
            Connection connection = line.connectionOf(agent);
            Congestion.fill(connection);
            connection.close(CloseCode.EVICTED, "stalled");
            line.pass(seconds(1));
            assertThat(connection.course().socketEnd()).isNull();
            line.pass(seconds(4));
            await().until(() -> connection.course().socketEnd() != null);
            assertThat(connection.outbound().closeWritten()).isFalse();
        }
    }

    @Test
    void an_agent_from_which_nothing_at_all_comes_is_evicted_as_its_outbound_path_is_unproven() {
        try (AnsweringPeer peer = line.answering(agent)) {
            peer.pongs = false;
            peer.echoes = false;
            Connection connection = line.connectionOf(agent);
            line.passWhileRead(seconds(44), connection);
            assertThat(connection.course().ending()).isNull();
            line.passWhileRead(seconds(11), connection); // at most 55 s to tell a dead outbound path
            assertThat(peer.awaitCloseCode()).isEqualTo(4410);
            assertThat(peer.closeReason()).startsWith("outbound unproven");
        }
    }

    @Test
    void silence_of_ninety_seconds_ends_a_connection_that_was_spared_three_evictions_an_hour() {
        for (int i = 0; i < 3; i++) {
            try (AnsweringPeer peer = line.answering(agent)) {
                peer.pongs = false;
                peer.echoes = false;
                line.passWhileRead(seconds(55), line.connectionOf(agent));
                assertThat(peer.awaitCloseCode()).isEqualTo(4410);
            }
        }
        try (AnsweringPeer peer = line.answering(agent)) {
            peer.pongs = false;
            peer.echoes = false;
            Connection connection = line.connectionOf(agent);
            line.passWhileRead(seconds(85), connection);
            assertThat(connection.course().ending()).isNull();
            assertThat(connection.timers().spared()).isTrue();
            line.passWhileRead(seconds(15), connection);
            assertThat(peer.awaitCloseCode()).isEqualTo(4410);
            assertThat(peer.closeReason()).startsWith("silence");
        }
    }

    @Test
    void an_hour_later_an_unproven_connection_is_evicted_again() {
        for (int i = 0; i < 3; i++) {
            assertThat(line.board.history().mayEvict(agent, 1_000 * i)).isTrue();
        }
        assertThat(line.board.history().mayEvict(agent, 3_600_000)).isFalse();
        assertThat(line.board.history().mayEvict(agent, 3_600_001)).isTrue();
    }

    @Test
    void an_agent_that_speaks_and_never_pongs_is_evicted_and_one_that_only_pongs_stays() {
        AgentId pongsOnly = LineUnderTest.anyAgent();
        try (AnsweringPeer speaks = line.answering(agent);
                AnsweringPeer pongs = line.answering(pongsOnly)) {
            speaks.pongs = false;
            speaks.echoes = false;
            pongs.echoes = false;
            Connection silent = line.connectionOf(agent);
            Connection healthy = line.connectionOf(pongsOnly);
            for (int s = 0; s < 55; s++) {
                if (s % 10 == 0 && line.registry.live(agent).isPresent()) {
                    speaks.peer.send(new AgentMessage.ConfigAck(1, true, null));
                }
                line.passWhileAnswered(seconds(1), healthy);
                await().until(() ->
                        silent.outbox().writing() == null || silent.course().ending() != null);
            }
            assertThat(speaks.awaitCloseCode()).isEqualTo(4410);
            assertThat(healthy.course().ending()).isNull();
        }
    }

    @Test
    void a_fleet_whose_server_stood_still_for_a_minute_stays() {
        AgentId other = LineUnderTest.anyAgent();
        try (AnsweringPeer one = line.answering(agent);
                AnsweringPeer two = line.answering(other);
                RawPeer unauthenticated = RawPeer.upgraded(line.port())) {
            Connection first = line.connectionOf(agent);
            Connection second = line.connectionOf(other);
            for (int pauses = 0; pauses < 3; pauses++) {
                line.freeze(seconds(60));
                line.passWhileAnswered(seconds(2), first, second);
                assertThat(List.of(first, second))
                        .allMatch(connection -> connection.course().ending() == null);
            }
            unauthenticated.authenticate(LineUnderTest.anyAgent(), LineUnderTest.GOOD_KEY);
            line.passWhileAnswered(seconds(100), first, second);
            assertThat(List.of(first, second))
                    .allMatch(connection -> connection.course().ending() == null);
            assertThat(one.frames).noneMatch(frame -> frame.opcode() == RawPeer.CLOSE);
            assertThat(two.frames).noneMatch(frame -> frame.opcode() == RawPeer.CLOSE);
        }
    }

    @Test
    void the_time_that_admission_takes_is_not_held_against_the_agent() {
        try (RawPeer peer = RawPeer.upgraded(line.port())) {
            line.whileAdmitting = () -> line.pass(seconds(100));
            peer.authenticate(agent, LineUnderTest.GOOD_KEY);
            assertThat(line.registry.live(agent)).isPresent();
        }
    }

    @Test
    void an_upgrade_without_Auth_does_not_keep_the_agent_from_coming_in_on_another_socket() {
        try (RawPeer idle = RawPeer.upgraded(line.port());
                RawPeer peer = line.agent(agent)) {
            await().until(() -> line.registry.openSockets() == 2);
            line.pass(seconds(13));
            assertThat(idle.awaitClose().closeCode()).isEqualTo(4408);
            peer.send(RawPeer.auth(
                    new AgentMessage.Credentials.Enrolled(agent, LineUnderTest.GOOD_KEY), UUID.randomUUID()));
            peer.awaitText("ProtocolError");
        }
    }
}
