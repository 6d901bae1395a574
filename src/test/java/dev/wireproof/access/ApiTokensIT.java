package dev.wireproof.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.wireproof.identity.Person;
import dev.wireproof.testkit.Shows;
import dev.wireproof.testkit.SteppingClock;
import dev.wireproof.testkit.TcpProxy;
import dev.wireproof.testkit.TestDatabase;
import dev.wireproof.testkit.Trap;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.autoconfigure.AutoConfigurationPackage;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.ComponentScan;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

/** Tokens as PostgreSQL keeps them, and rights that are taken away in the very moment in which they are used. */
@SpringBootTest(
        classes = ApiTokensIT.AccessOnDatabase.class,
        webEnvironment = SpringBootTest.WebEnvironment.NONE,
        properties = "management.endpoint.health.validate-group-membership=false")
class ApiTokensIT {
    private static final String ISSUER = "https://id.example.com";
    private static final String DIRECT = TestDatabase.freshUrl();
    /** Stays as long as the JVM, like the context that is connected through it. */
    private static final TcpProxy PROXY = TcpProxy.toDatabase(DIRECT);

    private static final DataSource DATABASE = TestDatabase.at(DIRECT);
    private static final long GATE = 4_711;

    /** The room access alone. No stereotype: other tests must not find it by scanning. */
    @EnableAutoConfiguration
    @AutoConfigurationPackage(basePackages = "dev.wireproof.access")
    @ComponentScan("dev.wireproof.access")
    static class AccessOnDatabase {
        @Bean
        SteppingClock clock() {
            return new SteppingClock();
        }
    }

    @DynamicPropertySource
    static void database(DynamicPropertyRegistry registry) {
        registry.add("spring.datasource.url", () -> PROXY.jdbcUrl(DIRECT));
        registry.add("spring.datasource.username", () -> "postgres");
    }

    @Autowired
    ApiTokens tokens;

    @Autowired
    TokenCheck check;

    @Autowired
    BootstrapTokens bootstrap;

    @Autowired
    SteppingClock clock;

    private final JdbcClient db = JdbcClient.create(DATABASE);

    /** Where one of the two is stopped, while the other goes on to its end or until it waits for the first. */
    enum Stopped {
        SIGN_IN_BEFORE_IT_WRITES("BEFORE INSERT", ""),
        SIGN_IN_BEFORE_ITS_COMMIT("AFTER INSERT", "DEFERRABLE INITIALLY DEFERRED"),
        REVOCATION_BEFORE_IT_WRITES("BEFORE UPDATE", ""),
        REVOCATION_BEFORE_ITS_COMMIT("AFTER UPDATE", "DEFERRABLE INITIALLY DEFERRED");

        private final String when;
        private final String deferred;

        Stopped(String when, String deferred) {
            this.when = when;
            this.deferred = deferred;
        }

        boolean signIn() {
            return when.endsWith("INSERT");
        }

        String trigger() {
            return "CREATE %s TRIGGER gate %s ON api_token %s FOR EACH ROW EXECUTE FUNCTION gate()"
                    .formatted(deferred.isEmpty() ? "" : "CONSTRAINT", when, deferred);
        }
    }

    @ParameterizedTest
    @EnumSource
    @Shows("S7")
    void somebody_who_is_revoked_while_they_sign_in_has_no_token_afterwards(Stopped stopped) throws SQLException {
        String subject = "ada-" + stopped;
        UUID person = tokens.admit(ISSUER, subject, "Ada", Role.ADMIN, null, null, "test")
                .orElseThrow()
                .id();
        Supplier<Optional<ApiTokens.Created>> signsIn =
                () -> tokens.signIn(new Person(ISSUER, subject, clock.instant().plusSeconds(300)));
        Supplier<Optional<ApiTokens.Created>> revoked = () -> {
            assertThat(tokens.revoke(person)).isTrue();
            return Optional.empty();
        };
        Optional<ApiTokens.Created> made;
        try (Connection gate = DATABASE.getConnection();
                Statement statement = gate.createStatement()) {
            statement.execute("SELECT pg_advisory_lock(%d)".formatted(GATE));
            statement.execute("""
                    CREATE OR REPLACE FUNCTION gate() RETURNS trigger LANGUAGE plpgsql AS $$
                    BEGIN PERFORM pg_advisory_xact_lock_shared(%d); RETURN NEW; END $$
                    """.formatted(GATE));
            statement.execute(stopped.trigger());
            CompletableFuture<Optional<ApiTokens.Created>> first = started(stopped.signIn() ? signsIn : revoked);
            await().until(() -> TestDatabase.waitingForLocks(DATABASE) == 1);
            CompletableFuture<Optional<ApiTokens.Created>> second = started(stopped.signIn() ? revoked : signsIn);
            await().until(() -> second.isDone() || TestDatabase.waitingForLocks(DATABASE) == 2);
            statement.execute("SELECT pg_advisory_unlock(%d)".formatted(GATE));
            made = (stopped.signIn() ? first : second).join();
            (stopped.signIn() ? second : first).join();
            statement.execute("DROP TRIGGER gate ON api_token");
        }
        assertThat(made.flatMap(created -> check.callerWith(created.secret()))).isEmpty();
        assertThat(db.sql("SELECT count(*) FROM api_token WHERE person_id = :person AND revoked_at IS NULL")
                        .param("person", person)
                        .query(Integer.class)
                        .single())
                .isZero();
    }

