package dev.wireproof.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.wireproof.faults.AgentRecord.Step;
import dev.wireproof.id.CommandId;
import dev.wireproof.testkit.TcpProxy;
import dev.wireproof.testkit.TestDatabase;
import dev.wireproof.testkit.Trap;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.springframework.jdbc.core.simple.JdbcClient;

/**
 * The real server process, killed at the durable writes of a command's life, before each or behind it, and started again. Where it stands is made
 * sure by holding what it says to its database, or the database's answer to a COMMIT, until the process is gone.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class CrashPointsIT {
    private final List<LabAgent> agents = new ArrayList<>();
    private final List<Trap> points = new ArrayList<>();
    private final WireTap tap = new WireTap();
    private String direct;
    private TcpProxy database;
    private LabServer server;
    private Requests requests;
    private Path home;

    @BeforeAll
    void start() throws IOException {
        home = Files.createTempDirectory("wireproof-crash");
        direct = TestDatabase.freshUrl();
        database = TcpProxy.toDatabase(direct);
        server = LabServer.start(
                        home,
                        database.jdbcUrl(direct),
                        "postgres",
                        "",
                        Map.of("WIREPROOF_DELIVERY_ACK_WAIT", "1s", "WIREPROOF_CONNECTION_PING_INTERVAL", "1s"))
                .awaitReady();
        requests = new Requests(server::port);
    }

    @AfterAll
    void stop() {
        agents.forEach(LabAgent::close);
        requests.close();
        server.close();
        database.close();
    }

    /** A case that failed in the middle must not break those after it. */
    @AfterEach
    void calm() {
        points.forEach(point -> {
            database.up().forget(point);
            database.down().forget(point);
        });
        points.clear();
        if (!server.ready()) {
            database.cutAll();
            server.startAgain();
        }
    }

    private Trap at(Trap point) {
        points.add(point);
        return point;
    }

    private JdbcClient sql() {
        return JdbcClient.create(TestDatabase.at(direct));
    }

    private LabAgent agent() {
        LabAgent agent = new LabAgent("crash-" + agents.size(), server::port, home, tap).start();
        agents.add(agent);
        agent.id();
        return agent;
    }

    private CommandId post(LabAgent to) {
        return requests.accepted(to, "");
    }

    private CompletableFuture<Requests.Answer> aside(Supplier<Requests.Answer> request) {
        return CompletableFuture.supplyAsync(request, task -> Thread.ofVirtual().start(task));
    }

    private String stateOf(CommandId id) {
        return requests.stateOf(id);
    }

    /** What was held is thrown away with the connections, as a crash does it. */
    private void killAt(Trap point) throws InterruptedException {
        point.await();
        server.kill();
        gone(point);
    }

    private void gone(Trap point) {
        database.cutAll();
        point.release();
        server.startAgain();
    }

    private void invariantsHold() {
        new Invariants(requests, TestDatabase.at(direct), tap, agents).hold();
    }

    private void endsWellAndRanOnce(LabAgent agent, CommandId id) {
        invariantsHold();
        assertThat(stateOf(id)).isEqualTo("succeeded");
        assertThat(agent.record().executions(id)).isEqualTo(1);
    }

    private List<UUID> stored(LabAgent agent) {
        return sql().sql("SELECT id FROM command WHERE agent_id = :agent")
                .param("agent", agent.id().value())
                .query((row, _) -> row.getObject(1, UUID.class))
                .list();
    }

    @Test
    void before_a_POST_is_committed_nobody_was_told_2xx_and_the_repeat_makes_the_only_one() throws Exception {
        LabAgent agent = agent();
        Trap before = at(database.up().holdBefore("stored, asked for by"));
        CompletableFuture<Requests.Answer> posted = aside(() -> requests.post(agent.id(), ""));
        killAt(before);
        assertThat(posted.join().accepted()).isFalse();
        assertThat(stored(agent)).isEmpty();

        Requests.Answer again = requests.again(requests.unanswered().getFirst());

        assertThat(again.status()).isEqualTo(202);
        assertThat(again.header("idempotency-replayed")).isNotEqualTo("true");
        endsWellAndRanOnce(agent, CommandId.parse(again.body().get("id").asString()));
        assertThat(stored(agent)).hasSize(1);
    }

    @Test
    void between_the_commit_of_a_POST_and_its_202_the_repeat_gets_the_same_command() throws Exception {
        LabAgent agent = agent();
        agent.ignoreOffers();
        Trap behind = at(database.holdCommitOf("stored, asked for by"));
        CompletableFuture<Requests.Answer> posted = aside(() -> requests.post(agent.id(), ""));
        killAt(behind);
        assertThat(posted.join().accepted()).isFalse();
        UUID made = stored(agent).getFirst();

        Requests.Answer again = requests.again(requests.unanswered().getFirst());

        assertThat(again.body().get("id").asString()).isEqualTo(made.toString());
        assertThat(again.header("idempotency-replayed")).isEqualTo("true");
        agent.listen();
        endsWellAndRanOnce(agent, new CommandId(made));
    }

    @Test
    void between_the_row_of_an_attempt_and_its_frame_it_is_offered_again() throws Exception {
        LabAgent agent = agent();
        // An agent that only just logged in may be offered nothing yet in the moment of a POST: this one was offered
        // something.
        CommandId first = post(agent);
        endsWellAndRanOnce(agent, first);
        Trap behind = at(database.holdCommitOf("INSERT INTO command_attempt"));
        // The first attempt is stored together with its command, so the POST has no answer either.
        CompletableFuture<Requests.Answer> posted = aside(() -> requests.post(agent.id(), ""));
        killAt(behind);
        assertThat(posted.join().accepted()).isFalse();
        CommandId id = stored(agent).stream()
                .map(CommandId::new)
                .filter(one -> !one.equals(first))
                .findFirst()
                .orElseThrow();
        assertThat(sql().sql("SELECT count(*) FROM command_attempt WHERE command_id = :id AND attempt = 1")
                        .param("id", id.value())
                        .query(Integer.class)
                        .single())
                .isEqualTo(1);
        await().until(() -> !tap.offersOf(id).isEmpty());
        assertThat(tap.offersOf(id).getFirst().attempt())
                .as("the first one never left")
                .isGreaterThan(1);
        endsWellAndRanOnce(agent, id);
    }

    @Test
    void between_a_frame_and_its_record_it_may_come_twice_runs_once_and_is_never_called_unwritten() throws Exception {
        LabAgent agent = agent();
        agent.ignoreOffers();
        Trap before = at(database.up().holdBefore("UPDATE command_attempt a"));
        CommandId id = post(agent);
        before.await();
        await().until(() -> !tap.offersOf(id).isEmpty());
        killAt(before);
        agent.listen();
        endsWellAndRanOnce(agent, id);
        assertThat(tap.offersOf(id)).hasSizeGreaterThan(1);
    }

    @Test
    void before_an_ack_is_committed_it_is_learnt_again() throws Exception {
        LabAgent agent = agent();
        agent.holdResults();
        Trap before = at(database.up().holdBefore("acknowledged (attempt"));
        CommandId id = post(agent);
        killAt(before);
        assertThat(agent.record().of(id, Step.ACCEPTED)).isNotNull();
        agent.tellResults();
        endsWellAndRanOnce(agent, id);
    }

    @Test
    void behind_the_commit_of_an_ack_it_stays_acknowledged() throws Exception {
        LabAgent agent = agent();
        agent.holdResults();
        Trap behind = at(database.holdCommitOf("acknowledged (attempt"));
        CommandId id = post(agent);
        killAt(behind);
        assertThat(requests.get(id)
                        .body()
                        .get("attempts")
                        .get(0)
                        .get("acked_at")
                        .isNull())
                .isFalse();
        agent.tellResults();
        endsWellAndRanOnce(agent, id);
    }

    @Test
    void before_output_is_stored_it_comes_again() throws Exception {
        LabAgent agent = agent();
        Trap before = at(database.up().holdBefore("INSERT INTO command_output"));
        CommandId id = post(agent);
        killAt(before);
        endsWellAndRanOnce(agent, id);
        assertThat(requests.get(id).body().get("stdout_tail").asString()).isEqualTo(LabAgent.output(id));
    }

    @Test
    void before_a_result_is_committed_it_is_not_confirmed_and_comes_again() throws Exception {
        LabAgent agent = agent();
        Trap before = at(database.up().holdBefore("a result came"));
        CommandId id = post(agent);
        before.await();
        assertThat(tap.resultsConfirmed()).doesNotContain(id);
        killAt(before);
        endsWellAndRanOnce(agent, id);
        assertThat(tap.resultsConfirmed()).contains(id);
    }

    @Test
    void behind_the_commit_of_a_result_it_is_confirmed_when_it_comes_again() throws Exception {
        LabAgent agent = agent();
        Trap behind = at(database.holdCommitOf("a result came"));
        CommandId id = post(agent);
        behind.await();
        assertThat(tap.resultsConfirmed()).doesNotContain(id);
        killAt(behind);
        assertThat(stateOf(id)).isEqualTo("succeeded");
        endsWellAndRanOnce(agent, id);
        await().untilAsserted(() -> assertThat(tap.resultsConfirmed()).contains(id));
    }

    @Test
    void before_a_cancellation_is_committed_nobody_was_told_2xx_and_the_command_goes_on() throws Exception {
        LabAgent agent = agent();
        agent.ignoreOffers();
        CommandId id = post(agent);
        await().until(() -> !tap.offersOf(id).isEmpty());
        Trap before = at(database.up().holdBefore("asked to cancel it"));
        CompletableFuture<Requests.Answer> cancelled =
                aside(() -> requests.call("POST", "/api/v1/commands/" + id + "/cancel", "{}"));
        killAt(before);
        assertThat(cancelled.join().accepted()).isFalse();
        agent.listen();
        endsWellAndRanOnce(agent, id);
    }

    @Test
    void in_the_middle_of_output_none_of_it_is_lost_or_twice_and_no_result_is_confirmed() throws Exception {
        LabAgent agent = agent();
        Trap behind = at(database.holdCommitOf("INSERT INTO command_output"));
        CommandId id = post(agent);
        behind.await();
        assertThat(tap.resultsConfirmed()).doesNotContain(id);
        killAt(behind);
        endsWellAndRanOnce(agent, id);
        assertThat(requests.get(id).body().get("stdout_tail").asString()).isEqualTo(LabAgent.output(id));
    }

    @Test
    void between_a_cancellation_and_its_frame_it_goes_out_after_the_start() throws Exception {
        LabAgent agent = agent();
        agent.ignoreOffers();
        CommandId id = post(agent);
        await().until(() -> !tap.offersOf(id).isEmpty());
        Trap behind = at(database.holdCommitOf("asked to cancel it"));
        CompletableFuture<Requests.Answer> cancelled =
                aside(() -> requests.call("POST", "/api/v1/commands/" + id + "/cancel", "{}"));
        killAt(behind);
        cancelled.join();
        invariantsHold();
        assertThat(stateOf(id)).isEqualTo("cancelled");
        assertThat(agent.record().of(id, Step.CANCELLED)).isNotNull();
        assertThat(agent.record().executions(id)).isZero();
    }

    @Test
    void in_the_reapers_step_what_is_due_is_offered_again_by_the_next_server() throws Exception {
        LabAgent agent = agent();
        agent.ignoreOffers();
        CommandId id = post(agent);
        await().until(() -> !tap.offersOf(id).isEmpty());
        Trap before = at(database.up().holdBefore("INSERT INTO command_attempt"));
        killAt(before);
        agent.listen();
        endsWellAndRanOnce(agent, id);
    }

    @Test
    void while_it_drains_what_was_begun_goes_on_after_the_start() throws Exception {
        LabAgent agent = agent();
        agent.holdResults();
        List<CommandId> ids = Stream.generate(() -> post(agent)).limit(5).toList();
        await().until(() -> ids.stream().allMatch(id -> stateOf(id).equals("running")));
        server.drainAndKill();
        database.cutAll();
        server.startAgain();
        agent.tellResults();
        ids.forEach(id -> endsWellAndRanOnce(agent, id));
    }
}
