package dev.wireproof.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.wireproof.access.AgentKeys;
import dev.wireproof.access.EnrollmentTokens;
import dev.wireproof.id.AgentId;
import dev.wireproof.id.SiteId;
import dev.wireproof.id.Uuids;
import dev.wireproof.protocol.AgentMessage.Auth;
import dev.wireproof.protocol.AgentMessage.Credentials;
import dev.wireproof.protocol.AgentMessage.Os;
import dev.wireproof.protocol.ServerMessage.RejectCode;
import dev.wireproof.testkit.Shows;
import dev.wireproof.testkit.SteppingClock;
import dev.wireproof.testkit.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

/** The paragraph "Enrolment" of docs/protocol.md, and keys, against a real database. */
@SpringBootTest(
        classes = FleetOnDatabase.class,
        webEnvironment = SpringBootTest.WebEnvironment.NONE,
        properties = {
            "wireproof.fleet.auth-failures-per-minute=1000000",
            // Two rooms alone have not all parts of health.
            "management.endpoint.health.validate-group-membership=false"
        })
class AdmissionIT {
    private static final String ADDRESS = "192.0.2.7";

    @Autowired
    AgentAdmission admission;

    @Autowired
    EnrollmentTokens tokens;

    @Autowired
    AgentKeys keys;

    @Autowired
    Agents agents;

    @Autowired
    EnrolmentConfirmations confirmations;

    @Autowired
    SteppingClock clock;

    @Autowired
    JdbcClient db;

    @Autowired
    DataSource database;

    @Autowired
    FleetOnDatabase.Online online;

    @DynamicPropertySource
    static void database(DynamicPropertyRegistry registry) {
        registry.add("spring.datasource.url", TestDatabase::freshUrl);
        registry.add("spring.datasource.username", () -> "postgres");
    }

    private String token(@Nullable Integer maxUses) {
        return tokens.create(SiteId.DEFAULT, maxUses, null, "test").secret();
    }

    private static Auth auth(Credentials credentials, String hostname) {
        return new Auth(
                credentials,
                hostname,
                new Os("linux", "Debian", "12", "x86_64"),
                "0.1.0",
                UUID.randomUUID(),
                "boot",
                null,
                Map.of("role", "web"),
                List.of(),
                null,
                null,
                null,
                null,
                List.of());
    }

    private Admission enrol(String token, String device) {
        return admission.admit(auth(new Credentials.Enrolling(token, device), "host"), ADDRESS);
    }

    private Admission returning(AgentId agent, @Nullable String key) {
        return admission.admit(auth(new Credentials.Enrolled(agent, String.valueOf(key)), "host"), ADDRESS);
    }

    private static Admission.Admitted admitted(Admission admission) {
        assertThat(admission).isInstanceOf(Admission.Admitted.class);
        return (Admission.Admitted) admission;
    }

    private static RejectCode refusal(Admission admission) {
        assertThat(admission).isInstanceOf(Admission.Refused.class);
        return ((Admission.Refused) admission).code();
    }

    private static String device() {
        return "device-" + UUID.randomUUID();
    }

    @Test
    void an_unknown_device_becomes_an_agent_with_a_key_that_lets_it_return() {
        Admission.Admitted first = admitted(enrol(token(1), device()));
        assertThat(first.pending()).isFalse();
        assertThat(first.siteId()).isEqualTo(SiteId.DEFAULT);
        assertThat(first.newAgentKey()).startsWith("wpk_").hasSizeGreaterThan(40);
        assertThat(first.configVersion()).isZero();

        Admission.Admitted again = admitted(returning(first.agentId(), first.newAgentKey()));
        assertThat(again.agentId()).isEqualTo(first.agentId());
        assertThat(again.newAgentKey()).isNull();
    }

    @Test
    void a_lost_auth_ack_gives_the_same_identity_a_new_key_also_when_the_token_is_used_up() {
        String token = token(1);
        String device = device();
        Admission.Admitted first = admitted(enrol(token, device));
        Admission.Admitted second = admitted(enrol(token, device));
        assertThat(second.agentId()).isEqualTo(first.agentId());
        assertThat(second.newAgentKey()).isNotEqualTo(first.newAgentKey());
        assertThat(refusal(returning(first.agentId(), first.newAgentKey()))).isEqualTo(RejectCode.BAD_CREDENTIALS);
        admitted(returning(second.agentId(), second.newAgentKey()));
    }

