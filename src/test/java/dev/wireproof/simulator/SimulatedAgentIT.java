package dev.wireproof.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.wireproof.id.CommandId;
import dev.wireproof.protocol.AgentMessage;
import dev.wireproof.protocol.AgentMessage.AckStatus;
import dev.wireproof.protocol.AgentMessage.Credentials;
import dev.wireproof.protocol.AgentMessage.LedgerStatus;
import dev.wireproof.protocol.AgentMessage.NackCode;
import dev.wireproof.protocol.AgentMessage.Outcome;
import dev.wireproof.protocol.ProtocolFault;
import dev.wireproof.protocol.ServerMessage;
import dev.wireproof.protocol.ServerMessageCodec;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The healthy agent, over real sockets. */
class SimulatedAgentIT {
    static final Instant FAR = Instant.parse("2099-01-01T00:00:00Z");

    private ScriptedServer server;
    private final FleetsUnderTest fleets = new FleetsUnderTest();

    @BeforeEach
    void startServer() throws Exception {
        server = new ScriptedServer();
    }

    @AfterEach
    void stop() throws Exception {
        fleets.close();
        server.close();
    }

    static ServerMessage.Command command(String script, int attempt, CommandId id, Instant expiresAt) {
        return new ServerMessage.Command(
                id,
                attempt,
                "shell",
                "sh",
                script,
                List.of(),
                Map.of(),
                null,
                300,
                1_000_000,
                Instant.EPOCH,
                expiresAt,
                null);
    }

    static ServerMessage.Command command(String script) {
        return command(script, 1, new CommandId(UUID.randomUUID()), FAR);
    }

    @Test
    void it_enrols_by_token_and_comes_back_with_its_key() throws Exception {
        fleets.start(server, "");
        ScriptedServer.Peer first = server.nextPeer();
        assertThat(first.auth().credentials()).isInstanceOf(Credentials.Enrolling.class);
        assertThat(first.next(AgentMessage.ConfigAck.class).applied()).isTrue();

        first.drop();

        ScriptedServer.Peer second = server.nextPeer();
        assertThat(second.auth().credentials())
                .isEqualTo(new Credentials.Enrolled(first.agentId, "key-of-" + first.agentId));
        assertThat(second.auth().lastEpoch()).isEqualTo(1);
        assertThat(second.auth().previousConnectionId()).isNotNull();
        assertThat(second.auth().instanceId()).isEqualTo(first.auth().instanceId());
    }

    @Test
    void a_command_is_acknowledged_with_its_hash_started_and_ended_with_output() throws Exception {
        fleets.start(server, "");
        ScriptedServer.Peer peer = server.nextPeer();
        ServerMessage.Command command = command("hostname");
        byte[] text = ServerMessageCodec.encode(command).getBytes(StandardCharsets.UTF_8);

        peer.send(command);

        AgentMessage.CommandAck ack = peer.next(AgentMessage.CommandAck.class);
        assertThat(ack)
                .isEqualTo(new AgentMessage.CommandAck(
                        command.commandId(),
                        1,
                        false,
                        AckStatus.ACCEPTED,
                        text.length,
                        HexFormat.of()
                                .formatHex(MessageDigest.getInstance("SHA-256").digest(text))));
        assertThat(peer.next(AgentMessage.CommandStarted.class).commandId()).isEqualTo(command.commandId());
        assertThat(peer.next(AgentMessage.CommandOutput.class).data()).isEqualTo("sim-00001\n");
        AgentMessage.CommandResult result = peer.next(AgentMessage.CommandResult.class);
        assertThat(result.outcome()).isEqualTo(Outcome.EXITED);
        assertThat(result.exitCode()).isZero();
        assertThat(result.stdoutBytes()).isEqualTo("sim-00001\n".length());
    }

