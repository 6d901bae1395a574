package dev.wireproof.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.wireproof.id.CommandId;
import dev.wireproof.protocol.AgentMessage;
import dev.wireproof.protocol.AgentMessage.AckStatus;
import dev.wireproof.protocol.AgentMessage.CommandAck;
import dev.wireproof.protocol.AgentMessage.CommandLedger;
import dev.wireproof.protocol.AgentMessage.CommandOutput;
import dev.wireproof.protocol.AgentMessage.CommandResult;
import dev.wireproof.protocol.AgentMessage.CommandStarted;
import dev.wireproof.protocol.AgentMessage.EchoReply;
import dev.wireproof.protocol.AgentMessage.LedgerEntry;
import dev.wireproof.protocol.AgentMessage.LedgerStatus;
import dev.wireproof.protocol.AgentMessage.Outcome;
import dev.wireproof.protocol.AgentMessageCodec;
import dev.wireproof.protocol.ProtocolFault;
import dev.wireproof.protocol.ServerMessage;
import dev.wireproof.protocol.ServerMessage.Command;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.UUID;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Promises 1 and 2: nothing runs twice and no result is lost, whatever ends the agent. */
class AgentRecordIT extends AgentJar {

    @Test
    void a_command_that_was_accepted_and_not_started_runs_once_after_a_kill() throws Exception {
        ServerPeer peer = server.nextSession(ScriptedServer.config(1));
        Command first = Commands.sh("echo first >> " + trace() + "; sleep 1000");
        Command second = Commands.sh("echo second >> " + trace());
        peer.send(first);
        peer.next(CommandStarted.class);
        peer.send(second);
        assertThat(peer.next(CommandAck.class, ack -> ack.commandId().equals(second.commandId()))
                        .status())
                .isEqualTo(AckStatus.ACCEPTED);
        await().until(() -> traced().equals(List.of("first")));
        killAndStartAgain();

        ServerPeer next = server.nextSession(ScriptedServer.config(1));
        CommandResult interrupted = next.next(CommandResult.class, of(first));
        assertThat(interrupted.outcome()).isEqualTo(Outcome.INTERRUPTED);
        assertThat(interrupted.startedAt()).isNotNull();
        assertThat(interrupted.message()).contains("the agent ended while it ran");
        assertThat(next.next(CommandResult.class, of(second)).exitCode()).isZero();

        next.send(Commands.again(first, 2));
        next.send(Commands.again(second, 2));
        CommandAck again = next.next(CommandAck.class, ack -> ack.commandId().equals(first.commandId()));
        assertThat(again.duplicate()).isTrue();
        assertThat(again.attempt()).isEqualTo(2);
        assertThat(again.status()).isEqualTo(AckStatus.FINISHED);
        next.next(CommandAck.class, ack -> ack.commandId().equals(second.commandId()) && ack.duplicate());
        next.next(CommandResult.class, of(second));
        assertThat(traced()).containsExactly("first", "second");
    }

    @Test
    void what_a_killed_agent_left_running_is_ended_by_the_next_one() throws Exception {
        ServerPeer peer = server.nextSession();
        Path pids = directory.resolve("pids");
        peer.send(Commands.sh("setsid sleep 1000 & echo $! >> " + pids + "; echo $$ >> " + pids + "; wait"));
        peer.next(CommandStarted.class);
        await().until(() -> Files.exists(pids) && Files.readAllLines(pids).size() == 2);
        killAndStartAgain();
        server.nextSession().next(CommandResult.class);
        for (String pid : Files.readAllLines(pids)) {
            await().until(() -> ProcessHandle.of(Long.parseLong(pid)).isEmpty());
        }
    }

    @Test
    void a_repeated_offer_is_acknowledged_as_a_duplicate_and_does_not_run_again() throws Exception {
        ServerPeer peer = server.nextSession();
        Command command = Commands.sh("echo ran >> " + trace() + "; sleep 1000");
        peer.send(command);
        peer.next(CommandStarted.class);
        peer.send(Commands.again(command, 2));
        CommandAck ack = peer.next(CommandAck.class, one -> one.attempt() == 2);
        assertThat(ack.duplicate()).isTrue();
        assertThat(ack.status()).isEqualTo(AckStatus.RUNNING);
        peer.send(new ServerMessage.CommandCancel(command.commandId(), null));
        peer.next(CommandResult.class);
        assertThat(traced()).containsExactly("ran");
    }

    @Test
    void a_result_and_its_output_are_told_on_every_connection_until_they_are_acknowledged() throws Exception {
        ServerPeer peer = server.nextSession();
        Command command = Commands.sh("echo hello");
        peer.send(command);
        CommandResult result = peer.next(CommandResult.class);
        List<AgentMessage> output = outputIn(peer);
        peer.close();

        ServerPeer second = server.nextSession();
        assertThat(second.next(CommandResult.class)).isEqualTo(result);
        assertThat(outputIn(second)).as("the very same chunks").isEqualTo(output);
        killAndStartAgain();

        ServerPeer third = server.nextSession();
        assertThat(third.next(CommandResult.class)).isEqualTo(result);
        assertThat(outputIn(third)).isEqualTo(output);
        third.send(new ServerMessage.CommandResultAck(command.commandId()));
        echo(third);
        killAndStartAgain();

        ServerPeer fourth = server.nextSession();
        echo(fourth);
        assertThat(fourth.seen()).noneMatch(CommandResult.class::isInstance);
        assertThat(Files.list(home().resolve("output"))).isEmpty();
    }

