package dev.wireproof.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.wireproof.protocol.AgentMessage;
import dev.wireproof.protocol.AgentMessage.Auth;
import dev.wireproof.protocol.AgentMessage.CommandResult;
import dev.wireproof.protocol.AgentMessage.Credentials;
import dev.wireproof.protocol.AgentMessage.EchoReply;
import dev.wireproof.protocol.ServerMessage;
import dev.wireproof.protocol.ServerMessage.Command;
import dev.wireproof.protocol.ServerMessageCodec;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How it holds a connection, gives one up, and comes back. */
class AgentConnectionIT extends AgentJar {
    @Override
    String[] options() {
        return new String[] {"--echo-interval", "1"};
    }

    @Test
    void it_comes_back_after_a_restart_of_the_server_and_tells_what_was_before() throws Exception {
        ServerPeer first = server.nextSession();
        first.sendClose(1001, "restarting");
        assertThat(first.awaitEnd().closeCode()).isEqualTo(1001);
        Auth auth = server.nextSession().auth();
        assertThat(auth.credentials()).isEqualTo(new Credentials.Enrolled(ScriptedServer.AGENT, "key-1"));
        assertThat(auth.previousClose()).isEqualTo("1001 restarting");
        assertThat(auth.previousConnectionId()).isNotNull();
        assertThat(auth.instanceId()).isEqualTo(first.auth().instanceId());
    }

    @Test
    void a_retired_agent_stops_and_its_next_start_enrols_anew() throws Exception {
        ServerPeer peer = server.nextSession();
        peer.sendClose(4403, "deleted");
        assertThat(agent.awaitExit()).isEqualTo(3);
        assertThat(agent.log()).contains("revoked");
        startAgain();
        assertThat(server.nextSession().auth().credentials()).isInstanceOf(Credentials.Enrolling.class);
    }

    @Test
    void a_refused_agent_waits_as_long_as_it_was_told() throws Exception {
        ServerPeer peer = server.nextConnection();
        peer.next(Auth.class);
        peer.send(new ServerMessage.AuthReject(ServerMessage.RejectCode.RATE_LIMITED, "slow down", 7777));
        peer.sendClose(4429, "slow down");
        await().until(() -> agent.log().contains("reconnect in_ms=777"));
    }

    @Test
    void it_gives_up_a_connection_on_which_nothing_comes_in() throws Exception {
        ServerPeer peer = server.nextConnection();
        peer.next(Auth.class);
        peer.send(server.authAck("key-1", 1));
        assertThat(server.nextSession().auth().previousClose()).startsWith("idle");
    }

    @Test
    void pings_without_any_text_make_it_reconnect() throws Exception {
        ServerPeer peer = server.nextSession();
        pingUntilClosed(peer);
        assertThat(server.nextSession().auth().previousClose()).isEqualTo("text_silent");
    }

    private static void pingUntilClosed(ServerPeer peer) throws Exception {
        for (int counter = 1; ; counter++) {
            peer.ping(counter);
            ServerPeer.Frame frame = peer.nextFrame();
            while (frame.opcode() == ServerPeer.TEXT) {
                frame = peer.nextFrame();
            }
            if (frame.opcode() == ServerPeer.CLOSE) {
                return;
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"2,1003,binary", "1,1007,utf8", "3,1002,opcode", "1,1002,masked", "65,1002,reserved", "1,1009,long"})
    void a_frame_that_breaks_the_rules_ends_the_connection_with_its_code(int first, int code, String how)
            throws Exception {
        ServerPeer peer = server.nextSession();
        switch (how) {
            case "utf8" -> peer.sendFrame(ServerPeer.TEXT, new byte[] {'"', (byte) 0xC3, '"'});
            // The claim alone: 1 MiB and one byte.
            case "long" -> peer.sendRaw(new byte[] {(byte) 0x81, 127, 0, 0, 0, 0, 0, 0x10, 0, 1});
            case "masked" -> peer.sendRaw(new byte[] {(byte) 0x81, (byte) 0x80, 0, 0, 0, 0});
            default -> peer.sendFrame(first, new byte[0]);
        }
        assertThat(peer.awaitEnd().closeCode()).isEqualTo(code);
        peer.close();
        server.nextSession();
    }

    @Test
    void a_text_in_pieces_with_a_ping_between_is_one_text() throws Exception {
        ServerPeer peer = server.nextSession();
        byte[] text = ServerMessageCodec.encode(new ServerMessage.Echo("p".repeat(24)))
                .getBytes(StandardCharsets.UTF_8);
        peer.sendPiece(ServerPeer.TEXT, Arrays.copyOf(text, 10), false);
        peer.ping(5);
        assertThat(peer.nextPong()).hasSize(16);
        peer.sendPiece(0, Arrays.copyOfRange(text, 10, text.length), true);
        EchoReply reply = peer.next(EchoReply.class);
        assertThat(reply.nonce()).isEqualTo("p".repeat(24));
        assertThat(reply.rx().text()).isEqualTo(3);
    }

    @Test
    void a_command_of_nearly_a_mebibyte_runs() throws Exception {
        ServerPeer peer = server.nextSession();
        peer.send(Commands.sh("# " + "x".repeat(1024 * 1024 - 2000) + "\nexit 5"));
        assertThat(peer.next(CommandResult.class).exitCode()).isEqualTo(5);
    }

    @Test
    void a_server_that_does_not_read_holds_up_neither_processes_nor_reading() throws Exception {
        ServerPeer peer = server.nextSession();
        peer.stopReading();
        Path done = directory.resolve("done");
        Command flood = Commands.with(
                "sh",
                "yes | head -c 30000000; touch " + done,
                60,
                List.of(),
                Map.of(),
                null,
                50_000_000,
                Instant.now().plusSeconds(60));
        peer.send(flood);
        await().until(() -> Files.exists(done));
        Path also = directory.resolve("also");
        peer.send(Commands.sh("touch " + also));
        await().until(() -> Files.exists(also));
        peer.readOn();
        CommandResult result =
                peer.next(CommandResult.class, one -> one.commandId().equals(flood.commandId()));
        assertThat(Commands.output(peer.seen(), flood.commandId(), AgentMessage.Stream.STDOUT))
                .hasSize((int) result.stdoutBytes());
    }

    @Test
    void a_ping_is_answered_while_commands_run_and_the_connection_is_full_of_output() throws Exception {
        ServerPeer peer = server.nextSession();
        for (int i = 0; i < 4; i++) {
            peer.send(Commands.sh("yes | head -c 20000000"));
        }
        peer.next(AgentMessage.CommandOutput.class);
        for (int counter = 1; counter <= 20; counter++) {
            peer.ping(counter);
            assertThat(peer.nextPong()).hasSize(16);
        }
    }

    @Test
    void what_a_given_up_connection_still_brings_is_not_acted_on() throws Exception {
        ServerPeer peer = server.nextSession();
        Path ran = directory.resolve("ran");
        // One write: the bad frame ends the connection, the Command behind it has already arrived.
        peer.sendTogether(new byte[] {(byte) 0x82, 0}, Commands.sh("touch " + ran));
        assertThat(peer.awaitEnd().closeCode()).isEqualTo(1003);
        ServerPeer next = server.nextSession();
        next.send(new ServerMessage.Echo("n".repeat(24)));
        next.next(EchoReply.class);
        assertThat(ran).doesNotExist();
    }
}
