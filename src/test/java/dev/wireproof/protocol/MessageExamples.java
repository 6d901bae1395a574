package dev.wireproof.protocol;

import dev.wireproof.id.AgentId;
import dev.wireproof.id.CommandId;
import dev.wireproof.id.ConnectionId;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** At least one full example of every message. */
public final class MessageExamples {
    static final CommandId COMMAND = CommandId.parse("0198c0de-0000-7000-8000-000000000001");
    static final Instant AT = Instant.parse("2026-11-25T10:11:12.345678Z");
    static final String SHA256 = "ab".repeat(32);
    private static final UUID UUID_1 = UUID.fromString("0198c0de-0000-7000-8000-0000000000aa");
    private static final AgentMessage.RxCounters RX = new AgentMessage.RxCounters(3, 4, 500, 1, 7);
    private static final AgentMessage.TxCounters TX = new AgentMessage.TxCounters(5, 600);

    private MessageExamples() {}

    public static List<AgentMessage> agentMessages() {
        return List.of(
                auth(new AgentMessage.Credentials.Enrolled(new AgentId(UUID_1), "key")),
                auth(new AgentMessage.Credentials.Enrolling("token", "device")),
                new AgentMessage.ConfigAck(3, false, "unknown \"interpreter\"\n"),
                new AgentMessage.Heartbeat(
                        1,
                        60,
                        RX,
                        TX,
                        List.of(COMMAND),
                        2,
                        new AgentMessage.LastError(SHA256, "broken", AT),
                        new AgentMessage.Metrics(12.5, 1L, 2L, 3L, 4L, 0.25)),
                new AgentMessage.Heartbeat(2, 61, RX, TX, List.of(), 0, null, null),
                new AgentMessage.EchoReply("nonce", RX, TX),
                new AgentMessage.CommandAck(COMMAND, 2, true, AgentMessage.AckStatus.RUNNING, 100, SHA256),
                new AgentMessage.CommandNack(
                        null, null, AgentMessage.NackCode.UNPARSABLE, "payload.timeout_s is odd", 100, SHA256),
                new AgentMessage.CommandLedger(
                        UUID_1,
                        9,
                        List.of(
                                new AgentMessage.LedgerEntry(
                                        COMMAND,
                                        true,
                                        AgentMessage.LedgerStatus.FINISHED,
                                        AgentMessage.Outcome.EXITED,
                                        0),
                                new AgentMessage.LedgerEntry(
                                        COMMAND, false, AgentMessage.LedgerStatus.NEVER_SEEN, null, null))),
                new AgentMessage.CommandStarted(COMMAND, 4711, AT),
                new AgentMessage.CommandOutput(
                        COMMAND, AgentMessage.Stream.STDERR, 17, AgentMessage.Encoding.UTF_8, "ä\u0000\u001b[0m\t😀"),
                new AgentMessage.CommandResult(
                        COMMAND, AgentMessage.Outcome.TIMED_OUT, null, "KILL", 10, 20, true, AT, 300, "ended"),
                new AgentMessage.ProtocolError(fault()));
    }

    public static List<ServerMessage> serverMessages() {
        return List.of(
                new ServerMessage.AuthAck(
                        new AgentId(UUID_1),
                        "key",
                        new ConnectionId(UUID_1),
                        8,
                        30,
                        20,
                        90,
                        65536,
                        AT,
                        "1.0",
                        List.of(new ServerMessage.SigningKey("k", "p"), new ServerMessage.SigningKey("k2", "p2"))),
                new ServerMessage.AuthReject(ServerMessage.RejectCode.TOKEN_USED_UP, "used up", 60),
                new ServerMessage.ConfigUpdate(3, new ServerMessage.AgentConfig(30, 4, 1000, List.of("sh"), true)),
                command(Map.of("B", "2", "A", "1")),
                new ServerMessage.Echo("n".repeat(24)),
                new ServerMessage.CommandLedgerQuery(List.of(COMMAND)),
                new ServerMessage.CommandCancel(COMMAND, "changed my mind"),
                new ServerMessage.CommandResultAck(COMMAND),
                new ServerMessage.ProtocolError(fault()));
    }

    static ServerMessage.Command command(Map<String, String> env) {
        return new ServerMessage.Command(
                COMMAND,
                1,
                "shell",
                "sh",
                "echo \"hi\" \\ \u2028\n",
                List.of("a b", ""),
                env,
                null,
                300,
                1 << 20,
                AT,
                AT.plusSeconds(60),
                new ServerMessage.Signature("k", "d", "v"));
    }

    private static ProtocolFault fault() {
        return new ProtocolFault(ProtocolFault.Code.UNKNOWN_TYPE, "what?", "Hello", 30, SHA256);
    }

    private static AgentMessage.Auth auth(AgentMessage.Credentials credentials) {
        return new AgentMessage.Auth(
                credentials,
                "host",
                new AgentMessage.Os("linux", "Debian", "12", "amd64"),
                "1.0",
                UUID_1,
                "boot",
                5L,
                Map.of("role", "db"),
                List.of("shell"),
                UUID_1,
                12L,
                "0198c0de-0000-7000-8000-0000000000aa",
                "text_silent",
                List.of(COMMAND));
    }
}
