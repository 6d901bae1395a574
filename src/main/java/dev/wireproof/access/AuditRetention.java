package dev.wireproof.access;

import dev.wireproof.background.LoopingPart;
import dev.wireproof.background.RepeatingTask;
import java.time.Duration;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * Removes lines of the audit log that are past retention, and keeps the chain provable: the number and hash of the last removed line stay
 * as an anchor, from which the oldest kept line follows. Each hour it also writes the newest number and hash to the log, which is kept
 * elsewhere: who cuts off the newest end of the table cannot take that back.
 */
@Component
class AuditRetention extends LoopingPart {
    private static final Logger log = LoggerFactory.getLogger(AuditRetention.class);
    private static final Duration PAUSE = Duration.ofHours(1);
    private static final int AT_ONCE = 5_000;
    /** The oldest rows, as far as all of them are past retention. */
    private static final String LAST_TO_GO = """
        SELECT seq, hash
          FROM (SELECT seq, hash, max(at) OVER (ORDER BY seq) AS newest
                  FROM (SELECT seq, hash, at FROM audit WHERE seq IS NOT NULL ORDER BY seq LIMIT :atOnce) oldest) run
         WHERE newest < :before
           AND EXISTS (SELECT 1 FROM audit WHERE audit.seq > run.seq)
         ORDER BY seq DESC
         LIMIT 1
        """;

    private static final String LEAVE_ANCHOR = "INSERT INTO audit_anchor (seq, hash) VALUES (:seq, :hash)";
    private static final String REMOVE = "DELETE FROM audit WHERE seq <= :seq";
    private static final String REMOVE_UNCHAINED = "DELETE FROM audit WHERE seq IS NULL AND at < :before";
    private static final String HEAD = "SELECT seq, hash FROM audit WHERE seq IS NOT NULL ORDER BY seq DESC LIMIT 1";

    private final JdbcClient db;
    private final TransactionTemplate transaction;
    private final InstantSource clock;
    private final Duration retention;

    AuditRetention(JdbcClient db, TransactionTemplate transaction, InstantSource clock, AuditSettings settings) {
        this.db = db;
        this.transaction = transaction;
        this.clock = clock;
        this.retention = settings.retention();
    }

    /** One round of the loop. */
    void maintainOnce() {
        while (Boolean.TRUE.equals(transaction.execute(_ -> removeSome()))) {
            log.atDebug().log("audit.lines_removed");
        }
        head(HEAD)
                .ifPresent(newest -> log.atInfo()
                        .addKeyValue("seq", newest.seq())
                        .addKeyValue("hash", newest.hex())
                        .log("audit.head"));
    }

    /** @return whether there was something to remove */
    private boolean removeSome() {
        var before = clock.instant().minus(retention).atOffset(ZoneOffset.UTC);
        db.sql(REMOVE_UNCHAINED).param("before", before).update();
        Optional<AuditChain.Head> last = db.sql(LAST_TO_GO)
                .param("atOnce", AT_ONCE)
                .param("before", before)
                .query((row, index) -> new AuditChain.Head(row.getLong("seq"), row.getBytes("hash")))
                .optional();
        last.ifPresent(anchor -> {
            db.sql(LEAVE_ANCHOR)
                    .param("seq", anchor.seq())
                    .param("hash", anchor.hash())
                    .update();
            db.sql(REMOVE).param("seq", anchor.seq()).update();
        });
        return last.isPresent();
    }

    private Optional<AuditChain.Head> head(String sql) {
        return db.sql(sql)
                .query((row, index) -> new AuditChain.Head(row.getLong("seq"), row.getBytes("hash")))
                .optional();
    }

    @Override
    protected List<RepeatingTask> loops() {
        return List.of(RepeatingTask.start("audit-retention", PAUSE, Duration.ofSeconds(2), this::maintainOnce));
    }
}
