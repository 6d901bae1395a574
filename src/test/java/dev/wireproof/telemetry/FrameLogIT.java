package dev.wireproof.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wireproof.id.AgentId;
import dev.wireproof.id.CommandId;
import dev.wireproof.id.ConnectionId;
import dev.wireproof.testkit.SteppingClock;
import dev.wireproof.testkit.TestDatabase;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.LongStream;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Frames as they are read back from a real PostgreSQL and from memory. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class FrameLogIT {
    private static final Instant OPENED = SteppingClock.START.plusSeconds(1);
    private static final CommandId COMMAND = new CommandId(UUID.randomUUID());
    private static final String SHA256 = "0f".repeat(32);

    private JdbcClient db;
    private TelemetryForTests telemetry;

    @BeforeAll
    void start() {
        DataSource database = TestDatabase.fresh();
        db = JdbcClient.create(database);
        telemetry = new TelemetryForTests(database, new SteppingClock());
    }

    @AfterAll
    void stop() {
        telemetry.close();
    }

    private FrameTrace trace() {
        return telemetry.recorder().open(new ConnectionId(UUID.randomUUID()), OPENED);
    }

    private static FrameRecord text(long seq, String error) {
        return FrameRecord.received(seq, Opcode.TEXT, "Heartbeat", null, 100, -1, seq * 1_000, error, SHA256);
    }

    private List<SeenFrame> all(FrameTrace trace) {
        return telemetry.log().find(trace.connectionId(), FrameFilter.ALL, 0, 500);
    }

    @Test
    void a_frame_reads_back_with_everything_that_was_known_of_it() {
        FrameTrace trace = trace();
        List<FrameRecord> frames = List.of(
                FrameRecord.sent(
                        1, Opcode.TEXT, "Command", COMMAND, 1_048_576, 7, 1_000, 2_000, 3_000_000, null, SHA256),
                FrameRecord.sent(2, Opcode.PING, null, null, 16, 7, 3_001_000, 3_002_000, 3_003_000, null, null),
                FrameRecord.received(3, Opcode.PONG, null, null, 16, 7, 4_000_000, null, null),
                FrameRecord.received(4, Opcode.TEXT, "CommandAck", COMMAND, 200, -1, 5_000_000, null, SHA256),
                FrameRecord.received(5, Opcode.BINARY, null, null, 9, -1, 6_000_000, "binary", null),
                FrameRecord.sent(6, Opcode.CLOSE, null, null, 2, -1, 7_000_000, 7_000_000, -1, "never written", null));
        frames.forEach(trace::record);
        trace.close(true);

        List<SeenFrame> seen = all(trace);
        assertThat(seen).extracting(SeenFrame::frame).isEqualTo(frames);
        assertThat(seen.getFirst().at()).isEqualTo(OPENED.plusNanos(3_000_000));
        assertThat(telemetry.log().ofCommand(COMMAND, 10))
                .extracting(found -> found.frame().seq())
                .containsExactly(1L, 4L);
        assertThat(telemetry
                        .log()
                        .find(
                                trace.connectionId(),
                                new FrameFilter(Direction.IN, Opcode.TEXT, "CommandAck", COMMAND, OPENED),
                                0,
                                10))
                .extracting(found -> found.frame().seq())
                .containsExactly(4L);
        assertThat(telemetry.log().find(trace.connectionId(), FrameFilter.ALL, 2, 3))
                .extracting(found -> found.frame().seq())
                .containsExactly(3L, 4L, 5L);
        assertThat(telemetry
                        .log()
                        .between(trace.connectionId(), OPENED.plusNanos(4_000_000), OPENED.plusNanos(6_000_000), 10))
                .extracting(found -> found.frame().seq())
                .containsExactly(3L, 4L, 5L);
    }

    @Test
    void a_frame_that_waits_in_the_outbound_queue_is_seen_before_it_is_written() {
        FrameTrace trace = trace();
        CommandId command = new CommandId(UUID.randomUUID());
        FrameRecord waiting = FrameRecord.sent(1, Opcode.TEXT, "Command", command, 10, -1, 1_000, -1, -1, null, SHA256);
        trace.unfinished(() -> List.of(waiting));
        assertThat(all(trace)).extracting(SeenFrame::frame).containsExactly(waiting);
        assertThat(telemetry.log().ofCommand(command, 10))
                .extracting(SeenFrame::frame)
                .containsExactly(waiting);

        FrameRecord written =
                FrameRecord.sent(1, Opcode.TEXT, "Command", command, 10, 1, 1_000, 2_000, 3_000, null, SHA256);
        trace.record(written);
        assertThat(telemetry.log().ofCommand(command, 10))
                .extracting(SeenFrame::frame)
                .containsExactly(written);
        trace.unfinished(List::of);
        trace.close(false);
    }

    @Test
    void a_row_that_the_database_refuses_does_not_cost_the_rows_of_its_batch() {
        FrameTrace trace = trace();
        long refusedBefore = telemetry.recorder().refused();
        LongStream.rangeClosed(1, 40)
                .mapToObj(seq -> text(seq, seq == 17 ? "a NUL \0 here" : "fine"))
                .forEach(trace::record);
        trace.record(text(41, "half a pair \ud83d here"));
        trace.close(false);
        assertThat(all(trace)).hasSize(40).noneMatch(seen -> seen.frame().seq() == 17);
        assertThat(telemetry.recorder().refused() - refusedBefore).isEqualTo(1);
        assertThat(all(trace).getLast().frame().error()).isEqualTo("half a pair ? here");
    }

    @Test
    void a_heartbeat_reads_back_with_everything_that_the_agent_said() {
        AgentId agent = new AgentId(UUID.randomUUID());
        ConnectionId connection = new ConnectionId(UUID.randomUUID());
        HeartbeatRow full = new HeartbeatRow(
                agent,
                connection,
                OPENED,
                1,
                2,
                true,
                3,
                4,
                5,
                6,
                7,
                8,
                9,
                10,
                11,
                12,
                new HeartbeatRow.LastError(SHA256, "control \u001b and \n lines", OPENED.minusSeconds(5)),
                List.of(Optional.of(0.5), Optional.empty(), Optional.of(2e12)));
        HeartbeatRow bare = new HeartbeatRow(
                agent,
                connection,
                OPENED.plusSeconds(30),
                1,
                3,
                false,
                33,
                4,
                5,
                6,
                7,
                8,
                9,
                10,
                0,
                0,
                null,
                List.of());
        telemetry.recorder().heartbeat(full);
        telemetry.recorder().heartbeat(bare);
        assertThat(telemetry.heartbeats().ofAgent(agent, OPENED, OPENED.plusSeconds(60), 10))
                .containsExactly(full, bare);
    }

    @Test
    void what_was_shed_is_told_of_each_connection() {
        FrameTrace trace = trace();
        telemetry.recorder().summarize(new FrameSummary(trace.connectionId(), 0, 1, 2, 3, 4, 5));
        telemetry.recorder().summarize(new FrameSummary(trace.connectionId(), 60_000_000, 0, 0, 0, 0, 6));
        assertThat(telemetry.recorder().flush(Duration.ofSeconds(10))).isTrue();
        assertThat(telemetry.log().shed(trace.connectionId())).isEqualTo(11);
        trace.close(false);
    }

    @Test
    void rows_that_no_partition_was_made_for_are_kept_all_the_same() {
        FrameTrace old =
                telemetry.recorder().open(new ConnectionId(UUID.randomUUID()), OPENED.minus(Duration.ofDays(2)));
        old.record(text(1, "old"));
        old.close(false);
        assertThat(all(old)).hasSize(1);
        assertThat(db.sql("SELECT count(*) FROM frame_chunk_default")
                        .query(Long.class)
                        .single())
                .isPositive();
    }
}
