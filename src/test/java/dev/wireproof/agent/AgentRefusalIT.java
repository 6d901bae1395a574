package dev.wireproof.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wireproof.protocol.AgentMessage.Auth;
import dev.wireproof.protocol.AgentMessage.CommandAck;
import dev.wireproof.protocol.AgentMessage.CommandLedger;
import dev.wireproof.protocol.AgentMessage.CommandNack;
import dev.wireproof.protocol.AgentMessage.CommandResult;
import dev.wireproof.protocol.AgentMessage.CommandStarted;
import dev.wireproof.protocol.AgentMessage.EchoReply;
import dev.wireproof.protocol.AgentMessage.Heartbeat;
import dev.wireproof.protocol.AgentMessage.LedgerStatus;
import dev.wireproof.protocol.AgentMessage.NackCode;
import dev.wireproof.protocol.AgentMessage.ProtocolError;
import dev.wireproof.protocol.ProtocolFault;
import dev.wireproof.protocol.ServerMessage;
import dev.wireproof.protocol.ServerMessage.AgentConfig;
import dev.wireproof.protocol.ServerMessage.Command;
import dev.wireproof.protocol.ServerMessageCodec;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Promises 3 and 4: what it cannot use it answers, and what is past its time is not started. */
class AgentRefusalIT extends AgentJar {

    @Test
    void a_command_past_its_time_is_refused_and_not_on_record() throws Exception {
        ServerPeer peer = server.nextSession();
        Command late = expiring(Instant.now().minusSeconds(1));
        peer.send(late);
        CommandNack nack = peer.next(CommandNack.class);
        assertThat(nack.code()).isEqualTo(NackCode.EXPIRED);
        assertThat(nack.commandId()).isEqualTo(late.commandId());
        peer.send(new ServerMessage.CommandLedgerQuery(List.of(late.commandId())));
        assertThat(peer.next(CommandLedger.class).entries().getFirst().status()).isEqualTo(LedgerStatus.NEVER_SEEN);
    }

    @Test
    void a_command_whose_time_passes_while_it_waits_is_refused_then_and_when_asked_for() throws Exception {
        ServerPeer peer = server.nextSession(ScriptedServer.config(1));
        peer.send(Commands.sh("sleep 1000"));
        peer.next(CommandStarted.class);
        Command soon = expiring(Instant.now().plusMillis(700));
        peer.send(soon);
        peer.next(CommandAck.class, ack -> ack.commandId().equals(soon.commandId()));
        assertThat(peer.next(CommandNack.class).code()).isEqualTo(NackCode.EXPIRED);
        peer.send(Commands.again(soon, 2));
        CommandNack again = peer.next(CommandNack.class);
        assertThat(again.code()).isEqualTo(NackCode.EXPIRED);
        assertThat(again.attempt()).isEqualTo(2);
        killAndStartAgain();
        ServerPeer next = server.nextSession();
        next.send(new ServerMessage.CommandLedgerQuery(List.of(soon.commandId())));
        assertThat(next.next(CommandNack.class).code()).isEqualTo(NackCode.EXPIRED);
        assertThat(next.next(CommandLedger.class).entries().getFirst().status()).isEqualTo(LedgerStatus.CANCELLED);
    }

    @Test
    void expiry_is_judged_by_the_servers_clock() throws Exception {
        ServerPeer peer = server.nextConnection();
        peer.next(Auth.class);
        ServerMessage.AuthAck ack = server.authAck("key-1", 90);
        Instant serverTime = ack.serverTime().plusSeconds(7200);
        peer.send(new ServerMessage.AuthAck(
                ack.agentId(),
                ack.agentKey(),
                ack.connectionId(),
                ack.epoch(),
                30,
                20,
                90,
                65_536,
                serverTime,
                "test",
                List.of()));
        peer.send(new ServerMessage.ConfigUpdate(1, ScriptedServer.config(1)));
        peer.send(expiring(serverTime.minusSeconds(60)));
        assertThat(peer.next(CommandNack.class).code()).isEqualTo(NackCode.EXPIRED);
    }

