package dev.wireproof.connection;

import java.time.Duration;
import java.time.InstantSource;
import java.time.ZoneOffset;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Forgets connections that ended long ago, a few thousand in one statement. Blocks on the database. */
class ConnectionRetention {
    static final int AT_ONCE = 5_000;

    private static final int MOST_STATEMENTS = 100;
    private static final String FORGET = """
        DELETE FROM connection
         WHERE id IN (SELECT id FROM connection WHERE closed_at < :before ORDER BY closed_at LIMIT :most)
        """;

    private final JdbcClient db;
    private final InstantSource clock;
    private final Duration kept;

    ConnectionRetention(JdbcClient db, InstantSource clock, Duration kept) {
        this.db = db;
        this.clock = clock;
        this.kept = kept;
    }

    /** @return how many were forgotten */
    int forgetOnce() {
        int forgotten = 0;
        for (int i = 0; i < MOST_STATEMENTS; i++) {
            int rows = db.sql(FORGET)
                    .param("before", clock.instant().minus(kept).atOffset(ZoneOffset.UTC))
                    .param("most", AT_ONCE)
                    .update();
            forgotten += rows;
            if (rows < AT_ONCE) {
                break;
            }
        }
        return forgotten;
    }
}
