package dev.wireproof.faults;

import dev.wireproof.faults.AgentRecord.Step;
import dev.wireproof.id.AgentId;
import dev.wireproof.id.CommandId;
import dev.wireproof.protocol.AgentMessage;
import dev.wireproof.protocol.AgentMessage.AckStatus;
import dev.wireproof.protocol.AgentMessage.Credentials;
import dev.wireproof.protocol.AgentMessage.LedgerEntry;
import dev.wireproof.protocol.AgentMessage.LedgerStatus;
import dev.wireproof.protocol.AgentMessage.Outcome;
import dev.wireproof.protocol.Decoded;
import dev.wireproof.protocol.ProtocolFault;
import dev.wireproof.protocol.ServerMessage;
import dev.wireproof.protocol.ServerMessageCodec;
import dev.wireproof.testkit.RawPeer;
import dev.wireproof.testkit.RunningServer;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/**
 * An agent that keeps the protocol's promises by an {@link AgentRecord} on disk, and that can be killed between any two of its steps. A kill
 * takes everything but the record: the connection, and what it was about to do. It comes back by itself.
 */
final class LabAgent implements AutoCloseable {
    private static final long COMES_BACK_MS = 100;
    private static final Duration IDLE = Duration.ofSeconds(90);

    /** Where it can be killed. */
    enum Point {
        BEFORE_RECORD,
        AFTER_RECORD,
        AFTER_ACK,
        AFTER_EXECUTION,
        AFTER_RESULT_RECORD,
        AFTER_RESULT_SENT
    }

    /** Thrown where a real process would just have ended. */
    private static final class Killed extends RuntimeException {
        private static final long serialVersionUID = 1;
    }

    private final String name;
    private final IntSupplier port;
    private final Path file;
    private final WireTap tap;
    private final CountDownLatch closed = new CountDownLatch(1);
    private final CountDownLatch enrolled = new CountDownLatch(1);
    private final Thread thread;
    private volatile AgentRecord record; // the agent's thread replaces it, others read what is in it
    private volatile @Nullable RawPeer peer;
    private volatile @Nullable Point killAt;
    private volatile boolean away;
    private volatile boolean online;
    private volatile boolean holdsResults;
    private volatile boolean ignoresOffers;
    private volatile int kills;
    private long epoch;
    private Instant connectedAt = Instant.EPOCH;
    private long connectedNs;
    private boolean offeredHere;
    private String connection = "";

    /** @param port asked before each connection */
    LabAgent(String name, IntSupplier port, Path home, WireTap tap) {
        this.name = name;
        this.port = port;
        this.file = home.resolve(name + ".record");
        this.tap = tap;
        this.record = AgentRecord.open(file);
        this.thread = Thread.ofVirtual().name(name).unstarted(this::run);
    }

    LabAgent start() {
        thread.start();
        return this;
    }

