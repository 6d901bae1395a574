package dev.wireproof.telemetry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wireproof.testkit.SteppingClock;
import dev.wireproof.testkit.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import javax.sql.DataSource;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Partitions are there before they are needed and gone after retention. The clock starts at 2026-10-25T00:00Z. */
class PartitionsIT {
    private final SteppingClock clock = new SteppingClock();
    private DataSource database;
    private JdbcClient db;
    private Partitions partitions;

    @BeforeEach
    void start() {
        database = TestDatabase.fresh();
        db = JdbcClient.create(database);
        partitions = new Partitions(database, clock, TelemetryForTests.DEFAULTS);
    }

    private List<String> partitionsOf(String table) {
        return db.sql("""
            SELECT child.relname FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid
             WHERE inhparent = :table::regclass AND child.relname NOT LIKE '%default' ORDER BY 1
            """)
                .param("table", table)
                .query((row, _) -> row.getString(1))
                .list();
    }

    private void frame(Instant at) {
        db.sql("INSERT INTO frame_chunk (connection_id, first_seq, last_seq, at, until, origin, seqs, kinds,"
                        + " bytes) VALUES (:id, 1, 1, :at::timestamptz, :at::timestamptz, :at::timestamptz, '{1}',"
                        + " '{ip}', '{0}')")
                .param("id", UUID.randomUUID())
                .param("at", at.toString())
                .update();
    }

    private long rows(String table) {
        return db.sql("SELECT count(*) FROM " + table).query(Long.class).single();
    }

    @Test
    void they_are_made_ahead_for_twelve_hours_of_frames_and_two_days_of_summaries() throws SQLException {
        partitions.maintainOnce();
        partitions.maintainOnce();
        assertThat(partitionsOf("frame_chunk"))
                .containsExactly(
                        "frame_chunk_2026102418",
                        "frame_chunk_2026102500",
                        "frame_chunk_2026102506",
                        "frame_chunk_2026102512");
        assertThat(partitionsOf("heartbeat")).hasSize(4);
        assertThat(partitionsOf("frame_summary"))
                .containsExactly(
                        "frame_summary_2026102400",
                        "frame_summary_2026102500",
                        "frame_summary_2026102600",
                        "frame_summary_2026102700");
        frame(SteppingClock.START.plus(Duration.ofHours(17)));
        assertThat(rows("frame_chunk_default")).isZero();
    }

    @Test
    void they_are_dropped_whole_once_their_last_row_is_past_retention() throws SQLException {
        partitions.maintainOnce();
        frame(SteppingClock.START.plus(Duration.ofHours(1)));
        frame(SteppingClock.START.minus(Duration.ofDays(30))); // in the default partition
        clock.step(Duration.ofHours(53));
        partitions.maintainOnce();
        assertThat(partitionsOf("frame_chunk"))
                .contains("frame_chunk_2026102500")
                .doesNotContain("frame_chunk_2026102418");
        assertThat(rows("frame_chunk_default")).isZero();
        assertThat(rows("frame")).isEqualTo(1);
        clock.step(Duration.ofHours(1));
        partitions.maintainOnce();
        assertThat(partitionsOf("frame_chunk")).doesNotContain("frame_chunk_2026102500");
        assertThat(rows("frame")).isZero();
        assertThat(partitionsOf("frame_summary")).as("kept 90 days").contains("frame_summary_2026102400");
    }

    @Test
    void chunks_are_stored_whole_and_nothing_gathers_statistics_of_them() throws SQLException {
        frame(SteppingClock.START.plus(Duration.ofHours(7)));
        partitions.maintainOnce();
        assertThat(db.sql("""
            SELECT DISTINCT array_to_string(child.reloptions, ' ') FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid
             WHERE inhparent = 'frame_chunk'::regclass AND child.relname NOT LIKE '%default'
            """).query(String.class).list())
                .containsExactly("toast_tuple_target=8160 autovacuum_enabled=off");
    }

    @Test
    void rows_that_came_while_no_partition_was_made_move_into_theirs() throws SQLException {
        frame(SteppingClock.START.plus(Duration.ofHours(1)));
        frame(SteppingClock.START.plus(Duration.ofHours(7)));
        partitions.maintainOnce();
        assertThat(rows("frame_chunk_default")).isZero();
        assertThat(rows("frame_chunk_2026102500")).isEqualTo(1);
        assertThat(rows("frame_chunk_2026102506")).isEqualTo(1);
        assertThat(rows("frame")).isEqualTo(2);
    }

    @Test
    void a_table_that_somebody_holds_is_not_waited_for_and_the_others_get_their_partitions() throws SQLException {
        try (Connection other = database.getConnection();
                Statement statement = other.createStatement()) {
            other.setAutoCommit(false);
            statement.execute("LOCK TABLE frame_chunk IN ACCESS EXCLUSIVE MODE");
            assertThatThrownBy(partitions::maintainOnce).isInstanceOf(SQLException.class);
            other.rollback();
        }
        assertThat(partitionsOf("heartbeat")).hasSize(4);
        partitions.maintainOnce();
        assertThat(partitionsOf("frame_chunk")).hasSize(4);
    }
}