    @Test
    void a_repeated_offer_is_a_duplicate_and_runs_nothing() throws Exception {
        Fleet fleet = fleets.start(server, "");
        ScriptedServer.Peer peer = server.nextPeer();
        ServerMessage.Command command = command("hostname");
        peer.send(command);
        peer.next(AgentMessage.CommandResult.class);

        peer.send(command("hostname", 2, command.commandId(), FAR));

        AgentMessage.CommandAck again = peer.next(AgentMessage.CommandAck.class);
        assertThat(again.duplicate()).isTrue();
        assertThat(again.attempt()).isEqualTo(2);
        assertThat(again.status()).isEqualTo(AckStatus.FINISHED);
        assertThat(fleet.stats().executions.sum()).isEqualTo(1);
    }

    @Test
    void a_result_comes_again_on_each_connection_until_it_is_confirmed() throws Exception {
        fleets.start(server, "");
        ScriptedServer.Peer first = server.nextPeer();
        ServerMessage.Command command = command("exit 3");
        first.send(command);
        first.next(AgentMessage.CommandResult.class);
        first.drop();

        ScriptedServer.Peer second = server.nextPeer();
        AgentMessage.CommandResult repeated = second.next(AgentMessage.CommandResult.class);
        assertThat(repeated.exitCode()).isEqualTo(3);
        second.send(new ServerMessage.CommandResultAck(command.commandId()));
        second.send(new ServerMessage.CommandLedgerQuery(List.of(command.commandId())));
        second.next(AgentMessage.CommandLedger.class);
        second.drop();

        ScriptedServer.Peer third = server.nextPeer();
        third.send(new ServerMessage.Echo("n".repeat(24)));
        third.next(AgentMessage.EchoReply.class);
        assertThat(third.messages).noneMatch(AgentMessage.CommandResult.class::isInstance);
    }

    @Test
    void its_record_answers_for_commands_it_saw_and_never_saw() throws Exception {
        fleets.start(server, "");
        ScriptedServer.Peer peer = server.nextPeer();
        ServerMessage.Command command = command("exit 7");
        CommandId unseen = new CommandId(UUID.randomUUID());
        peer.send(command);
        peer.send(new ServerMessage.CommandLedgerQuery(List.of(command.commandId(), unseen)));

        AgentMessage.CommandLedger ledger = peer.next(AgentMessage.CommandLedger.class);

        assertThat(ledger.ledgerId()).isEqualTo(peer.auth().ledgerId());
        assertThat(ledger.ledgerSeq()).isEqualTo(1);
        assertThat(ledger.entries())
                .containsExactly(
                        new AgentMessage.LedgerEntry(
                                command.commandId(), true, LedgerStatus.FINISHED, Outcome.EXITED, 7),
                        new AgentMessage.LedgerEntry(unseen, false, LedgerStatus.NEVER_SEEN, null, null));
    }

    @Test
    void an_expired_command_is_refused_and_a_running_one_can_be_cancelled() throws Exception {
        fleets.start(server, "");
        ScriptedServer.Peer peer = server.nextPeer();
        peer.send(command("hostname", 1, new CommandId(UUID.randomUUID()), Instant.EPOCH));
        assertThat(peer.next(AgentMessage.CommandNack.class).code()).isEqualTo(NackCode.EXPIRED);

        ServerMessage.Command sleep = command("sleep 100");
        peer.send(sleep);
        peer.next(AgentMessage.CommandStarted.class);
        peer.send(new ServerMessage.CommandCancel(sleep.commandId(), "no longer wanted"));

        assertThat(peer.next(AgentMessage.CommandResult.class).outcome()).isEqualTo(Outcome.CANCELLED);
    }

