package dev.wireproof.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.wireproof.protocol.AgentMessage;
import dev.wireproof.protocol.AgentMessage.NackCode;
import dev.wireproof.protocol.ServerMessage;
import dev.wireproof.protocol.ServerMessageCodec;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Each fault as the other end of the wire sees it, and as the agent's own counters tell it. */
class FaultsIT {
    private static final ServerMessage.Echo ECHO = new ServerMessage.Echo("abcdefghijklmnopqrstuvwx");

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

    private ScriptedServer.Peer peer(String fault) throws Exception {
        fleets.start(server, fault);
        ScriptedServer.Peer peer = server.nextPeer();
        peer.next(AgentMessage.ConfigAck.class);
        return peer;
    }

    private static ServerMessage.Command hostname() {
        return SimulatedAgentIT.command("hostname");
    }

    /** Everything sent before the last Ping was read once its Pong is here. */
    private static void fenced(ScriptedServer.Peer peer, ServerMessage... messages) throws Exception {
        for (ServerMessage message : messages) {
            peer.send(message);
        }
        peer.ping(7);
        assertThat(peer.pongs.take().counter()).isEqualTo(7);
    }

    /** A heartbeat written after this call was made. */
    private static AgentMessage.Heartbeat freshHeartbeat(ScriptedServer.Peer peer) throws Exception {
        peer.messages.removeIf(AgentMessage.Heartbeat.class::isInstance);
        peer.next(AgentMessage.Heartbeat.class);
        return peer.next(AgentMessage.Heartbeat.class);
    }

    @Test
    void text_deaf_pongs_and_counts_text_but_answers_none() throws Exception {
        ScriptedServer.Peer peer = peer("text-deaf");
        fenced(peer, hostname(), ECHO);

        AgentMessage.Heartbeat heartbeat = freshHeartbeat(peer);

        assertThat(heartbeat.rx().text()).isEqualTo(4);
        assertThat(heartbeat.rx().parseErrors()).isZero();
        assertThat(heartbeat.rx().lastPingSeq()).isEqualTo(7);
        assertThat(peer.messages).allMatch(AgentMessage.Heartbeat.class::isInstance);
    }

    @Test
    void unparsing_counts_parse_errors_and_tells_the_hash_of_what_it_could_not_read() throws Exception {
        ScriptedServer.Peer peer = peer("unparsing");
        ServerMessage.Command command = hostname();
        fenced(peer, command);

        AgentMessage.Heartbeat heartbeat = freshHeartbeat(peer);

        assertThat(heartbeat.rx().parseErrors()).isEqualTo(1);
        assertThat(heartbeat.rx().text()).isEqualTo(3);
        assertThat(heartbeat.lastError())
                .isNotNull()
                .extracting(AgentMessage.LastError::sha256)
                .isEqualTo(HexFormat.of()
                        .formatHex(MessageDigest.getInstance("SHA-256")
                                .digest(ServerMessageCodec.encode(command).getBytes(StandardCharsets.UTF_8))));
        assertThat(peer.messages).allMatch(AgentMessage.Heartbeat.class::isInstance);
    }

    @Test
    void text_swallowing_sees_pings_but_its_count_of_texts_stands_still() throws Exception {
        ScriptedServer.Peer peer = peer("text-swallowing");
        fenced(peer, hostname(), ECHO);

        AgentMessage.Heartbeat heartbeat = freshHeartbeat(peer);

        assertThat(heartbeat.rx().text()).isEqualTo(2);
        assertThat(heartbeat.rx().lastPingSeq()).isEqualTo(7);
    }

    @Test
    void command_deaf_echoes_and_acknowledges_nothing() throws Exception {
        ScriptedServer.Peer peer = peer("command-deaf");
        peer.send(hostname());
        peer.send(ECHO);

        assertThat(peer.next(AgentMessage.EchoReply.class).rx().text()).isEqualTo(4);
        fenced(peer);
        assertThat(peer.messages).noneMatch(AgentMessage.CommandAck.class::isInstance);
    }

    @Test
    void nacking_refuses_every_command() throws Exception {
        ScriptedServer.Peer peer = peer("nacking");
        ServerMessage.Command command = hostname();
        peer.send(command);

        AgentMessage.CommandNack nack = peer.next(AgentMessage.CommandNack.class);

        assertThat(nack.code()).isEqualTo(NackCode.REFUSED);
        assertThat(nack.commandId()).isEqualTo(command.commandId());
    }

    @Test
    void silent_pong_sees_pings_and_never_pongs() throws Exception {
        ScriptedServer.Peer peer = peer("silent-pong");
        peer.ping(1);
        peer.send(ECHO);

        assertThat(peer.next(AgentMessage.EchoReply.class).rx().lastPingSeq()).isEqualTo(1);
        assertThat(peer.pongs).isEmpty();
    }

    @Test
    void control_swallowing_never_sees_a_ping() throws Exception {
        ScriptedServer.Peer peer = peer("control-swallowing");
        peer.ping(1);
        peer.send(ECHO);

        AgentMessage.EchoReply reply = peer.next(AgentMessage.EchoReply.class);

        assertThat(reply.rx().ping()).isZero();
        assertThat(reply.rx().lastPingSeq()).isZero();
        assertThat(peer.pongs).isEmpty();
    }

    @Test
    void stalled_reader_takes_nothing_more_while_its_heartbeats_go_on() throws Exception {
        ScriptedServer.Peer peer = peer("stalled-reader");
        peer.ping(1);

        AgentMessage.Heartbeat heartbeat = freshHeartbeat(peer);

        assertThat(heartbeat.rx().text()).isEqualTo(2);
        assertThat(heartbeat.rx().ping()).isZero();
        assertThat(peer.pongs).isEmpty();
    }

