package dev.wireproof.api;

import dev.wireproof.id.CommandId;
import dev.wireproof.protocol.AgentMessage;
import dev.wireproof.protocol.ServerMessage;
import dev.wireproof.testkit.RawPeer;
import dev.wireproof.testkit.RunningServer;
import java.io.UncheckedIOException;
import org.jspecify.annotations.Nullable;

/** An agent that does what it is told: says {@code till-4} to each script, never ends a {@code sleep}, and comes back when it is closed. */
final class WillingAgent implements AutoCloseable {
    private static final AgentMessage.RxCounters READ = new AgentMessage.RxCounters(1, 1, 1, 0, 1);
    private static final String SAID = "till-4\n";

    private final RunningServer server;
    private final ServerMessage.AuthAck welcome;
    private volatile RawPeer peer;
    private volatile boolean closing;

    private WillingAgent(RunningServer server, RunningServer.Enrolled enrolled) {
        this.server = server;
        this.welcome = enrolled.welcome();
        this.peer = enrolled.peer();
    }

    static WillingAgent on(RunningServer server) {
        WillingAgent agent = new WillingAgent(server, server.enrol());
        Thread.ofVirtual().name("willing-agent").start(agent::run);
        return agent;
    }

    private void run() {
        while (!closing) {
            try {
                peer.serve(this::answer);
            } catch (UncheckedIOException | AssertionError e) {
                // the connection ended
            }
            if (!closing) {
                peer = RawPeer.upgraded(server.port());
                peer.authenticate(welcome.agentId(), String.valueOf(welcome.agentKey()));
            }
        }
    }

    private void answer(ServerMessage message) {
        switch (message) {
            case ServerMessage.Echo echo ->
                peer.send(new AgentMessage.EchoReply(echo.nonce(), READ, new AgentMessage.TxCounters(1, 1)));
            case ServerMessage.Command command -> {
                peer.send(new AgentMessage.CommandAck(
                        command.commandId(), command.attempt(), false, AgentMessage.AckStatus.RUNNING, null, null));
                if (command.script().startsWith("sleep")) {
                    return;
                }
                peer.send(new AgentMessage.CommandOutput(
                        command.commandId(), AgentMessage.Stream.STDOUT, 0, AgentMessage.Encoding.UTF_8, SAID));
                result(command.commandId(), AgentMessage.Outcome.EXITED, 0, SAID.length());
            }
            case ServerMessage.CommandCancel cancel ->
                result(cancel.commandId(), AgentMessage.Outcome.CANCELLED, null, 0);
            default -> {}
        }
    }

    private void result(CommandId id, AgentMessage.Outcome outcome, @Nullable Integer code, long bytes) {
        peer.send(new AgentMessage.CommandResult(id, outcome, code, null, bytes, 0, false, null, 1, null));
    }

    @Override
    public void close() {
        closing = true;
        peer.close();
    }
}