    @Test
    void a_cancel_of_a_command_it_never_saw_is_recorded_and_the_command_does_not_run_after_it() throws Exception {
        Fleet fleet = fleets.start(server, "");
        ScriptedServer.Peer peer = server.nextPeer();
        ServerMessage.Command command = command("hostname");

        peer.send(new ServerMessage.CommandCancel(command.commandId(), null));
        assertThat(peer.next(AgentMessage.CommandResult.class).outcome()).isEqualTo(Outcome.CANCELLED);
        peer.send(command);

        assertThat(peer.next(AgentMessage.CommandAck.class).duplicate()).isTrue();
        assertThat(fleet.stats().executions.sum()).isZero();
    }

    @Test
    void pings_and_echoes_are_answered_and_counted_in_the_heartbeat() throws Exception {
        fleets.start(server, "");
        ScriptedServer.Peer peer = server.nextPeer();
        peer.ping(1);
        peer.ping(2);
        peer.send(new ServerMessage.Echo("abcdefghijklmnopqrstuvwx"));

        AgentMessage.EchoReply reply = peer.next(AgentMessage.EchoReply.class);

        assertThat(reply.nonce()).isEqualTo("abcdefghijklmnopqrstuvwx");
        assertThat(reply.rx().ping()).isEqualTo(2);
        assertThat(reply.rx().lastPingSeq()).isEqualTo(2);
        assertThat(reply.rx().text()).isEqualTo(3);
        assertThat(reply.tx().text()).isEqualTo(peer.textsBefore(reply));
        assertThat(peer.pongs).hasSize(2);
        assertThat(peer.next(AgentMessage.Heartbeat.class).rx().parseErrors()).isZero();
    }

    @Test
    void what_it_cannot_use_it_answers() throws Exception {
        fleets.start(server, "");
        ScriptedServer.Peer peer = server.nextPeer();

        peer.sendText("{\"type\":\"Surprise\",\"payload\":{}}");
        assertThat(peer.next(AgentMessage.ProtocolError.class).fault().code())
                .isEqualTo(ProtocolFault.Code.UNKNOWN_TYPE);
        peer.sendText("{\"type\":\"Command\",\"payload\":{\"attempt\":3}}");

        AgentMessage.CommandNack nack = peer.next(AgentMessage.CommandNack.class);
        assertThat(nack.code()).isEqualTo(NackCode.UNPARSABLE);
        assertThat(nack.attempt()).isEqualTo(3);
    }

    @Test
    void a_revoked_agent_stays_away_and_an_evicted_one_comes_back() throws Exception {
        Fleet fleet = fleets.start(server, "");
        server.nextPeer().close(4410);
        ScriptedServer.Peer second = server.nextPeer();
        assertThat(second.auth().previousClose()).isEqualTo("4410");

        second.close(4403);

        await().until(() -> fleet.stats().stopped.get() == 1);
        assertThat(second.closes.take()).isEqualTo(4403);
    }

    @Test
    void a_fleet_with_a_home_keeps_who_it_is_and_what_it_ran(@TempDir Path home) throws Exception {
        Fleet fleet = fleets.start(server, "", home);
        ScriptedServer.Peer first = server.nextPeer();
        ServerMessage.Command command = command("exit 5");
        first.send(command);
        ServerMessage.Command unfinished = command("sleep 100");
        first.send(unfinished);
        first.next(AgentMessage.CommandResult.class);
        fleet.close();

        fleets.start(server, "", home);

        ScriptedServer.Peer second = server.nextPeer();
        assertThat(second.auth().credentials()).isInstanceOf(Credentials.Enrolled.class);
        assertThat(second.auth().ledgerId()).isEqualTo(first.auth().ledgerId());
        assertThat(second.auth().ledgerSeq()).isEqualTo(2);
        assertThat(second.next(AgentMessage.CommandResult.class).exitCode()).isEqualTo(5);
        assertThat(second.next(AgentMessage.CommandResult.class).outcome()).isEqualTo(Outcome.INTERRUPTED);
        second.send(command("exit 5", 2, command.commandId(), FAR));
        assertThat(second.next(AgentMessage.CommandAck.class).duplicate()).isTrue();
    }
}
