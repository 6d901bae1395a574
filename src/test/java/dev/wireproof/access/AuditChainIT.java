package dev.wireproof.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.zaxxer.hikari.HikariDataSource;
import dev.wireproof.access.AuditVerifier.Anchor;
import dev.wireproof.id.SiteId;
import dev.wireproof.id.Uuids;
import dev.wireproof.testkit.Shows;
import dev.wireproof.testkit.TestDatabase;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.DataSourceTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

/** The audit log as PostgreSQL keeps it, and what is found when someone with all rights there has been at it. */
@Shows("S38")
class AuditChainIT {
    private static final Instant LONG_AGO = Instant.parse("2025-03-30T01:00:00.123456Z");

    private final HikariDataSource database = TestDatabase.kept(TestDatabase.fresh());
    private final JdbcTemplate sql = new JdbcTemplate(database);
    private final TransactionTemplate transaction = new TransactionTemplate(new DataSourceTransactionManager(database));
    private final AuditStore store = new AuditStore(JdbcClient.create(database), sql, transaction);

    @AfterEach
    void stop() {
        database.close();
    }

    @BeforeEach
    void ten_rows() {
        List<AuditLog.Line> lines = new ArrayList<>();
        for (int i = 1; i <= 10; i++) {
            lines.add(line(LONG_AGO.plusSeconds(i), "act." + i));
        }
        store.insertAll(lines.subList(0, 6));
        store.insertAll(lines.subList(6, 9));
        store.insert(lines.get(9));
        store.insert(lines.get(9)); // its commit was not heard of
    }

    private static AuditLog.Line line(Instant at, String action) {
        return new AuditLog.Line(
                Uuids.version7(at),
                at,
                new AuditEntry(
                                "ops \u0000 ☃ \uD83D\uDE00",
                                UUID.randomUUID(),
                                action,
                                "/api/v1/commands/1",
                                SiteId.DEFAULT,
                                "192.0.2.7",
                                "ok",
                                Map.of("b", "2", "a", "1\u0000", "\uD83D\uDE00", "x", "\uFFFD", "y"))
                        .storable());
    }

    private AuditVerifier.Report verified() throws Exception {
        return AuditVerifier.verify(database, null);
    }

    private void tamper(String statement) {
        transaction.executeWithoutResult(_ -> {
            sql.execute("SET LOCAL session_replication_role = replica"); // a superuser's way around all triggers
            sql.execute(statement);
        });
    }