    @Test
    void a_known_device_whose_enrolment_was_confirmed_becomes_a_new_pending_agent() {
        String token = token(null);
        String device = device();
        Admission.Admitted first = admitted(enrol(token, device));
        admission.enrollmentConfirmed(first.agentId());
        Admission.Admitted second = admitted(enrol(token, device));
        assertThat(second.agentId()).isNotEqualTo(first.agentId());
        assertThat(second.pending()).isTrue();
        assertThat(agents.find(second.agentId()).orElseThrow().sameDeviceAs()).isEqualTo(first.agentId());
        admitted(returning(first.agentId(), first.newAgentKey()));

        confirmations.writeOnce();
        Admission.Admitted third = admitted(enrol(token(null), device));
        assertThat(third.pending()).isTrue();
        assertThat(agents.find(third.agentId()).orElseThrow().sameDeviceAs()).isEqualTo(first.agentId());
    }

    @Test
    void an_enrolling_connection_that_still_lives_is_not_taken_over() {
        String token = token(null);
        String device = device();
        Admission.Admitted first = admitted(enrol(token, device));
        online.agents.add(first.agentId());
        Admission.Admitted second = admitted(enrol(token, device));
        assertThat(second.pending()).isTrue();
        assertThat(second.agentId()).isNotEqualTo(first.agentId());
    }

    @Test
    @Shows("S11")
    void the_same_device_with_another_token_never_takes_over_even_before_it_is_confirmed() {
        String device = device();
        Admission.Admitted first = admitted(enrol(token(null), device));
        Admission.Admitted second = admitted(enrol(token(null), device));
        assertThat(second.agentId()).isNotEqualTo(first.agentId());
        assertThat(second.pending()).isTrue();
    }

    @Test
    @Shows("S11")
    void a_token_is_refused_when_unknown_expired_or_used_up_and_a_refusal_makes_no_agent() {
        assertThat(refusal(enrol("wpe_nobody", device()))).isEqualTo(RejectCode.BAD_CREDENTIALS);
        String once = token(1);
        admitted(enrol(once, device()));
        assertThat(refusal(enrol(once, device()))).isEqualTo(RejectCode.TOKEN_USED_UP);
        String short_ = tokens.create(SiteId.DEFAULT, null, clock.instant().plusSeconds(60), "test")
                .secret();
        clock.step(Duration.ofMinutes(2));
        String device = device();
        assertThat(refusal(enrol(short_, device))).isEqualTo(RejectCode.TOKEN_EXPIRED);
        assertThat(db.sql("SELECT count(*) FROM agent WHERE device_id = :device")
                        .param("device", device)
                        .query(Long.class)
                        .single())
                .isZero();
    }

    @Test
    @Shows("S38")
    void the_audit_log_tells_of_no_agent_whose_token_another_machine_used_up_meanwhile() throws SQLException {
        EnrollmentTokens.Created once = tokens.create(SiteId.DEFAULT, 1, null, "test");
        try (Connection other = database.getConnection();
                Statement statement = other.createStatement()) {
            other.setAutoCommit(false);
            statement.execute("UPDATE enrollment_token SET uses = 1 WHERE id = '%s'"
                    .formatted(once.token().id()));
            CompletableFuture<Admission> overtaken =
                    CompletableFuture.supplyAsync(() -> enrol(once.secret(), device()));
            await().until(() -> TestDatabase.waitingForLocks(database) == 1);
            other.commit();
            assertThat(refusal(overtaken.join())).isEqualTo(RejectCode.TOKEN_USED_UP);
        }
        AgentId next = admitted(enrol(token(1), device())).agentId();
        await().until(() -> lines("target", "agent " + next) == 1);
        assertThat(lines("actor_id::text", once.token().id().toString())).isZero();
    }

    private int lines(String column, String value) {
        return db.sql("SELECT count(*) FROM audit WHERE %s = :value".formatted(column))
                .param("value", value)
                .query(Integer.class)
                .single();
    }

