package dev.wireproof.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wireproof.id.CommandId;
import dev.wireproof.id.ConnectionId;
import dev.wireproof.testkit.SteppingClock;
import dev.wireproof.testkit.TestDatabase;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.LongStream;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.junit.jupiter.api.Test;
import org.postgresql.ds.PGSimpleDataSource;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Frames are stored many to a row, and nobody who reads them can tell. */
class FrameChunksIT {
    private static final CommandId COMMAND = new CommandId(UUID.randomUUID());

    private static FrameRecord ack(long seq, CommandId command) {
        return FrameRecord.received(seq, Opcode.TEXT, "CommandAck", command, 100, -1, seq * 1_000, null, null);
    }

    private static List<Long> seqs(List<SeenFrame> frames) {
        return frames.stream().map(seen -> seen.frame().seq()).toList();
    }

    @Test
    void what_was_written_together_is_one_row_and_chunks_that_overlap_read_back_in_order_page_by_page() {
        DataSource database = TestDatabase.fresh();
        JdbcClient db = JdbcClient.create(database);
        try (TelemetryForTests telemetry = new TelemetryForTests(database, new SteppingClock())) {
            FrameTrace trace = telemetry.recorder().open(new ConnectionId(UUID.randomUUID()), SteppingClock.START);
            // Finished out of order: what was met later may be written earlier.
            for (List<Long> together : List.of(List.of(2L, 3L, 7L), List.of(1L, 5L, 9L), List.of(4L, 6L, 8L, 10L))) {
                together.forEach(seq -> trace.record(ack(seq, COMMAND)));
                assertThat(telemetry.recorder().flushFrames(Duration.ofSeconds(10)))
                        .isTrue();
            }
            trace.close(false);
            assertThat(db.sql("SELECT cardinality(seqs) FROM frame_chunk ORDER BY first_seq")
                            .query(Integer.class)
                            .list())
                    .containsExactly(3, 3, 4);
            for (int page = 1; page <= 10; page++) {
                List<Long> read = new ArrayList<>();
                List<SeenFrame> next = telemetry.log().find(trace.connectionId(), FrameFilter.ALL, 0, page);
                while (!next.isEmpty()) {
                    read.addAll(seqs(next));
                    next = telemetry.log().find(trace.connectionId(), FrameFilter.ALL, read.getLast(), page);
                }
                assertThat(read)
                        .as("by pages of %d", page)
                        .containsExactlyElementsOf(
                                LongStream.rangeClosed(1, 10).boxed().toList());
            }
            assertThat(telemetry.log().ofCommand(COMMAND, 100)).hasSize(10);
            assertThat(telemetry.log().ofCommand(new CommandId(UUID.randomUUID()), 100))
                    .isEmpty();
        }
    }

    @Test
    void rows_of_before_are_still_read_after_the_upgrade() {
        String url = TestDatabase.emptyUrl();
        PGSimpleDataSource database = new PGSimpleDataSource();
        database.setUrl(url);
        database.setUser("postgres");
        Flyway.configure().dataSource(database).target("6").load().migrate();
        JdbcClient db = JdbcClient.create(database);
        UUID connection = UUID.randomUUID();
        for (long seq = 1; seq <= 130; seq++) {
            db.sql("""
                INSERT INTO frame (connection_id, seq, at, direction, opcode, type, command_id, bytes, received_ns, sha256)
                VALUES (:connection, :seq, :at::timestamptz, 'in', 'text', 'CommandAck', :command, 100, :ns, '\\x0f')
                """)
                    .param("connection", connection)
                    .param("seq", seq)
                    .param("at", SteppingClock.START.plusMillis(seq).toString())
                    .param("command", seq % 2 == 0 ? COMMAND.value() : null)
                    .param("ns", seq * 1_000_000)
                    .update();
        }
        Flyway.configure().dataSource(database).load().migrate();
        try (TelemetryForTests telemetry = new TelemetryForTests(database, new SteppingClock())) {
            List<SeenFrame> frames = telemetry.log().find(new ConnectionId(connection), FrameFilter.ALL, 0, 500);
            assertThat(seqs(frames))
                    .containsExactlyElementsOf(
                            LongStream.rangeClosed(1, 130).boxed().toList());
            assertThat(frames.get(1).frame().receivedNs()).isEqualTo(2_000_000);
            assertThat(frames.get(1).frame().sha256()).isEqualTo("0f");
            assertThat(frames.get(1).at()).isEqualTo(SteppingClock.START.plusMillis(2));
            assertThat(telemetry.log().ofCommand(COMMAND, 500)).hasSize(65);
        }
    }
}