    /** Waits until it has an identity. */
    AgentId id() {
        try {
            if (!enrolled.await(60, TimeUnit.SECONDS)) {
                throw new AssertionError(name + " was never let in");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
        return AgentId.parse(identity()[0]);
    }

    private String[] identity() {
        String known = record.identity();
        return known == null ? new String[] {"", ""} : known.split(" ");
    }

    AgentRecord record() {
        return record;
    }

    boolean online() {
        return online;
    }

    int kills() {
        return kills;
    }

    /** As by {@code kill -9}, now. */
    void kill() {
        kills++;
        drop();
    }

    /** As by {@code kill -9}, the next time it comes to that point. */
    void killAt(Point point) {
        killAt = point;
    }

    /** Drops its connection; the process goes on. */
    void drop() {
        RawPeer open = peer;
        if (open != null) {
            try {
                open.reset();
            } catch (UncheckedIOException e) {
                // it was closed already
            }
        }
    }

    /** Stays away until {@link #comeBack}. */
    void goAway() {
        away = true;
        drop();
    }

    void comeBack() {
        away = false;
    }

    /** Reads Commands and does nothing about them, until {@link #listen}. */
    void ignoreOffers() {
        ignoresOffers = true;
    }

    void listen() {
        ignoresOffers = false;
    }

    /** Keeps results to itself until {@link #tellResults}. */
    void holdResults() {
        holdsResults = true;
    }

    void tellResults() {
        holdsResults = false;
        RawPeer open = peer;
        if (open != null && online) {
            try {
                resend(open);
            } catch (UncheckedIOException e) {
                // the path broke meanwhile: they are told on the next connection
            }
        }
    }

    private void run() {
        while (closed.getCount() > 0) {
            if (!away) {
                try {
                    live();
                } catch (Killed killed) {
                    kills++;
                    drop();
                } catch (UncheckedIOException | IllegalStateException | AssertionError gone) {
                    drop(); // no server there, or it ended the connection: the loop comes again
                } finally {
                    online = false;
                    peer = null;
                }
                record.close();
                record = AgentRecord.open(file);
            }
            pause();
        }
    }

    private void pause() {
        try {
            closed.await(COMES_BACK_MS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void live() {
        try (RawPeer open = RawPeer.upgraded(port.getAsInt())) {
            peer = open;
            welcome(open);
            open.hearsNothingFor(IDLE); // more than a Ping's interval: as long as an agent has to
            recover();
            resend(open);
            for (RawPeer.Frame frame = open.read(); frame != null && !away; frame = open.read()) {
                took(open, frame);
            }
        }
    }

    private void welcome(RawPeer open) {
        String[] known = identity();
        Credentials credentials = known[0].isEmpty()
                ? new Credentials.Enrolling(RunningServer.ENROLLMENT, "lab-" + record.ledgerId())
                : new Credentials.Enrolled(AgentId.parse(known[0]), known[1]);
        open.send(new AgentMessage.Auth(
                credentials,
                name,
                new AgentMessage.Os("linux", "Laboratory", "1", "x86_64"),
                "lab-1",
                UUID.randomUUID(),
                "boot-1",
                epoch == 0 ? null : (Long) epoch,
                java.util.Map.of(),
                List.of(),
                record.ledgerId(),
                record.sequence(),
                connection.isEmpty() ? null : connection,
                null,
                List.of()));
        ServerMessage.AuthAck ack = (ServerMessage.AuthAck) open.awaitMessage("AuthAck");
        if (ack.agentKey() != null) {
            record.enrolled(ack.agentId() + " " + ack.agentKey());
        }
        epoch = ack.epoch();
        connection = ack.connectionId().toString();
        connectedAt = ack.serverTime();
        connectedNs = System.nanoTime();
        offeredHere = false;
        tap.connected();
        online = true;
        enrolled.countDown();
    }

    /** What was begun when it was killed: a process that ran is not run again. */
    private void recover() {
        for (CommandId id : record.all()) {
            if (record.of(id, Step.RESULT) == null && record.of(id, Step.CANCELLED) == null) {
                if (record.of(id, Step.EXECUTED) == null) {
                    record.add(id, Step.EXECUTED, "after a restart");
                    record.add(id, Step.RESULT, "0");
                } else {
                    record.add(id, Step.RESULT, "interrupted");
                }
            }
        }
    }

    private void resend(RawPeer open) {
        for (CommandId id : record.all()) {
            if (record.of(id, Step.CONFIRMED) == null) {
                tell(open, id);
            }
        }
    }

    private void took(RawPeer open, RawPeer.Frame frame) {
        if (frame.opcode() == RawPeer.PING) {
            tap.ponged(connection, ByteBuffer.wrap(frame.payload()).getLong());
            open.frame(RawPeer.PONG, true, frame.payload());
        } else if (frame.opcode() == RawPeer.CLOSE) {
            open.frame(RawPeer.CLOSE, true, frame.payload());
        } else if (frame.opcode() == RawPeer.TEXT
                && ServerMessageCodec.decode(frame.text()) instanceof Decoded.Usable<ServerMessage>(var message)) {
            took(open, message);
        }
    }

    private void took(RawPeer open, ServerMessage message) {
        switch (message) {
            case ServerMessage.Command command -> offered(open, command);
            case ServerMessage.CommandCancel cancel -> cancel(open, cancel.commandId());
            case ServerMessage.CommandResultAck ack -> {
                tap.resultAcked(ack.commandId());
                record.add(ack.commandId(), Step.CONFIRMED, "");
            }
            case ServerMessage.CommandLedgerQuery query ->
                open.send(new AgentMessage.CommandLedger(
                        record.ledgerId(),
                        record.sequence(),
                        query.commandIds().stream().map(this::entry).toList()));
            case ServerMessage.Echo echo ->
                open.send(new AgentMessage.EchoReply(
                        echo.nonce(), new AgentMessage.RxCounters(0, 0, 0, 0, 0), new AgentMessage.TxCounters(0, 0)));
            case ServerMessage.ConfigUpdate config ->
                open.send(new AgentMessage.ConfigAck(config.configVersion(), true, null));
            case ServerMessage.ProtocolError(ProtocolFault unused) -> {}
            case ServerMessage.AuthAck unused -> {}
            case ServerMessage.AuthReject unused -> {}
        }
    }

    private void offered(RawPeer open, ServerMessage.Command command) {
        CommandId id = command.commandId();
        tap.offered(new WireTap.Offer(id, command.attempt(), connection, epoch));
        if (!offeredHere && command.issuedAt().isBefore(connectedAt)) { // it waited for this connection
            tap.offeredAfter(System.nanoTime() - connectedNs);
        }
        offeredHere = true;
        if (ignoresOffers) {
            return;
        }
        passing(Point.BEFORE_RECORD);
        boolean duplicate = record.knows(id);
        if (!duplicate && Instant.now().isAfter(command.expiresAt())) {
            open.send(new AgentMessage.CommandNack(
                    id, command.attempt(), AgentMessage.NackCode.EXPIRED, "too late", null, null));
            return;
        }
        if (!duplicate) {
            record.add(id, Step.ACCEPTED, String.valueOf(command.attempt()));
            passing(Point.AFTER_RECORD);
        }
        tap.acked(id, command.attempt());
        boolean ended = record.of(id, Step.RESULT) != null || record.of(id, Step.CANCELLED) != null;
        open.send(new AgentMessage.CommandAck(
                id, command.attempt(), duplicate, ended ? AckStatus.FINISHED : AckStatus.ACCEPTED, null, null));
        passing(Point.AFTER_ACK);
        if (!duplicate) {
            execute(open, id);
        }
    }

    private void execute(RawPeer open, CommandId id) {
        record.add(id, Step.EXECUTED, "");
        open.send(new AgentMessage.CommandStarted(id, 4711, Instant.now()));
        passing(Point.AFTER_EXECUTION);
        record.add(id, Step.RESULT, "0");
        passing(Point.AFTER_RESULT_RECORD);
        tell(open, id);
        passing(Point.AFTER_RESULT_SENT);
    }

    private void cancel(RawPeer open, CommandId id) {
        if (!record.knows(id)) {
            record.add(id, Step.CANCELLED, "");
        }
        if (record.of(id, Step.CONFIRMED) == null) {
            tell(open, id);
        }
    }

    /** What it prints: the same each time, so that the final state can be compared with it. */
    static String output(CommandId id) {
        return "ran " + id + "\n";
    }

    private void tell(RawPeer open, CommandId id) {
        if (holdsResults) {
            return;
        }
        String result = record.of(id, Step.RESULT);
        if (record.of(id, Step.CANCELLED) != null) {
            open.send(result(id, Outcome.CANCELLED, null, 0, null));
        } else if ("interrupted".equals(result)) {
            open.send(result(id, Outcome.INTERRUPTED, null, 0, Instant.EPOCH));
        } else if (result != null) {
            open.send(new AgentMessage.CommandOutput(
                    id, AgentMessage.Stream.STDOUT, 0, AgentMessage.Encoding.UTF_8, output(id)));
            open.send(result(id, Outcome.EXITED, 0, output(id).length(), Instant.EPOCH));
        }
    }

    private static AgentMessage.CommandResult result(
            CommandId id, Outcome outcome, @Nullable Integer exitCode, long stdoutBytes, @Nullable Instant startedAt) {
        return new AgentMessage.CommandResult(id, outcome, exitCode, null, stdoutBytes, 0, false, startedAt, 1, null);
    }

    private LedgerEntry entry(CommandId id) {
        if (record.of(id, Step.CANCELLED) != null) {
            return new LedgerEntry(id, true, LedgerStatus.CANCELLED, null, null);
        }
        String result = record.of(id, Step.RESULT);
        if (result != null) {
            boolean interrupted = result.equals("interrupted");
            return new LedgerEntry(
                    id,
                    true,
                    LedgerStatus.FINISHED,
                    interrupted ? Outcome.INTERRUPTED : Outcome.EXITED,
                    interrupted ? null : (Integer) 0);
        }
        return record.knows(id)
                ? new LedgerEntry(id, true, LedgerStatus.ACCEPTED, null, null)
                : new LedgerEntry(id, false, LedgerStatus.NEVER_SEEN, null, null);
    }

    private void passing(Point point) {
        if (killAt == point) {
            killAt = null;
            throw new Killed();
        }
    }

    /** Every agent, told apart by number. */
    static List<LabAgent> several(int count, IntSupplier port, Path home, WireTap tap) {
        List<LabAgent> agents = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            agents.add(new LabAgent("lab-" + i, port, home, tap).start());
        }
        return agents;
    }

    @Override
    public void close() {
        closed.countDown();
        drop();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        record.close();
    }
}
