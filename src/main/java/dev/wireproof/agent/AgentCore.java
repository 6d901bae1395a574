package dev.wireproof.agent;

import dev.wireproof.id.CommandId;
import dev.wireproof.protocol.AgentMessage;
import dev.wireproof.protocol.AgentMessage.CommandResult;
import dev.wireproof.protocol.CloseCode;
import dev.wireproof.protocol.Decoded;
import dev.wireproof.protocol.Glimpse;
import dev.wireproof.protocol.ProtocolFault;
import dev.wireproof.protocol.ServerMessage;
import dev.wireproof.protocol.ServerMessageCodec;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The one place where things are decided: every text, every end of a process and every deadline comes here, one after
 * the other. So there is no lock around the record of commands, and an Echo is answered by the very thread that takes
 * Commands. What comes from any connection but the newest is dropped.
 */
final class AgentCore implements Session.Receiver, CommandRun.Listener {
    private static final long TICK_MS = 500;

    /** What other threads hand in. Texts are bounded by their session, the others by the commands that run. */
    private sealed interface Event {
        record Opened(Session session) implements Event {}

        record Text(Session session, byte[] text) implements Event {}

        record Closed(Session session, Session.End end, CountDownLatch handled) implements Event {}

        record Started(CommandId command, long pid, Instant at, long processStart) implements Event {}

        record Ended(CommandResult result) implements Event {}

        record Stop(Runnable done) implements Event {}
    }

    private final LinkedBlockingQueue<Event> events = new LinkedBlockingQueue<>();
    private final InstantSource clock;
    private final AgentLog log;
    private final ServerTime serverTime;
    private final CommandRoom room;
    private final CommandDesk desk;
    private final Recovery recovery;
    private final Greeting greeting;
    private final Pulse pulse;
    private final Runnable fatal;
    /** The newest connection; also read by the threads that append output. */
    private volatile @Nullable Session current;

    /** @param fatal called when the record of commands cannot be used: without it this agent must not run anything */
    AgentCore(
            AgentOptions options,
            Home home,
            Ledger ledger,
            Greeting greeting,
            Deliveries deliveries,
            InstantSource clock,
            AgentLog log,
            Runnable fatal) {
        this.clock = clock;
        this.log = log;
        this.greeting = greeting;
        this.serverTime = new ServerTime(clock);
        this.room = new CommandRoom(home, ledger, deliveries, serverTime, clock, log, this, this::send);
        this.recovery = new Recovery(home, ledger, deliveries, room, clock, log);
        this.desk = new CommandDesk(ledger, deliveries, room, serverTime, greeting::identity, log);
        this.pulse = new Pulse(room, new MachineMetrics(home.directory()), Duration.ofSeconds(options.echoIntervalS()));
        this.fatal = fatal;
    }

    void start() {
        Thread.ofPlatform().name("agent-core").daemon().start(this::run);
    }

    // Called by other threads.

    void opened(Session session) {
        events.add(new Event.Opened(session));
    }

    /** Returns when every text of this connection was handled: only then is known what the server said last. */
    void closed(Session session, Session.End end) throws InterruptedException {
        CountDownLatch handled = new CountDownLatch(1);
        events.add(new Event.Closed(session, end, handled));
        handled.await();
    }

    @Override
    public void text(Session session, byte[] text) {
        events.add(new Event.Text(session, text));
    }

    @Override
    public void started(CommandId command, long pid, Instant at, long processStart) {
        events.add(new Event.Started(command, pid, at, processStart));
    }

    @Override
    public void output() {
        wake();
    }

    @Override
    public void ended(CommandResult result) {
        events.add(new Event.Ended(result));
    }

    /** Ends what runs and says goodbye. */
    void stop(Runnable done) {
        events.add(new Event.Stop(done));
    }

    // The core's own thread from here on.