    @Test
    void slow_ack_acknowledges_after_its_seconds() throws Exception {
        ScriptedServer.Peer peer = peer("slow-ack=1");
        long sentNs = System.nanoTime();
        peer.send(hostname());

        peer.next(AgentMessage.CommandAck.class);

        assertThat(Duration.ofNanos(System.nanoTime() - sentNs)).isGreaterThan(Duration.ofMillis(990));
    }

    @Test
    void no_result_starts_and_keeps_running() throws Exception {
        ScriptedServer.Peer peer = peer("no-result");
        ServerMessage.Command command = hostname();
        peer.send(command);
        peer.next(AgentMessage.CommandStarted.class);

        assertThat(freshHeartbeat(peer).runningCommands()).containsExactly(command.commandId());
        assertThat(peer.messages).noneMatch(AgentMessage.CommandResult.class::isInstance);
    }

    @Test
    void duplicate_acks_come_three_times() throws Exception {
        ScriptedServer.Peer peer = peer("duplicate-acks");
        peer.send(hostname());

        assertThat(peer.next(AgentMessage.CommandAck.class).duplicate()).isFalse();
        assertThat(peer.next(AgentMessage.CommandAck.class).duplicate()).isTrue();
        assertThat(peer.next(AgentMessage.CommandAck.class).duplicate()).isTrue();
    }

    @Test
    void config_poisoned_works_until_a_configuration_comes_behind_the_login() throws Exception {
        ScriptedServer.Peer peer = peer("config-poisoned");
        peer.send(hostname());
        peer.next(AgentMessage.CommandResult.class);

        fenced(peer, ScriptedServer.config(2, 1), hostname(), ECHO);

        assertThat(peer.messages).allMatch(AgentMessage.Heartbeat.class::isInstance);
    }

    @Test
    void late_result_comes_past_the_commands_own_time() throws Exception {
        fleets.start(server, "late-result");
        ScriptedServer.Peer peer = server.nextPeer();
        ServerMessage.Command template = hostname();
        ServerMessage.Command oneSecond = new ServerMessage.Command(
                template.commandId(),
                1,
                "shell",
                "sh",
                "hostname",
                template.args(),
                template.env(),
                null,
                1,
                1_000,
                template.issuedAt(),
                template.expiresAt(),
                null);
        long sentNs = System.nanoTime();
        peer.send(oneSecond);

        assertThat(peer.next(AgentMessage.CommandResult.class).exitCode()).isZero();
        assertThat(Duration.ofNanos(System.nanoTime() - sentNs)).isGreaterThan(Duration.ofSeconds(1));
    }

    @Test
    void garbage_comes_on_a_connection_that_otherwise_works() throws Exception {
        ScriptedServer.Peer peer = peer("garbage");

        assertThat(peer.unusable.take()).isEqualTo("not JSON at all");
        peer.send(hostname());
        assertThat(peer.next(AgentMessage.CommandResult.class).exitCode()).isZero();
    }

    @Test
    void flapping_comes_back_again_and_again() throws Exception {
        fleets.start(server, "flapping");

        ScriptedServer.Peer first = server.nextPeer();
        ScriptedServer.Peer second = server.nextPeer();

        assertThat(second.auth().instanceId()).isEqualTo(first.auth().instanceId());
        assertThat(first.closes).isEmpty();
    }

    @Test
    void frozen_keeps_its_socket_and_does_nothing() throws Exception {
        ScriptedServer.Peer peer = peer("frozen");
        await().atMost(Duration.ofSeconds(10)).until(() -> {
            peer.pongs.clear();
            peer.ping(1);
            return peer.pongs.poll(500, TimeUnit.MILLISECONDS) == null;
        });
        peer.messages.clear();

        peer.send(ECHO);
        peer.close(4410);

        await().during(Duration.ofMillis(1_500)).until(() -> peer.messages.isEmpty() && peer.closes.isEmpty());
    }

    @Test
    void split_keeps_the_older_connection_beating_past_its_close() throws Exception {
        fleets.start(server, "split");
        ScriptedServer.Peer older = server.nextPeer();
        ScriptedServer.Peer newer = server.nextPeer();
        older.close(4409);

        AgentMessage.Heartbeat after = freshHeartbeat(older);

        assertThat(after.seq()).isPositive();
        assertThat(older.closes).isEmpty();
        older.send(hostname());
        newer.send(hostname());
        newer.next(AgentMessage.CommandAck.class);
        assertThat(older.messages).noneMatch(AgentMessage.CommandAck.class::isInstance);
        assertThat(newer.auth().instanceId()).isEqualTo(older.auth().instanceId());
    }

    @Test
    void a_server_that_refuses_the_upgrade_is_tried_again_and_counted() throws IOException {
        try (var refusing = new ServerSocket(0, 10, InetAddress.getLoopbackAddress())) {
            Thread.ofVirtual().start(() -> {
                while (!refusing.isClosed()) {
                    try (var socket = refusing.accept()) {
                        socket.getOutputStream().write("HTTP/1.1 503 Busy\r\n\r\n".getBytes(StandardCharsets.UTF_8));
                    } catch (IOException e) {
                        return;
                    }
                }
            });
            FleetSettings settings = new FleetSettings(
                    Endpoint.of("ws://127.0.0.1:" + refusing.getLocalPort()),
                    1,
                    FaultPlan.parse(List.of()),
                    "token",
                    List.of(),
                    100,
                    1,
                    Duration.ZERO,
                    null);
            try (Fleet fleet = new Fleet(settings, InstantSource.system(), CommandWatcher.NONE)) {
                fleet.start();
                await().until(() -> fleet.stats().connects.sum() > 1);
                assertThat(fleet.stats().closes()).containsKey("upgrade refused: HTTP/1.1 503 Busy");
            }
        }
    }
}