    @Test
    void a_device_id_that_no_index_can_hold_is_refused_and_no_fault_of_ours() {
        StringBuilder incompressible = new StringBuilder();
        while (incompressible.length() < 6_000) {
            incompressible.append(UUID.randomUUID());
        }
        assertThat(refusal(enrol(token(1), incompressible.toString()))).isEqualTo(RejectCode.BAD_CREDENTIALS);
    }

    @Test
    @Shows("S4")
    void an_unknown_agent_and_a_wrong_key_get_the_same_answer() {
        Admission.Admitted agent = admitted(enrol(token(1), device()));
        Admission wrong = returning(agent.agentId(), "wpk_wrong");
        Admission unknown = returning(new AgentId(Uuids.version7(clock.instant())), agent.newAgentKey());
        assertThat(wrong).isEqualTo(unknown);
        assertThat(refusal(wrong)).isEqualTo(RejectCode.BAD_CREDENTIALS);
    }

    @Test
    @Shows("S13")
    void a_rotated_key_is_handed_out_until_it_is_used_and_then_the_old_one_is_void() {
        Admission.Admitted first = admitted(enrol(token(1), device()));
        String old = first.newAgentKey();
        admitted(returning(first.agentId(), old));
        assertThat(keys.requestRotation(first.agentId())).isTrue();

        String lost = admitted(returning(first.agentId(), old)).newAgentKey();
        String fresh = admitted(returning(first.agentId(), old)).newAgentKey();
        assertThat(lost).isNotNull();
        assertThat(fresh).isNotNull().isNotEqualTo(lost);
        assertThat(refusal(returning(first.agentId(), lost))).isEqualTo(RejectCode.BAD_CREDENTIALS);

        assertThat(admitted(returning(first.agentId(), fresh)).newAgentKey()).isNull();
        assertThat(refusal(returning(first.agentId(), old))).isEqualTo(RejectCode.BAD_CREDENTIALS);
    }

    @Test
    void a_deleted_agent_with_its_key_is_told_so_and_may_enrol_anew() {
        String device = device();
        Admission.Admitted first = admitted(enrol(token(1), device));
        assertThat(agents.delete(first.agentId())).isTrue();
        assertThat(refusal(returning(first.agentId(), first.newAgentKey()))).isEqualTo(RejectCode.REVOKED);
        assertThat(refusal(returning(first.agentId(), "wpk_wrong"))).isEqualTo(RejectCode.BAD_CREDENTIALS);
        Admission.Admitted second = admitted(enrol(token(1), device));
        assertThat(second.pending()).isFalse();
        assertThat(second.agentId()).isNotEqualTo(first.agentId());
    }

    @Test
    void what_an_agent_says_of_itself_is_stored_when_it_changed_and_fit_for_the_database() {
        Admission.Admitted first = admitted(enrol(token(1), device()));
        AgentId id = first.agentId();
        Credentials shown = new Credentials.Enrolled(id, String.valueOf(first.newAgentKey()));
        admitted(admission.admit(auth(shown, "renamed\0\uD800<b>"), ADDRESS));
        assertThat(agents.find(id).orElseThrow().hostname()).isEqualTo("renamed\uFFFD\uFFFD<b>");
        String version = db.sql("SELECT xmin::text FROM agent WHERE id = :id")
                .param("id", id.value())
                .query(String.class)
                .single();
        admitted(admission.admit(auth(shown, "renamed\0\uD800<b>"), ADDRESS));
        assertThat(db.sql("SELECT xmin::text FROM agent WHERE id = :id")
                        .param("id", id.value())
                        .query(String.class)
                        .single())
                .as("an Auth that tells nothing new writes nothing")
                .isEqualTo(version);
    }

    @Test
    @Shows("S3")
    void no_secret_is_found_in_the_database() {
        String token = token(1);
        String key = String.valueOf(admitted(enrol(token, device())).newAgentKey());
        for (String table : List.of("agent", "agent_key", "enrollment_token", "audit")) {
            String rows = db.sql("SELECT coalesce(string_agg(t::text, ' '), '') FROM " + table + " t")
                    .query(String.class)
                    .single();
            assertThat(rows).doesNotContain(key, token);
        }
    }
}