    private static <T> CompletableFuture<T> started(Supplier<T> what) {
        return CompletableFuture.supplyAsync(what, task -> Thread.ofVirtual().start(task));
    }

    @Test
    @Shows("S7")
    void a_row_that_was_read_before_a_revocation_and_comes_after_it_counts_for_nothing() {
        ApiTokens.Created made = tokens.create("slow-answer", Role.ADMIN, null, null, "test");
        Trap answer = PROXY.down().holdBefore("slow-answer");
        CompletableFuture<Optional<Caller>> overtaken = started(() -> check.callerWith(made.secret()));
        answer.await();
        assertThat(tokens.revoke(made.token().id())).isTrue();
        answer.release();
        overtaken.join(); // came before the revocation did: either answer is right
        assertThat(check.callerWith(made.secret())).isEmpty();
    }

    @Test
    @Shows("S4")
    void a_token_is_found_by_the_hash_of_all_of_it_so_a_part_of_one_is_as_unknown_as_any_other() {
        String secret = tokens.create("whole", Role.VIEWER, null, null, "test").secret();
        assertThat(check.callerWith(secret)).isPresent();
        for (int length = 0; length < secret.length(); length++) {
            assertThat(check.callerWith(secret.substring(0, length)))
                    .as("its first %d characters", length)
                    .isEmpty();
        }
        assertThat(check.callerWith(secret + "A")).isEmpty();
        assertThat(check.callerWith(secret.toUpperCase(Locale.ROOT))).isEmpty();
        assertThat(db.sql("SELECT secret_hash FROM api_token WHERE name = 'whole'")
                        .query(byte[].class)
                        .single())
                .as("what is looked for, and nothing that the secret could be told from")
                .isEqualTo(Secrets.hash(secret))
                .hasSize(32);
    }

    @Test
    @Shows("S38")
    void what_a_start_makes_is_in_the_audit_log() {
        BootstrapSettings again = new BootstrapSettings("a-new-secret-for-who-lost-it", "a-new-enrollment-secret");
        assertThat(bootstrap.run(again)).isEqualTo(new Bootstrap(null, null));
        bootstrap.run(again);
        assertThat(check.callerWith("a-new-secret-for-who-lost-it"))
                .hasValueSatisfying(caller -> await().until(
                                () -> lines("/api/v1/api-tokens/" + caller.tokenId()),
                                lines -> lines.equals(List.of("system api_token.create ok"))));
        String enrollment = db.sql("SELECT id FROM enrollment_token ORDER BY id DESC LIMIT 1")
                .query(String.class)
                .single();
        await().until(
                        () -> lines("/api/v1/enrollment-tokens/" + enrollment),
                        lines -> lines.equals(List.of("system enrollment_token.create ok")));
    }

    private List<@Nullable String> lines(String target) {
        return db.sql("SELECT actor || ' ' || action || ' ' || result FROM audit WHERE target = :target")
                .param("target", target)
                .query(String.class)
                .list();
    }

    @Test
    void a_sign_in_ends_with_the_person_or_after_eight_hours() {
        tokens.admit(
                ISSUER, "for-an-hour", "Bo", Role.VIEWER, null, clock.instant().plusSeconds(3_600), "test");
        Person person = new Person(ISSUER, "for-an-hour", clock.instant().plusSeconds(300));
        String secret = tokens.signIn(person).orElseThrow().secret();
        assertThat(check.callerWith(secret)).isPresent();
        clock.step(Duration.ofHours(1));
        assertThat(check.callerWith(secret)).isEmpty();
        assertThat(tokens.signIn(person)).isEmpty();
    }
}
