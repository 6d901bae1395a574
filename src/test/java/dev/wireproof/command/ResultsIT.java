package dev.wireproof.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.wireproof.id.CommandId;
import dev.wireproof.protocol.AgentMessage.CommandNack;
import dev.wireproof.protocol.AgentMessage.CommandOutput;
import dev.wireproof.protocol.AgentMessage.CommandResult;
import dev.wireproof.protocol.AgentMessage.Encoding;
import dev.wireproof.protocol.AgentMessage.NackCode;
import dev.wireproof.protocol.AgentMessage.Outcome;
import dev.wireproof.protocol.AgentMessage.Stream;
import dev.wireproof.protocol.ServerMessage;
import dev.wireproof.testkit.Shows;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Results are acknowledged after the commit and final; output is stored once for each byte; text that no database holds hurts nobody. */
class ResultsIT {
    private TestServer server;
    private TestAgent agent;
    private CommandId id;

    @BeforeEach
    void start() {
        server = new TestServer();
        agent = server.agent().connect();
        id = server.submit(TestServer.command(agent.id, "x", CommandEffect.ONCE, NewCommand.DEFAULT_TIME_TO_LIVE, 20))
                .id();
        agent.ack(id, 1);
        agent.start(id);
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private int resultAcks() {
        return agent.link.texts(ServerMessage.CommandResultAck.class).size();
    }

    private String stdout() {
        OutputSlice output = server.room.commands.output(id, Stream.STDOUT, 0).orElseThrow();
        return new String(output.withGapsMarked(), StandardCharsets.UTF_8);
    }

    @Test
    void a_result_is_acknowledged_only_once_it_is_committed() throws SQLException {
        try (Connection other = server.database.getConnection()) {
            other.setAutoCommit(false);
            try (var hold = other.prepareStatement("SELECT 1 FROM command WHERE id = ? FOR UPDATE")) {
                hold.setObject(1, id.value());
                hold.executeQuery();
            }
            agent.result(id, Outcome.EXITED, 0);
            assertThat(resultAcks()).isZero();
            CommandId next = server.submit(TestServer.command(agent.id)).id();
            agent.ack(next, 1);
            assertThat(server.find(next).state())
                    .as("nobody else waits for that row")
                    .isEqualTo(CommandState.ACKED);
            other.rollback();
        }
        await().untilAsserted(() -> {
            server.settle();
            assertThat(resultAcks()).isEqualTo(1);
        });
        assertThat(server.find(id).state()).isEqualTo(CommandState.SUCCEEDED);
    }

    @Test
    void each_copy_is_acknowledged_and_a_different_one_kept_as_evidence() {
        agent.result(id, Outcome.EXITED, 0);
        agent.result(id, Outcome.EXITED, 0);
        agent.result(id, Outcome.EXITED, 9);
        assertThat(resultAcks()).isEqualTo(3);
        CommandView stands = server.find(id);
        assertThat(stands.state()).isEqualTo(CommandState.SUCCEEDED);
        assertThat(stands.result()).isNotNull();
        assertThat(stands.result().exitCode()).isZero();
        assertThat(server.room.commands.timeline(id).orElseThrow())
                .anyMatch(entry -> entry.text().contains("another result came, exit code 9"));
    }

    @Test
    void output_after_the_result_changes_nothing() {
        agent.print(id, Stream.STDOUT, 0, "before");
        agent.result(id, Outcome.EXITED, 0, 6);
        agent.print(id, Stream.STDOUT, 6, " after");
        assertThat(stdout()).isEqualTo("before");
        assertThat(server.find(id).state()).isEqualTo(CommandState.SUCCEEDED);
    }

    @Test
    void who_follows_is_told_the_end_last_and_no_late_rung_behind_it() throws InterruptedException {
        agent.print(id, Stream.STDOUT, 0, "before");
        agent.result(id, Outcome.EXITED, 0, 6);
        try (CommandWatch watch = server.room.commands.watch(id, null).orElseThrow()) {
            List<CommandSignal> told = new ArrayList<>();
            while (!watch.ended()) {
                told.addAll(watch.next(Duration.ofSeconds(5)));
            }
            assertThat(told.getLast()).isInstanceOf(CommandSignal.Ended.class);

            agent.link.sent("Command").getFirst().observer().peerRead(5_000, 1_000);
            server.room.flushRungs();
            agent.print(id, Stream.STDOUT, 6, "x"); // whatever is told of it, it is looked at
            assertThat(watch.next(Duration.ofSeconds(1))).isEmpty();
        }
        assertThat(server.room.commands.find(id).orElseThrow().attempts())
                .as("who asks is told it")
                .allMatch(attempt -> attempt.peerReadAt() != null);
    }

    @Test
    void duplicates_and_overlaps_of_output_are_stored_once() {
        agent.print(id, Stream.STDOUT, 0, "abc");
        agent.print(id, Stream.STDOUT, 0, "abc");
        agent.print(id, Stream.STDOUT, 2, "cde");
        agent.print(id, Stream.STDOUT, 1, "b");
        agent.print(id, Stream.STDERR, 0, "err");
        assertThat(stdout()).isEqualTo("abcde");
        assertThat(server.find(id).stderrTail()).isEqualTo("err");
    }

    @Test
    void a_gap_is_shown_until_its_bytes_come() {
        agent.print(id, Stream.STDOUT, 0, "ab");
        agent.print(id, Stream.STDOUT, 6, "gh");
        OutputSlice torn = server.room.commands.output(id, Stream.STDOUT, 0).orElseThrow();
        assertThat(torn.segments()).hasSize(3);
        assertThat(torn.segments().get(1)).isEqualTo(new OutputSlice.Segment.Gap(2, 4));

        agent.print(id, Stream.STDOUT, 3, "defg");
        agent.print(id, Stream.STDOUT, 1, "bcd");
        assertThat(stdout()).isEqualTo("abcdefgh");
        agent.result(id, Outcome.EXITED, 0, 8);
        assertThat(server.room
                        .commands
                        .output(id, Stream.STDOUT, 0)
                        .orElseThrow()
                        .complete())
                .isTrue();
    }

    @Test
    void output_is_cut_at_its_maximum() {
        agent.print(id, Stream.STDOUT, 0, "0123456789");
        agent.print(id, Stream.STDOUT, 10, "0123456789ABC");
        agent.print(id, Stream.STDOUT, 1_000, "far away");
        assertThat(stdout()).isEqualTo("01234567890123456789");
        assertThat(server.find(id).truncated()).isTrue();
    }

    @Test
    void hostile_bytes_in_output_are_kept_as_they_are() {
        byte[] hostile = {0, (byte) 0xFF, (byte) 0xC3, 0x28, 27, '[', '2', 'J', '<', '/', 'b', '>'};
        agent.say(
                server.room.reports.outputs(),
                new CommandOutput(
                        id,
                        Stream.STDOUT,
                        0,
                        Encoding.BASE64,
                        java.util.Base64.getEncoder().encodeToString(hostile)));
        OutputSlice output = server.room.commands.output(id, Stream.STDOUT, 0).orElseThrow();
        assertThat(output.withGapsMarked()).isEqualTo(hostile);
        assertThat(server.find(id).stdoutTail()).contains("</b>");
    }

    @Test
    void output_that_is_not_base64_or_lies_nowhere_is_answered() {
        agent.say(server.room.reports.outputs(), new CommandOutput(id, Stream.STDOUT, 0, Encoding.BASE64, "%%%"));
        agent.say(
                server.room.reports.outputs(),
                new CommandOutput(id, Stream.STDOUT, Long.MAX_VALUE, Encoding.UTF_8, "x"));
        assertThat(agent.link.texts(ServerMessage.ProtocolError.class)).hasSize(2);
        assertThat(stdout()).isEmpty();
    }

    @Test
    void nul_and_lone_surrogates_in_an_agents_words_lose_nothing() {
        agent.say(
                server.room.reports.results(),
                new CommandResult(
                        id, Outcome.EXITED, 1, "SIG\u0000", 0, 0, false, null, 12, "nul \u0000 and \uD800 alone"));
        CommandView failed = server.find(id);
        assertThat(failed.state()).isEqualTo(CommandState.FAILED);
        assertThat(failed.result()).isNotNull();
        assertThat(failed.result().message()).isEqualTo("nul \uFFFD and \uFFFD alone");
        assertThat(resultAcks()).isEqualTo(1);

        CommandId other = server.submit(TestServer.command(agent.id)).id();
        agent.say(server.room.reports.nacks(), new CommandNack(other, 1, NackCode.REFUSED, "no\u0000pe", 3, "\u0000"));
        assertThat(server.find(other).state()).isEqualTo(CommandState.REJECTED);
    }

    @Test
    void a_report_that_the_database_refuses_costs_only_itself_and_is_answered() {
        server.db
                .sql("ALTER TABLE command_output ADD CONSTRAINT no_x CHECK (bytes <> 'x'::bytea)")
                .update();
        CommandId other = server.submit(TestServer.command(agent.id)).id();
        // One batch: what waits while the writer is busy is stored together.
        agent.say(server.room.reports.outputs(), new CommandOutput(id, Stream.STDOUT, 0, Encoding.UTF_8, "x"));
        agent.print(other, Stream.STDOUT, 0, "y");
        server.settle();
        assertThat(agent.link.texts(ServerMessage.ProtocolError.class))
                .singleElement()
                .extracting(error -> error.fault().message())
                .isEqualTo("it could not be stored");
        assertThat(server.find(other).stdoutTail()).isEqualTo("y");
        assertThat(server.find(other).state()).isEqualTo(CommandState.RUNNING);
    }

    @Test
    @Shows("S16")
    void another_agents_command_and_an_unknown_one_get_the_same_answer() {
        TestAgent thief = server.agent().connect();
        thief.result(id, Outcome.EXITED, 0);
        thief.result(new CommandId(UUID.randomUUID()), Outcome.EXITED, 0);
        var errors = thief.link.texts(ServerMessage.ProtocolError.class);
        assertThat(errors).hasSize(2);
        assertThat(errors.get(0)).isEqualTo(errors.get(1));
        assertThat(server.find(id).state()).isEqualTo(CommandState.RUNNING);
    }
}