    @Test
    void a_result_that_the_server_does_not_know_is_set_aside() throws Exception {
        ServerPeer peer = server.nextSession();
        peer.send(Commands.sh("true"));
        CommandResult result = peer.next(CommandResult.class);
        String text = AgentMessageCodec.encode(result);
        peer.send(new ServerMessage.ProtocolError(new ProtocolFault(
                ProtocolFault.Code.UNEXPECTED,
                "no such command",
                "CommandResult",
                text.length(),
                Sha256.hex(text.getBytes(StandardCharsets.UTF_8)))));
        echo(peer);
        peer.close();
        ServerPeer next = server.nextSession();
        echo(next);
        assertThat(next.seen()).noneMatch(CommandResult.class::isInstance);
    }

    @Test
    void a_ledger_query_is_answered_from_the_record() throws Exception {
        ServerPeer peer = server.nextSession(ScriptedServer.config(1));
        Command finished = Commands.sh("exit 9");
        Command running = Commands.sh("sleep 1000");
        Command waiting = Commands.sh("true");
        CommandId never = Commands.sh("true").commandId();
        CommandId cancelled = Commands.sh("true").commandId();
        peer.send(finished);
        peer.next(CommandResult.class);
        peer.send(running);
        peer.next(CommandStarted.class, one -> one.commandId().equals(running.commandId()));
        peer.send(waiting);
        peer.send(new ServerMessage.CommandCancel(cancelled, "changed my mind"));
        assertThat(peer.next(CommandResult.class).outcome()).isEqualTo(Outcome.CANCELLED);

        peer.send(new ServerMessage.CommandLedgerQuery(
                List.of(finished.commandId(), running.commandId(), waiting.commandId(), never, cancelled)));
        CommandLedger ledger = peer.next(CommandLedger.class);
        assertThat(ledger.ledgerId()).isEqualTo(peer.auth().ledgerId());
        assertThat(ledger.ledgerSeq()).isEqualTo(4);
        assertThat(ledger.entries())
                .containsExactly(
                        new LedgerEntry(finished.commandId(), true, LedgerStatus.FINISHED, Outcome.EXITED, 9),
                        new LedgerEntry(running.commandId(), true, LedgerStatus.RUNNING, null, null),
                        new LedgerEntry(waiting.commandId(), true, LedgerStatus.ACCEPTED, null, null),
                        new LedgerEntry(never, false, LedgerStatus.NEVER_SEEN, null, null),
                        new LedgerEntry(cancelled, true, LedgerStatus.CANCELLED, null, null));
    }

    @Test
    void five_hundred_answers_fit_into_messages_that_the_server_takes() throws Exception {
        ServerPeer peer = server.nextSession();
        List<CommandId> ids = Stream.generate(() -> new CommandId(UUID.randomUUID()))
                .limit(500)
                .toList();
        peer.send(new ServerMessage.CommandLedgerQuery(ids));
        CommandLedger first = peer.next(CommandLedger.class);
        CommandLedger second = peer.next(CommandLedger.class);
        assertThat(first.entries().size() + second.entries().size()).isEqualTo(500);
    }

    @Test
    void an_offer_that_comes_after_its_own_cancellation_does_not_run() throws Exception {
        ServerPeer peer = server.nextSession();
        Command command = Commands.sh("echo ran >> " + trace());
        peer.send(new ServerMessage.CommandCancel(command.commandId(), null));
        CommandResult result = peer.next(CommandResult.class);
        assertThat(result.outcome()).isEqualTo(Outcome.CANCELLED);
        assertThat(result.startedAt()).isNull();
        peer.send(command);
        assertThat(peer.next(CommandAck.class).status()).isEqualTo(AckStatus.FINISHED);
        assertThat(peer.next(CommandResult.class)).isEqualTo(result);
        assertThat(traced()).isEmpty();
    }

    @Test
    void a_lost_record_shows_as_a_new_ledger_id_and_a_torn_end_does_not() throws Exception {
        ServerPeer peer = server.nextSession();
        peer.send(Commands.sh("true"));
        peer.next(CommandResult.class);
        UUID ledgerId = peer.auth().ledgerId();
        agent.kill();
        Path journal = home().resolve("commands.journal");
        Files.writeString(journal, "0badc0de A\t0198", StandardOpenOption.APPEND);
        startAgain();
        ServerPeer afterTornEnd = server.nextSession();
        assertThat(afterTornEnd.auth().ledgerId()).isEqualTo(ledgerId);
        assertThat(afterTornEnd.auth().ledgerSeq()).isEqualTo(1);
        afterTornEnd.next(CommandResult.class);

        agent.kill();
        Files.delete(journal);
        startAgain();
        ServerPeer afterLoss = server.nextSession();
        assertThat(afterLoss.auth().ledgerId()).isNotEqualTo(ledgerId);
        assertThat(afterLoss.auth().ledgerSeq()).isZero();
    }

    private Path trace() {
        return directory.resolve("trace");
    }

    private List<String> traced() throws Exception {
        return Files.exists(trace()) ? Files.readAllLines(trace()) : List.of();
    }

    private static Predicate<CommandResult> of(Command command) {
        return result -> result.commandId().equals(command.commandId());
    }

    private static List<AgentMessage> outputIn(ServerPeer peer) {
        return peer.seen().stream().filter(CommandOutput.class::isInstance).toList();
    }

    /** All that the agent had to answer and deliver before this Echo is in {@code seen} afterwards. */
    private static void echo(ServerPeer peer) throws Exception {
        peer.send(new ServerMessage.Echo("0".repeat(24)));
        peer.next(EchoReply.class);
        // Deliveries give way to answers: one more round lets them through.
        peer.send(new ServerMessage.Echo("1".repeat(24)));
        peer.next(EchoReply.class, reply -> reply.nonce().startsWith("1"));
    }
}
