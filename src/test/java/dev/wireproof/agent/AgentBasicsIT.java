package dev.wireproof.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wireproof.protocol.AgentMessage;
import dev.wireproof.protocol.AgentMessage.AckStatus;
import dev.wireproof.protocol.AgentMessage.CommandAck;
import dev.wireproof.protocol.AgentMessage.CommandResult;
import dev.wireproof.protocol.AgentMessage.CommandStarted;
import dev.wireproof.protocol.AgentMessage.Credentials;
import dev.wireproof.protocol.AgentMessage.EchoReply;
import dev.wireproof.protocol.AgentMessage.Heartbeat;
import dev.wireproof.protocol.AgentMessage.Outcome;
import dev.wireproof.protocol.AgentMessage.Stream;
import dev.wireproof.protocol.PingPayload;
import dev.wireproof.protocol.ServerMessage;
import dev.wireproof.protocol.ServerMessage.Command;
import dev.wireproof.protocol.ServerMessageCodec;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The real jar against a scripted server: the way in, and one command through. */
class AgentBasicsIT extends AgentJar {
    @Override
    String[] options() {
        return new String[] {"--tag", "role=db"};
    }

    @Test
    void it_enrols_keeps_its_identity_and_shows_the_key_the_next_time() throws Exception {
        ServerPeer first = server.nextSession();
        assertThat(first.header("Sec-WebSocket-Protocol")).isEqualTo("rmm.v1");
        assertThat(first.header("Sec-WebSocket-Extensions")).isEmpty();
        assertThat(first.header("Origin")).isEmpty();
        AgentMessage.Auth enrolling = first.auth();
        assertThat(enrolling.credentials()).isInstanceOfSatisfying(Credentials.Enrolling.class, shown -> {
            assertThat(shown.enrollmentToken()).isEqualTo("test-token");
            assertThat(shown.deviceId()).isNotEmpty();
        });
        assertThat(enrolling.os().family()).isEqualTo("linux");
        assertThat(enrolling.tags()).containsEntry("role", "db");
        assertThat(enrolling.capabilities()).contains("shell:sh", "shell:bash");
        Path identity = home().resolve("identity.properties");
        assertThat(Files.getPosixFilePermissions(identity)).isEqualTo(PosixFilePermissions.fromString("rw-------"));

        killAndStartAgain();
        AgentMessage.Auth enrolled = server.nextSession().auth();
        assertThat(enrolled.credentials()).isEqualTo(new Credentials.Enrolled(ScriptedServer.AGENT, "key-1"));
        assertThat(enrolled.lastEpoch()).isEqualTo(1);
        assertThat(enrolled.ledgerId()).isEqualTo(enrolling.ledgerId());
        assertThat(enrolled.bootId()).isEqualTo(enrolling.bootId());
        assertThat(enrolled.instanceId()).isNotEqualTo(enrolling.instanceId());
    }

    @Test
    void it_runs_a_command_and_tells_each_step_in_order() throws Exception {
        ServerPeer peer = server.nextSession();
        Command command = Commands.sh("echo out; echo err >&2; exit 3");
        String text = ServerMessageCodec.encode(command);
        peer.sendText(text);
        CommandResult result = peer.next(CommandResult.class);

        assertThat(peer.seen().stream().filter(CommandAck.class::isInstance).toList())
                .containsExactly(new CommandAck(
                        command.commandId(),
                        1,
                        false,
                        AckStatus.ACCEPTED,
                        text.length(),
                        Sha256.hex(text.getBytes(StandardCharsets.UTF_8))));
        assertThat(result.outcome()).isEqualTo(Outcome.EXITED);
        assertThat(result.exitCode()).isEqualTo(3);
        assertThat(result.stdoutBytes()).isEqualTo(4);
        assertThat(result.stderrBytes()).isEqualTo(4);
        assertThat(result.truncated()).isFalse();
        assertThat(Commands.stdout(peer.seen(), command.commandId())).isEqualTo("out\n");
        assertThat(Commands.output(peer.seen(), command.commandId(), Stream.STDERR))
                .isEqualTo("err\n".getBytes(StandardCharsets.UTF_8));
        var order = peer.seen().stream()
                .map(Object::getClass)
                .map(Class::getSimpleName)
                .toList();
        assertThat(order.indexOf("CommandAck")).isLessThan(order.indexOf("CommandStarted"));
        assertThat(order.indexOf("CommandStarted")).isLessThan(order.indexOf("CommandOutput"));
        assertThat(peer.seen().stream()
                        .filter(CommandStarted.class::isInstance)
                        .map(CommandStarted.class::cast)
                        .findFirst()
                        .orElseThrow()
                        .pid())
                .isPositive();
    }

    @Test
    void it_answers_pings_with_the_same_bytes_and_echoes_with_its_counters() throws Exception {
        ServerPeer peer = server.nextSession();
        peer.ping(8);
        peer.ping(9);
        assertThat(PingPayload.read(ByteBuffer.wrap(peer.nextPong()))).isEqualTo(new PingPayload(8, 42));
        assertThat(PingPayload.read(ByteBuffer.wrap(peer.nextPong()))).isEqualTo(new PingPayload(9, 42));
        peer.sendFrame(ServerPeer.PING, "odd".getBytes(StandardCharsets.UTF_8));
        assertThat(peer.nextPong()).asString(StandardCharsets.UTF_8).isEqualTo("odd");

        peer.send(new ServerMessage.Echo("n".repeat(24)));
        EchoReply reply = peer.next(EchoReply.class);
        assertThat(reply.nonce()).isEqualTo("n".repeat(24));
        assertThat(reply.rx().text()).as("AuthAck, ConfigUpdate, Echo").isEqualTo(3);
        assertThat(reply.rx().ping()).isEqualTo(3);
        assertThat(reply.rx().lastPingSeq()).isEqualTo(9);
        assertThat(reply.rx().parseErrors()).isZero();
        assertThat(reply.tx().text()).as("Auth, Heartbeat, ConfigAck").isEqualTo(3);
    }

    @Test
    void its_heartbeat_measures_the_machine_and_follows_the_configured_interval() throws Exception {
        ServerPeer peer = server.nextSession(new ServerMessage.AgentConfig(1, 4, 1000, List.of("sh"), false));
        Heartbeat first = peer.next(Heartbeat.class);
        Heartbeat second = peer.next(Heartbeat.class, beat -> beat.seq() > first.seq());
        assertThat(second.rx().text()).isEqualTo(2);
        AgentMessage.Metrics metrics = second.metrics();
        assertThat(metrics).isNotNull();
        assertThat(metrics.memTotalBytes())
                .isGreaterThan(metrics.memUsedBytes())
                .isPositive();
        assertThat(metrics.diskTotalBytes())
                .isGreaterThan(metrics.diskUsedBytes())
                .isPositive();
        assertThat(metrics.cpuPct()).isBetween(0.0, 100.0);
        assertThat(metrics.load1m()).isNotNegative();
    }
}
