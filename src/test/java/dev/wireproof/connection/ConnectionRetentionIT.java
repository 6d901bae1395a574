package dev.wireproof.connection;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wireproof.testkit.SteppingClock;
import dev.wireproof.testkit.TestDatabase;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.springframework.jdbc.core.simple.JdbcClient;

class ConnectionRetentionIT {

    @Test
    void connections_that_ended_over_ninety_days_ago_are_forgotten_and_open_ones_never() {
        JdbcClient db = JdbcClient.create(TestDatabase.fresh());
        db.sql("""
                INSERT INTO connection (id, agent_id, epoch, remote_address, opened_at, authenticated_at, closed_at, close_reason)
                SELECT gen_random_uuid(), gen_random_uuid(), 1, '192.0.2.1', at, at, at, 'normal end'
                  FROM (SELECT timestamptz '2026-10-25T00:00:00Z' - n * interval '1 minute' AS at
                          FROM generate_series(1, 6000) n) AS ended
                """).update();
        db.sql("""
                INSERT INTO connection (id, agent_id, epoch, remote_address, opened_at, authenticated_at)
                VALUES (gen_random_uuid(), gen_random_uuid(), 1, '192.0.2.1', '2020-01-01', '2020-01-01')
                """).update();
        SteppingClock clock = new SteppingClock();
        ConnectionRetention retention = new ConnectionRetention(db, clock, Duration.ofDays(90));
        clock.step(Duration.ofDays(90));
        assertThat(retention.forgetOnce())
                .as("the newest ended a minute before the limit")
                .isEqualTo(6_000);
        assertThat(retention.forgetOnce()).isZero();
        assertThat(db.sql("SELECT count(*) FROM connection").query(Long.class).single())
                .isEqualTo(1);
    }
}
