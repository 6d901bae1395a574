package dev.wireproof.connection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.wireproof.fleet.AgentApproved;
import dev.wireproof.fleet.AgentDeleted;
import dev.wireproof.id.AgentId;
import dev.wireproof.id.ConnectionId;
import dev.wireproof.protocol.CloseCode;
import dev.wireproof.telemetry.Direction;
import dev.wireproof.telemetry.FrameFilter;
import dev.wireproof.telemetry.FrameRecord;
import dev.wireproof.telemetry.Opcode;
import dev.wireproof.testkit.RawPeer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** However a connection ends, its Close frames are in the record and its row says how. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ClosingIT {
    private LineUnderTest line;
    private AgentId agent;
    private RawPeer peer;
    private Connection connection;

    @BeforeAll
    void start() {
        line = new LineUnderTest();
    }

    @AfterAll
    void stop() {
        line.close();
    }

    @BeforeEach
    void connect() {
        agent = LineUnderTest.anyAgent();
        peer = line.agent(agent);
        connection = line.connectionOf(agent);
    }

    private List<FrameRecord> closes() {
        await().until(() -> connection.course().socketEnd() != null);
        return line
                .frames()
                .find(connection.connectionId(), new FrameFilter(null, Opcode.CLOSE, null, null, null), 0, 10)
                .stream()
                .map(seen -> seen.frame())
                .toList();
    }

    private Map<String, @Nullable Object> row(ConnectionId id) {
        assertThat(line.rows.flush(Duration.ofSeconds(10))).isTrue();
        return line.db
                .sql("SELECT close_code, close_reason, closed_at FROM connection WHERE id = ?")
                .param(id.value())
                .query()
                .singleRow();
    }

    @Test
    void an_agent_that_closes_is_answered_with_its_code_and_both_frames_are_recorded() {
        peer.close(1001, "going home");
        assertThat(peer.awaitClose().closeCode()).isEqualTo(1001);
        peer.awaitEnd();
        assertThat(closes())
                .extracting(FrameRecord::direction, FrameRecord::bytes, FrameRecord::error)
                .containsExactly(
                        org.assertj.core.groups.Tuple.tuple(Direction.IN, 12L, null),
                        org.assertj.core.groups.Tuple.tuple(Direction.OUT, 2L, null));
        assertThat(closes().getLast().writtenNs()).isPositive();
        assertThat(row(connection.connectionId()))
                .containsEntry("close_code", 1001)
                .containsEntry("close_reason", "going home");
    }

    @Test
    void our_Close_and_the_agents_answer_are_recorded() {
        connection.close(CloseCode.EVICTED, "an operator's order");
        RawPeer.Frame close = peer.awaitClose();
        assertThat(close.closeReason()).isEqualTo("an operator's order");
        assertThat(line.registry.live(agent)).as("left at once").isEmpty();
        peer.frame(RawPeer.CLOSE, true, close.payload());
        peer.awaitEnd();
        assertThat(closes()).extracting(FrameRecord::direction).containsExactly(Direction.OUT, Direction.IN);
        assertThat(row(connection.connectionId())).containsEntry("close_code", 4410);
    }

    @Test
    void a_Close_of_the_transport_is_recorded_as_one_of_which_nobody_knows_whether_it_left() {
        peer.unmasked(RawPeer.TEXT, "no mask".getBytes(java.nio.charset.StandardCharsets.UTF_8));
        assertThat(peer.awaitClose().closeCode()).isEqualTo(1002);
        assertThat(closes()).singleElement().satisfies(close -> {
            assertThat(close.direction()).isEqualTo(Direction.OUT);
            assertThat(close.writtenNs()).isEqualTo(FrameRecord.NONE);
            assertThat(close.error()).contains("1002");
        });
        assertThat(row(connection.connectionId())).containsEntry("close_code", 1002);
    }

    @Test
    void a_socket_that_just_ends_has_no_code_and_says_so() {
        peer.reset();
        assertThat(closes()).isEmpty();
        assertThat(row(connection.connectionId())).containsEntry("close_code", null);
        assertThat((String) row(connection.connectionId()).get("close_reason")).isNotBlank();
    }

    @Test
    void an_agent_that_only_stops_sending_is_gone_too() {
        peer.halfClose();
        peer.awaitEnd();
        await().until(() -> line.registry.live(agent).isEmpty());
    }

    @Test
    void an_agent_that_is_deleted_is_sent_away_with_4403_and_an_approved_one_to_come_again() {
        FleetEvents events = new FleetEvents(line.registry);
        events.deleted(new AgentDeleted(agent, line.board.now()));
        assertThat(peer.awaitClose().closeCode()).isEqualTo(4403);
        AgentId approved = LineUnderTest.anyAgent();
        try (RawPeer other = line.agent(approved)) {
            events.approved(new AgentApproved(approved, line.board.now()));
            assertThat(other.awaitClose().closeCode()).isEqualTo(4410);
        }
    }

    @Test
    void texts_that_listeners_send_come_behind_the_welcome() {
        line.listener = new ConnectionListener() {
            @Override
            public void opened(AgentLink link, dev.wireproof.protocol.AgentMessage.Auth auth, java.time.Instant at) {
                link.send(PingAndFenceIT.command("{\"type\":\"Command\"}"), SendObserver.NONE);
            }
        };
        try (RawPeer other = RawPeer.upgraded(line.port())) {
            other.authenticate(LineUnderTest.anyAgent(), LineUnderTest.GOOD_KEY);
            assertThat(other.next().text()).contains("\"Echo\"");
            assertThat(other.next().text()).isEqualTo("{\"type\":\"Command\"}");
            assertThat(other.next().opcode()).as("its fence").isEqualTo(RawPeer.PING);
        } finally {
            line.listener = null;
        }
    }

    @Test
    void an_agent_that_does_not_wait_for_the_answer_to_its_handshake_is_let_in_too() {
        try (RawPeer hasty = RawPeer.connect(line.port())) {
            AgentId other = LineUnderTest.anyAgent();
            byte[] auth = dev.wireproof.protocol.AgentMessageCodec.encode(RawPeer.auth(
                            new dev.wireproof.protocol.AgentMessage.Credentials.Enrolled(other, LineUnderTest.GOOD_KEY),
                            java.util.UUID.randomUUID()))
                    .getBytes(java.nio.charset.StandardCharsets.UTF_8);
            assertThat(hasty.handshakeAnd(
                                    List.of("Sec-WebSocket-Protocol: rmm.v1"),
                                    RawPeer.encoded(0x80 | RawPeer.TEXT, true, auth))
                            .status())
                    .isEqualTo(101);
            hasty.awaitText("ConfigUpdate");
            assertThat(line.registry.live(other)).isPresent();
        }
    }
}
