package dev.wireproof.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.wireproof.faults.AgentRecord.Step;
import dev.wireproof.id.CommandId;
import dev.wireproof.testkit.Trap;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A path between agent and server that is cut, one-way, lossy, slow or half closed: each command runs once, and its way is told as it was. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class NetworkFaultsIT {
    /** How each offer begins on the wire. */
    private static final String COMMAND = "{\"type\":\"Command\"";

    private final List<Trap> traps = new ArrayList<>();
    private Scene scene;
    private LabAgent agent;

    @BeforeAll
    void start() {
        // Patient enough for seconds of latency, impatient enough for a test.
        scene = Scene.start("wireproof.connection.outbound-unproven-timeout=12s", "wireproof.delivery.ack-wait=20s");
        agent = scene.agent("network");
    }

    @AfterEach
    void everythingHolds() {
        // One that never sprang must not cut the path of a later case.
        traps.forEach(scene.path.up()::forget);
        traps.forEach(scene.path.down()::forget);
        traps.clear();
        scene.path.up().delay(Duration.ZERO).split(0).loss(0);
        scene.path.down().delay(Duration.ZERO).split(0).loss(0);
        scene.invariantsHold();
    }

    @AfterAll
    void stop() {
        scene.close();
    }

    /**
     * Proven, not believed, and on a connection that no earlier case touched: on one that the server gave up, what was late on its way still
     * counts, while the agent is not yet back on the next.
     */
    private void online() {
        agent.tellResults();
        scene.path.cutAll();
        endsWellAndRanOnce(scene.post(agent));
    }

    private Trap set(Trap trap) {
        traps.add(trap);
        return trap;
    }

    private void endsWellAndRanOnce(CommandId id) {
        await().atMost(Duration.ofSeconds(90))
                .untilAsserted(() -> assertThat(scene.stateOf(id)).isEqualTo("succeeded"));
        assertThat(agent.record().executions(id)).isEqualTo(1);
    }

    @Test
    void a_path_that_is_cut_before_the_agent_has_the_text_gets_it_there_on_the_next_connection() {
        online();
        Trap cut = set(scene.path.down().cutBefore(COMMAND));
        CommandId id = scene.post(agent);
        cut.await();
        assertThat(agent.record().knows(id)).isFalse();
        endsWellAndRanOnce(id);
        assertThat(scene.tap.offersOf(id).getFirst().attempt()).isGreaterThan(1);
    }

    @Test
    void a_path_that_is_cut_before_the_server_has_the_ack_runs_it_once() {
        online();
        scene.path.up().hold();
        CommandId id = scene.post(agent);
        await().until(() -> agent.record().of(id, Step.RESULT) != null);
        assertThat(scene.requests.get(id).body().get("state").asString()).isEqualTo("offered");
        scene.path.cutAll();
        scene.path.up().release();
        endsWellAndRanOnce(id);
    }

    @Test
    void of_an_agent_whose_way_back_is_dead_nothing_is_claimed_and_its_result_comes_when_the_way_heals() {
        online();
        long before = scene.tap.connections();
        scene.path.up().discard();
        CommandId id = scene.post(agent);
        await().until(() -> agent.record().of(id, Step.RESULT) != null);
        await().until(() -> !agent.online()); // given up as unproven
        assertThat(scene.stateOf(id)).isEqualTo("offered");
        scene.path.up().deliver();
        endsWellAndRanOnce(id);
        assertThat(scene.tap.connections()).isGreaterThan(before);
    }

    @Test
    void a_reset_in_the_middle_of_a_frame_makes_nothing_of_the_half_that_came() {
        online();
        agent.holdResults();
        CommandId id = scene.post(agent);
        await().untilAsserted(() -> assertThat(scene.stateOf(id)).isEqualTo("running"));
        // The next that comes up is a Pong of 22 bytes or the output, of which this is the middle.
        Trap cut = set(scene.path.up().cutAfter(40));
        agent.tellResults();
        cut.await();
        endsWellAndRanOnce(id);
    }

    @Test
    void an_agent_whose_end_is_half_closed_counts_as_gone_and_comes_again() {
        online();
        long before = scene.tap.connections();
        scene.path.up().halfClose();
        await().until(() -> scene.tap.connections() > before);
        endsWellAndRanOnce(scene.post(agent));
    }

    @ParameterizedTest
    @ValueSource(doubles = {0.1, 0.3, 0.6})
    void a_line_that_loses_packets_delivers_each_once(double share) {
        online();
        scene.path.up().loss(share);
        scene.path.down().loss(share);
        List<CommandId> ids = Stream.generate(() -> scene.post(agent)).limit(4).toList();
        ids.forEach(this::endsWellAndRanOnce);
    }

    @Test
    void two_seconds_each_way_and_single_bytes_are_slow_and_nothing_else() {
        agent.goAway();
        await().until(() -> !agent.online());
        scene.path.up().delay(Duration.ofSeconds(2)).split(1);
        scene.path.down().delay(Duration.ofSeconds(2)).split(1);
        agent.comeBack();
        await().until(agent::online); // its login is done within the server's ten seconds
        long connections = scene.tap.connections();
        CommandId id = scene.post(agent);
        endsWellAndRanOnce(id);
        assertThat(scene.tap.connections()).as("nobody took it for dead").isEqualTo(connections);
        assertThat(scene.tap.offersOf(id)).hasSize(1);
    }
}
