package dev.wireproof.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.wireproof.fleet.AgentDeleted;
import dev.wireproof.id.CommandId;
import dev.wireproof.protocol.AgentMessage.AckStatus;
import dev.wireproof.protocol.AgentMessage.CommandAck;
import dev.wireproof.protocol.AgentMessage.CommandLedger;
import dev.wireproof.protocol.AgentMessage.LedgerEntry;
import dev.wireproof.protocol.AgentMessage.LedgerStatus;
import dev.wireproof.protocol.AgentMessage.Outcome;
import dev.wireproof.protocol.ServerMessage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What an agent gets when it comes, comes back, or comes back to another server. */
class ReconnectIT {
    private TestServer server;
    private TestAgent agent;

    @BeforeEach
    void start() {
        server = new TestServer();
        agent = server.agent();
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private List<CommandId> submit(int count) {
        List<CommandId> ids = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            ids.add(server.submit(TestServer.command(agent.id, "echo " + i)).id());
        }
        return ids;
    }

    /** In no certain order among each other, and in the time that a few of them take. */
    private List<CommandId> submitTogether(int count) {
        List<CompletableFuture<Submission>> answers = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            answers.add(server.room.commands.submit(TestServer.command(agent.id, "echo " + i), null));
        }
        List<CommandId> ids = answers.stream()
                .map(answer -> ((Submission.Created) answer.join()).command().id())
                .toList();
        server.settle();
        return ids;
    }

    private List<CommandId> offered() {
        return agent.offers().stream().map(ServerMessage.Command::commandId).toList();
    }

    @Test
    void a_new_connection_gets_the_oldest_sixteen_and_each_ack_lets_in_the_next() {
        List<CommandId> ids = submit(20);
        agent.connect();
        assertThat(offered()).isEqualTo(ids.subList(0, 16));
        assertThat(server.find(ids.get(16)).waitingFor()).contains("16 commands before it");

        agent.ack(ids.get(3), 1);
        assertThat(offered()).isEqualTo(ids.subList(0, 17));
        agent.ack(ids.get(0), 1);
        agent.ack(ids.get(1), 1);
        assertThat(offered()).isEqualTo(ids.subList(0, 19));
    }

    @Test
    void commands_that_come_while_the_window_is_full_wait_first_in_first_out() {
        agent.connect();
        List<CommandId> ids = submit(40);
        assertThat(offered()).isEqualTo(ids.subList(0, 16));
        for (CommandId id : ids.subList(0, 24)) {
            agent.ack(id, 1);
        }
        assertThat(offered()).isEqualTo(ids);
    }

    @Test
    void a_new_connection_is_offered_what_is_not_acknowledged_oldest_first_and_asked_about_the_rest() {
        agent.connect();
        List<CommandId> ids = submit(4);
        agent.ack(ids.get(1), 1);
        agent.connect();

        assertThat(offered()).containsExactly(ids.get(0), ids.get(2), ids.get(3));
        assertThat(agent.offers()).allMatch(offer -> offer.attempt() == 2);
        CommandView offered = server.find(ids.getFirst());
        assertThat(offered.attempts()).hasSize(2);
        assertThat(offered.attempts().getLast().reason()).isEqualTo(OfferReason.RECONNECTED);
        assertThat(offered.attemptsUsed())
                .as("the connection before ended in time")
                .isZero();
        assertThat(agent.link.texts(ServerMessage.CommandLedgerQuery.class))
                .singleElement()
                .extracting(ServerMessage.CommandLedgerQuery::commandIds)
                .isEqualTo(List.of(ids.get(1)));
        assertThat(agent.link.sent.getLast().text().type()).isEqualTo("CommandLedgerQuery");
    }

    @Test
    void an_attempt_that_was_read_counts_though_its_connection_ended_before_that_was_stored() {
        agent.connect();
        CommandId id = submit(1).getFirst();
        agent.link.sent("Command").getFirst().observer().peerRead(5_000, 1_000);
        agent.connect();
        assertThat(server.find(id).attemptsUsed()).isEqualTo(1);
    }

    @Test
    void a_connection_that_ended_with_the_frame_read_counts_it_too() {
        agent.connect();
        CommandId id = submit(1).getFirst();
        agent.link.sent("Command").getFirst().observer().peerRead(5_000, 1_000);
        agent.disconnect();
        agent.connect();
        assertThat(server.find(id).attemptsUsed()).isEqualTo(1);
    }

    @Test
    void a_restart_in_the_middle_loses_nothing_and_forgets_no_ack() {
        agent.connect();
        List<CommandId> ids = submit(3);
        agent.ack(ids.get(0), 1);
        agent.start(ids.get(0));
        agent.result(ids.get(1), Outcome.EXITED, 0);
        server.close();

        server = new TestServer(server.database);
        TestAgent same = new TestAgent(server, agent.id);
        same.ledgerId = agent.ledgerId;
        agent = same.connect();
        assertThat(offered()).containsExactly(ids.get(2));
        assertThat(server.find(ids.get(0)).state()).isEqualTo(CommandState.RUNNING);
        assertThat(server.find(ids.get(1)).state()).isEqualTo(CommandState.SUCCEEDED);
        agent.result(ids.get(1), Outcome.EXITED, 0);
        assertThat(agent.link.texts(ServerMessage.CommandResultAck.class)).hasSize(1);
        agent.result(ids.get(0), Outcome.EXITED, 7);
        CommandView failed = server.find(ids.get(0));
        assertThat(failed.state()).isEqualTo(CommandState.FAILED);
        assertThat(failed.late()).isFalse();
    }

    @Test
    void the_record_is_asked_page_by_page_about_every_unknown_fate() {
        List<CommandId> ids = new ArrayList<>(submit(1));
        ids.addAll(submitTogether(508));
        ids.addAll(submit(1));
        server.db.sql("""
            UPDATE command SET state = 'expired', certainty = 'unknown', due_at = NULL, ended_at = state_since,
                   offers = 1, maybe_written = '{1}', first_offered_at = state_since, ledger_id = :ledger
            """).param("ledger", agent.ledgerId).update();
        agent.connect();
        List<CommandId> first = asked().getFirst();
        assertThat(first).hasSize(500).doesNotContain(ids.getFirst()).contains(ids.getLast());

        answerNeverSeen(first);
        await().untilAsserted(() -> assertThat(asked()).hasSize(2));
        List<CommandId> rest = asked().getLast();
        assertThat(rest).hasSize(10).contains(ids.getFirst());
        answerNeverSeen(rest);
        await().untilAsserted(() -> {
            server.settle();
            assertThat(server.db
                            .sql("SELECT count(*) FROM command WHERE certainty = 'not_received'")
                            .query(Long.class)
                            .single())
                    .isEqualTo(510);
        });
        assertThat(asked()).hasSize(2);
    }

    private List<List<CommandId>> asked() {
        return agent.link.texts(ServerMessage.CommandLedgerQuery.class).stream()
                .map(ServerMessage.CommandLedgerQuery::commandIds)
                .toList();
    }

    private void answerNeverSeen(List<CommandId> ids) {
        agent.say(
                server.room.reports.ledgers(),
                new CommandLedger(
                        agent.ledgerId,
                        agent.ledgerSeq,
                        ids.stream()
                                .map(id -> new LedgerEntry(id, false, LedgerStatus.NEVER_SEEN, null, null))
                                .toList()));
    }

    @Test
    void never_seen_that_nobody_asked_for_proves_nothing() {
        agent.connect();
        CommandId id = server.submit(
                        TestServer.command(agent.id, "x", CommandEffect.ONCE, Duration.ofSeconds(1), 1 << 20))
                .id();
        server.step(Duration.ofSeconds(1));
        CommandId other = submit(1).getFirst();
        agent.say(
                server.room.reports.ledgers(),
                new CommandLedger(
                        agent.ledgerId,
                        agent.ledgerSeq,
                        List.of(
                                new LedgerEntry(id, false, LedgerStatus.NEVER_SEEN, null, null),
                                new LedgerEntry(other, true, LedgerStatus.RUNNING, null, null))));
        await().untilAsserted(() -> assertThat(agent.link.texts(ServerMessage.ProtocolError.class))
                .as("it is told that nobody asked")
                .isNotEmpty());
        assertThat(server.find(other).state()).isEqualTo(CommandState.OFFERED);
        assertThat(server.find(id).certainty()).isEqualTo(Certainty.UNKNOWN);
    }

    @Test
    void a_cancellation_is_repeated_on_each_connection_until_answered() {
        agent.connect();
        CommandId id = submit(1).getFirst();
        agent.ack(id, 1);
        server.room.commands.cancel(id, "no need", "tester").join();
        assertThat(agent.link.texts(ServerMessage.CommandCancel.class)).hasSize(1);
        agent.connect();
        assertThat(agent.link.texts(ServerMessage.CommandCancel.class)).hasSize(1);
        agent.result(id, Outcome.CANCELLED, null);
        assertThat(server.find(id).state()).isEqualTo(CommandState.CANCELLED);
        agent.connect();
        assertThat(agent.link.texts(ServerMessage.CommandCancel.class)).isEmpty();
    }

    @Test
    void a_cancellation_that_the_full_queue_refused_goes_out_when_there_is_room() {
        agent.connect();
        CommandId id = submit(1).getFirst();
        agent.ack(id, 1);
        agent.link.full = true;
        server.room.commands.cancel(id, null, "tester").join();
        assertThat(agent.link.sent("CommandCancel")).isEmpty();
        agent.link.full = false;
        server.room.tick();
        server.settle();
        assertThat(agent.link.sent("CommandCancel")).hasSize(1);
        server.room.tick();
        assertThat(agent.link.sent("CommandCancel")).hasSize(1);
    }

    @Test
    void a_full_queue_leaves_it_queued_with_the_refusal_on_record_and_it_goes_when_there_is_room() {
        agent.connect();
        agent.link.full = true;
        CommandId id = submit(1).getFirst();
        CommandView refused = server.find(id);
        assertThat(refused.state()).isEqualTo(CommandState.QUEUED);
        assertThat(refused.certainty()).isEqualTo(Certainty.NOT_RECEIVED);
        assertThat(refused.attempts().getFirst().refusal()).contains("queue full");
        assertThat(refused.waitingFor()).contains("its connection's queue is full");
        agent.link.full = false;
        server.clock.step(Duration.ofSeconds(1));
        server.room.tick();
        await().untilAsserted(() -> {
            server.settle();
            assertThat(agent.offers()).hasSize(1);
        });
        assertThat(server.find(id).attempts()).hasSize(2);
    }

    @Test
    void an_agent_that_is_held_is_offered_nothing_and_everything_when_that_ends() {
        agent.connect();
        CommandId before = submit(1).getFirst();
        agent.link.offersAllowed = false;
        CommandId held = submit(1).getFirst();
        assertThat(server.find(held).waitingFor()).contains("held back from commands");
        server.step(Duration.ofSeconds(5));
        assertThat(agent.offers()).as("nor again").hasSize(1);
        agent.link.offersAllowed = true;
        server.room.tick();
        await().untilAsserted(() -> {
            server.settle();
            assertThat(offered()).containsExactly(before, before, held);
        });
    }

    @Test
    void an_ack_on_a_superseded_connection_counts_and_is_labelled_with_it() {
        agent.connect();
        CommandId id = submit(1).getFirst();
        TestLink older = agent.link;
        agent.connect();
        agent.say(older, server.room.reports.acks(), new CommandAck(id, 1, false, AckStatus.ACCEPTED, null, null));
        CommandView acked = server.find(id);
        assertThat(acked.state()).isEqualTo(CommandState.ACKED);
        assertThat(acked.attempts().getFirst().answeredOn()).isEqualTo(older.connectionId());
    }

    @Test
    void an_ack_of_a_frame_whose_write_failed_is_believed_and_recorded_as_a_contradiction() {
        agent.connect();
        agent.link.writes = false;
        CommandId id = submit(1).getFirst();
        TestLink.Sent frame = agent.link.sent("Command").getFirst();
        frame.observer().writeStarted(5_000);
        agent.ack(id, 1);
        frame.observer().writeFailed(6_000, "reset");
        server.settle();
        assertThat(server.find(id).state()).isEqualTo(CommandState.ACKED);
        assertThat(server.room.commands.timeline(id).orElseThrow())
                .anyMatch(entry ->
                        entry.text().equals("contradiction: attempt 1 was answered, but its write failed: reset"));
    }

    @Test
    void an_agent_that_is_deleted_ends_its_open_commands() {
        agent.connect();
        List<CommandId> ids = submit(2);
        agent.ack(ids.getFirst(), 1);
        agent.disconnect();
        CommandId queued = submit(1).getFirst();
        server.room.agentDeleted(new AgentDeleted(agent.id, server.clock.instant()));
        assertThat(server.find(ids.get(0)).state()).isEqualTo(CommandState.UNDELIVERABLE);
        assertThat(server.find(ids.get(0)).certainty()).isEqualTo(Certainty.RECEIVED);
        assertThat(server.find(ids.get(1)).state()).isEqualTo(CommandState.UNDELIVERABLE);
        assertThat(server.find(queued).state()).isEqualTo(CommandState.CANCELLED);
    }
}