    @Test
    void a_command_that_cannot_be_parsed_is_refused_with_its_id_and_hash_where_they_can_be_read() throws Exception {
        ServerPeer peer = server.nextSession();
        Command command = Commands.sh("true");
        String text = ServerMessageCodec.encode(command).replace("\"timeout_s\":60", "\"timeout_s\":\"long\"");
        peer.sendText(text);
        CommandNack nack = peer.next(CommandNack.class);
        assertThat(nack)
                .isEqualTo(new CommandNack(
                        command.commandId(),
                        1,
                        NackCode.UNPARSABLE,
                        "payload.timeout_s must be an integer from 1 to 2147483647",
                        text.length(),
                        Sha256.hex(text.getBytes(StandardCharsets.UTF_8))));

        peer.sendText("{\"type\":\"Command\",\"payload\":{\"command_id\":\"no");
        CommandNack without = peer.next(CommandNack.class);
        assertThat(without.commandId()).isNull();
        assertThat(without.code()).isEqualTo(NackCode.UNPARSABLE);

        peer.send(new ServerMessage.Echo("n".repeat(24)));
        assertThat(peer.next(EchoReply.class).rx().parseErrors()).isEqualTo(2);
    }

    @Test
    void other_texts_that_cannot_be_used_are_answered_and_travel_up_with_the_heartbeat() throws Exception {
        ServerPeer peer = server.nextSession(new AgentConfig(1, 1, 1000, List.of("sh"), false));
        String unknown = "{\"type\":\"SelfDestruct\",\"payload\":{}}";
        peer.sendText(unknown);
        assertFault(peer, ProtocolFault.Code.UNKNOWN_TYPE, "SelfDestruct", unknown);
        peer.sendText("not json");
        assertFault(peer, ProtocolFault.Code.MALFORMED, null, "not json");
        String field = "{\"type\":\"Echo\",\"payload\":{\"nonce\":1}}";
        peer.sendText(field);
        assertFault(peer, ProtocolFault.Code.INVALID_FIELD, "Echo", field);
        Heartbeat beat = peer.next(Heartbeat.class, one -> one.rx().parseErrors() == 3);
        assertThat(beat.lastError()).isNotNull();
        assertThat(beat.lastError().sha256()).isEqualTo(Sha256.hex(field.getBytes(StandardCharsets.UTF_8)));
        assertThat(beat.lastError().message()).isEqualTo("payload.nonce must be a string");
    }

    private static void assertFault(ServerPeer peer, ProtocolFault.Code code, @Nullable String type, String text)
            throws Exception {
        ProtocolFault fault = peer.next(ProtocolError.class).fault();
        assertThat(fault.code()).isEqualTo(code);
        assertThat(fault.receivedType()).isEqualTo(type);
        assertThat(fault.receivedBytes()).isEqualTo(text.length());
        assertThat(fault.sha256()).isEqualTo(Sha256.hex(text.getBytes(StandardCharsets.UTF_8)));
    }

    @Test
    void what_is_not_allowed_is_refused_and_what_is_not_there_is_unsupported() throws Exception {
        ServerPeer peer = server.nextSession(new AgentConfig(30, 4, 1000, List.of("sh", "powershell", "cmd"), false));
        peer.send(Commands.command("bash", "true", 10));
        assertThat(peer.next(CommandNack.class).code()).isEqualTo(NackCode.REFUSED);
        peer.send(Commands.command("cmd", "ver", 10));
        assertThat(peer.next(CommandNack.class).code()).isEqualTo(NackCode.UNSUPPORTED);
        peer.send(Commands.command("fish", "true", 10));
        assertThat(peer.next(CommandNack.class).code()).isEqualTo(NackCode.UNSUPPORTED);
    }

    @Test
    void an_offer_beyond_what_may_wait_is_busy_and_taken_later() throws Exception {
        ServerPeer peer = server.nextSession(ScriptedServer.config(1));
        Command first = Commands.sh("sleep 1000");
        peer.send(first);
        peer.next(CommandStarted.class);
        for (int i = 0; i < CommandRoom.MAX_WAITING; i++) {
            peer.send(expiring(Instant.now().plusSeconds(600)));
        }
        Command oneTooMany = Commands.sh("true");
        peer.send(oneTooMany);
        CommandNack nack = peer.next(CommandNack.class);
        assertThat(nack.commandId()).isEqualTo(oneTooMany.commandId());
        assertThat(nack.code()).isEqualTo(NackCode.BUSY);
        peer.send(new ServerMessage.CommandCancel(first.commandId(), null));
        peer.next(CommandResult.class, result -> !result.commandId().equals(first.commandId()));
        peer.send(Commands.again(oneTooMany, 2));
        assertThat(peer.next(CommandAck.class, ack -> ack.commandId().equals(oneTooMany.commandId()))
                        .duplicate())
                .isFalse();
    }

    private static Command expiring(Instant at) {
        return Commands.with("sh", "true", 60, List.of(), Map.of(), null, 1000, at);
    }
}
