package dev.wireproof.command;

import dev.wireproof.connection.AgentMessageHandler;
import dev.wireproof.connection.Received;
import dev.wireproof.id.AgentId;
import dev.wireproof.id.CommandId;
import dev.wireproof.protocol.AgentMessage;
import dev.wireproof.protocol.AgentMessage.AckStatus;
import dev.wireproof.protocol.AgentMessage.CommandAck;
import dev.wireproof.protocol.AgentMessage.CommandLedger;
import dev.wireproof.protocol.AgentMessage.CommandNack;
import dev.wireproof.protocol.AgentMessage.CommandOutput;
import dev.wireproof.protocol.AgentMessage.CommandResult;
import dev.wireproof.protocol.AgentMessage.CommandStarted;
import dev.wireproof.protocol.AgentMessage.Encoding;
import dev.wireproof.protocol.AgentMessage.LedgerEntry;
import dev.wireproof.protocol.AgentMessage.LedgerStatus;
import dev.wireproof.protocol.AgentMessage.NackCode;
import dev.wireproof.protocol.AgentMessage.Outcome;
import dev.wireproof.protocol.AgentMessage.Stream;
import dev.wireproof.protocol.ServerMessage;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A machine that the test plays: it connects, answers and goes away as told. */
final class TestAgent {
    private final TestServer server;
    final AgentId id;
    UUID ledgerId = UUID.randomUUID();
    long ledgerSeq;
    TestLink link;

    TestAgent(TestServer server, AgentId id) {
        this.server = server;
        this.id = id;
        this.link = new TestLink(id);
        this.link.live = false;
    }

    /** A new connection; the one before, if any, is superseded but still there. */
    TestAgent connect() {
        link.live = false;
        link = new TestLink(id);
        return open();
    }

    TestAgent open() {
        server.room.dispatcher.opened(link, auth(), server.clock.instant());
        server.settle();
        return this;
    }

    void disconnect() {
        link.live = false;
        server.room.dispatcher.closed(link, 1006, "gone", server.clock.instant());
        server.settle();
    }

    private AgentMessage.Auth auth() {
        return new AgentMessage.Auth(
                new AgentMessage.Credentials.Enrolled(id, "key"),
                "host",
                new AgentMessage.Os("linux", "Debian", "12", "x86_64"),
                "1.0",
                new UUID(1, 1),
                "boot",
                null,
                Map.of(),
                List.of(),
                ledgerId,
                ledgerSeq,
                null,
                null,
                List.of());
    }

    void ack(CommandId command, int attempt) {
        say(server.room.reports.acks(), new CommandAck(command, attempt, false, AckStatus.ACCEPTED, null, null));
    }

    void nack(CommandId command, int attempt, NackCode code) {
        say(server.room.reports.nacks(), new CommandNack(command, attempt, code, "because", null, null));
    }

    void start(CommandId command) {
        say(server.room.reports.starts(), new CommandStarted(command, 4711, server.clock.instant()));
    }

    void print(CommandId command, Stream stream, long offset, String text) {
        say(server.room.reports.outputs(), new CommandOutput(command, stream, offset, Encoding.UTF_8, text));
    }

    void result(CommandId command, Outcome outcome, @Nullable Integer exitCode) {
        result(command, outcome, exitCode, 0);
    }

    void result(CommandId command, Outcome outcome, @Nullable Integer exitCode, long stdoutBytes) {
        say(
                server.room.reports.results(),
                new CommandResult(
                        command, outcome, exitCode, null, stdoutBytes, 0, false, server.clock.instant(), 12, null));
    }

    void ledger(CommandId command, LedgerStatus status) {
        ledger(new LedgerEntry(command, status != LedgerStatus.NEVER_SEEN, status, null, null));
    }

    void ledger(LedgerEntry entry) {
        say(server.room.reports.ledgers(), new CommandLedger(ledgerId, ledgerSeq, List.of(entry)));
    }

    <M extends AgentMessage> void say(AgentMessageHandler<M> to, M message) {
        say(link, to, message);
    }

    <M extends AgentMessage> void say(TestLink on, AgentMessageHandler<M> to, M message) {
        hand(on, to, message);
        server.settle();
    }

    /** Says it without waiting until it is stored. */
    <M extends AgentMessage> void report(AgentMessageHandler<M> to, M message) {
        hand(link, to, message);
    }

    private <M extends AgentMessage> void hand(TestLink on, AgentMessageHandler<M> to, M message) {
        to.handle(on, new Received<>(message, server.clock.instant(), on.nowNs(), 200));
    }

    List<ServerMessage.Command> offers() {
        return link.texts(ServerMessage.Command.class);
    }
}