    private void run() {
        try {
            recovery.run();
            while (true) {
                Event event = events.poll(TICK_MS, TimeUnit.MILLISECONDS);
                if (event != null) {
                    handle(event);
                }
                room.tick();
                pulse.tick(current);
                wake();
            }
        } catch (IOException e) {
            log.warn("record.unusable", "error", e.getMessage());
            fatal.run();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void handle(Event event) throws InterruptedException {
        try {
            switch (event) {
                case Event.Opened(var session) -> {
                    current = session;
                    session.send(greeting.auth(room.runningCommands()));
                }
                case Event.Text(var session, var text) -> {
                    try {
                        // What arrived before the server's Close still counts, what follows a goodbye of ours does not.
                        if (session.equals(current) && !session.isGivenUp()) {
                            read(session, text);
                        }
                    } finally {
                        session.handled(text);
                    }
                }
                case Event.Closed(var session, var end, var handled) -> {
                    if (session.equals(current)) {
                        current = null;
                    }
                    greeting.ended(session, end);
                    handled.countDown();
                }
                case Event.Started(var command, var pid, var at, var processStart) ->
                    room.started(command, pid, at, processStart);
                case Event.Ended(var result) -> room.ended(result);
                case Event.Stop(var done) -> {
                    goodbye();
                    done.run();
                }
            }
        } catch (RuntimeException e) {
            // The edge of the loop: one event must not end the agent.
            log.warn("core.failed", "event", event.getClass().getSimpleName(), "error", e);
        }
    }

    private void goodbye() throws InterruptedException {
        for (CommandRun run : room.stop()) {
            run.join(Duration.ofSeconds(4));
        }
        Session session = current;
        if (session != null) {
            session.close(CloseCode.NORMAL, "the agent stops");
            session.awaitGoodbye();
        }
    }

    private void read(Session session, byte[] bytes) {
        String text;
        try {
            text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            session.counters().parseError();
            session.close(CloseCode.INVALID_UTF8, "a text is no UTF-8");
            return;
        }
        switch (ServerMessageCodec.decode(text)) {
            case Decoded.Usable<ServerMessage>(var message) -> act(session, message, bytes);
            case Decoded.Unusable<ServerMessage>(var code, var detail, var type) -> {
                session.counters().parseError();
                pulse.lastError(new AgentMessage.LastError(Sha256.hex(bytes), detail, clock.instant()));
                log.warn("text.unusable", "type", type, "code", code, "why", detail);
                answer(session, ServerMessageCodec.glimpse(text), code, detail, type, bytes);
            }
        }
    }

    private static void answer(
            Session session,
            Glimpse glimpse,
            ProtocolFault.Code code,
            String detail,
            @Nullable String type,
            byte[] text) {
        if ("Command".equals(glimpse.type())) {
            session.send(CommandDesk.unparsable(glimpse.commandId(), glimpse.attempt(), detail, text));
        } else if (!"ProtocolError".equals(glimpse.type())) {
            // A complaint about a complaint would go back and forth for ever.
            session.send(new AgentMessage.ProtocolError(
                    new ProtocolFault(code, detail, type, text.length, Sha256.hex(text))));
        }
    }

    private void act(Session session, ServerMessage message, byte[] text) {
        boolean authenticated = session.authAck() != null;
        boolean early = message instanceof ServerMessage.AuthAck
                || message instanceof ServerMessage.AuthReject
                || message instanceof ServerMessage.ProtocolError;
        if (authenticated ? message instanceof ServerMessage.AuthAck : !early) {
            session.send(new AgentMessage.ProtocolError(new ProtocolFault(
                    ProtocolFault.Code.UNEXPECTED,
                    authenticated ? "already authenticated" : "not authenticated yet",
                    ServerMessageCodec.typeName(message),
                    text.length,
                    Sha256.hex(text))));
            return;
        }
        switch (message) {
            case ServerMessage.AuthAck ack -> authenticated(session, ack);
            case ServerMessage.AuthReject reject -> greeting.rejected(session, reject);
            case ServerMessage.ConfigUpdate(var version, var config) -> {
                pulse.interval(Duration.ofSeconds(config.heartbeatIntervalS()));
                session.send(new AgentMessage.ConfigAck(version, true, room.configure(config)));
            }
            case ServerMessage.Command command -> desk.offered(session, command, text);
            case ServerMessage.Echo(var nonce) ->
                session.send(new AgentMessage.EchoReply(
                        nonce, session.counters().rx(), session.counters().tx()));
            case ServerMessage.CommandLedgerQuery(var ids) -> desk.asked(session, ids);
            case ServerMessage.CommandCancel cancel -> desk.cancelled(session, cancel.commandId());
            case ServerMessage.CommandResultAck(var id) -> desk.resultAcknowledged(id);
            case ServerMessage.ProtocolError(var fault) -> desk.faulted(fault);
        }
    }

    private void authenticated(Session session, ServerMessage.AuthAck ack) {
        // Kept first: whatever is said after this line tells the server that the key arrived.
        if (!greeting.accepted(session, ack)) {
            return;
        }
        serverTime.told(ack.serverTime());
        session.authenticated(ack);
        pulse.begin(session, ack);
    }

    private void send(AgentMessage message) {
        Session session = current;
        if (session != null && session.authAck() != null) {
            session.send(message);
        }
    }

    private void wake() {
        Session session = current;
        if (session != null) {
            session.outbox().wake();
        }
    }
}