    @Test
    void what_was_written_is_found_whole() throws Exception {
        assertThat(verified()).satisfies(report -> {
            assertThat(report.faults()).isEmpty();
            assertThat(report.rows()).isEqualTo(10);
            assertThat(report.unchained()).isZero();
            assertThat(Objects.requireNonNull(report.newest()).seq()).isEqualTo(10);
        });
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
        UPDATE audit SET actor = 'somebody else' WHERE seq = 4                                    | row 4
        UPDATE audit SET at = at + interval '1 microsecond' WHERE seq = 4                         | row 4
        UPDATE audit SET result = 'ok ' WHERE seq = 10                                            | row 10
        UPDATE audit SET detail = jsonb_set(detail, '{more}', '"x"') WHERE seq = 1                         | row 1
        UPDATE audit SET detail = '{"a": 1}' WHERE seq = 5                                        | row 5
        UPDATE audit SET actor_id = NULL WHERE seq = 2                                            | row 2
        UPDATE audit SET remote_address = '192.0.2.8' WHERE seq = 3                               | row 3
        UPDATE audit SET site_id = NULL WHERE seq = 3                                             | row 3
        UPDATE audit SET id = gen_random_uuid() WHERE seq = 3                                     | row 3
        DELETE FROM audit WHERE seq = 7                                                           | rows 7 to 7 are missing
        DELETE FROM audit WHERE seq < 3                                                           | rows 1 to 2 are missing
        DELETE FROM audit WHERE seq = 7; UPDATE audit SET seq = seq - 1 WHERE seq = 8             | row 7
        UPDATE audit SET seq = 99 WHERE seq = 3; UPDATE audit SET seq = 3 WHERE seq = 4; UPDATE audit SET seq = 4 WHERE seq = 99 | row 3
        INSERT INTO audit SELECT gen_random_uuid(), at, actor, actor_id, action, target, site_id, remote_address, result, detail, 11, hash FROM audit WHERE seq = 10 | row 11
        """)
    void what_a_superuser_changed_removed_reordered_or_added_is_found(String statement, String told) throws Exception {
        tamper(statement);
        assertThat(verified().faults()).isNotEmpty().first().asString().startsWith(told);
    }

    @Test
    void rows_cut_off_at_the_newest_end_are_found_against_an_anchor_from_outside() throws Exception {
        Anchor seen = Objects.requireNonNull(verified().newest());
        tamper("DELETE FROM audit WHERE seq > 8");
        assertThat(verified().faults()).isEmpty();
        assertThat(AuditVerifier.verify(database, seen).faults())
                .singleElement()
                .asString()
                .contains("row 10 is not there");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "UPDATE audit SET actor = 'x'",
                "UPDATE audit SET actor = 'x' WHERE seq = 1",
                "DELETE FROM audit WHERE seq = 1",
                "DELETE FROM audit",
                "TRUNCATE audit",
                "INSERT INTO audit_anchor (seq, hash) SELECT 3, hash FROM audit WHERE seq = 4",
                "INSERT INTO audit_anchor (seq, hash) SELECT seq, hash FROM audit WHERE seq = 10",
                "UPDATE audit_anchor SET seq = 10",
                "TRUNCATE audit_anchor",
                "INSERT INTO audit SELECT gen_random_uuid(), at, actor, actor_id, action, target FROM audit WHERE seq = 1"
            })
    void even_the_owner_of_the_table_only_adds_to_it(String statement) throws Exception {
        assertThatThrownBy(() -> sql.execute(statement))
                .isInstanceOf(org.springframework.dao.DataAccessException.class);
        assertThat(verified().rows()).isEqualTo(10);
    }

    @Test
    void a_row_younger_than_thirty_days_keeps_all_that_follow_it() {
        store.insert(line(Instant.now().truncatedTo(ChronoUnit.MICROS), "young"));
        store.insert(line(LONG_AGO, "forged to be old"));
        store.insert(line(LONG_AGO, "newest"));
        assertThatThrownBy(() ->
                        sql.execute("INSERT INTO audit_anchor (seq, hash) SELECT seq, hash FROM audit WHERE seq = 12"))
                .hasStackTraceContaining("no audit row can be removed yet");
    }

    @Test
    void retention_leaves_an_anchor_from_which_the_rest_follows() throws Exception {
        store.insert(line(Instant.now().truncatedTo(ChronoUnit.MICROS), "young"));
        new AuditRetention(
                        JdbcClient.create(database), transaction, Instant::now, new AuditSettings(Duration.ofDays(100)))
                .maintainOnce();
        assertThat(verified()).satisfies(report -> {
            assertThat(report.faults()).isEmpty();
            assertThat(report.rows()).isEqualTo(1);
        });
        store.insert(line(Instant.now().truncatedTo(ChronoUnit.MICROS), "after"));
        assertThat(verified().faults()).isEmpty();
        tamper("DELETE FROM audit WHERE seq = 11");
        assertThat(verified().faults()).singleElement().asString().startsWith("rows 11 to 11 are missing");
    }

    @Test
    void two_servers_that_write_at_once_make_one_chain() throws Exception {
        CountDownLatch go = new CountDownLatch(1);
        List<Thread> writers = new ArrayList<>();
        for (int writer = 0; writer < 4; writer++) {
            AuditStore own = new AuditStore(JdbcClient.create(database), sql, transaction);
            writers.add(Thread.ofVirtual().start(() -> {
                try {
                    go.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
                for (int i = 0; i < 25; i++) {
                    own.insertAll(List.of(line(LONG_AGO, "one"), line(LONG_AGO, "two")));
                }
            }));
        }
        go.countDown();
        for (Thread writer : writers) {
            writer.join();
        }
        assertThat(verified()).satisfies(report -> {
            assertThat(report.faults()).isEmpty();
            assertThat(report.rows()).isEqualTo(10 + 4 * 25 * 2);
        });
    }
}
