package dev.wireproof.simulator;

import dev.wireproof.protocol.AgentMessage;
import dev.wireproof.protocol.AgentMessageCodec;
import dev.wireproof.protocol.Decoded;
import dev.wireproof.protocol.PingPayload;
import dev.wireproof.protocol.ProtocolFault;
import dev.wireproof.protocol.ServerMessage;
import dev.wireproof.protocol.ServerMessageCodec;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One connection of one agent: its counters, its login, its heartbeats. What a message means for the agent is decided in
 * {@link SimulatedAgent} and {@link CommandHandler}; here is what a connection does whoever owns it. On its loop.
 */
final class Session implements Wire.Listener {
    private static final double HEARTBEAT_JITTER = 0.1;
    /** Three Echo intervals of 60 s. */
    private static final long TEXT_SILENCE_NS = TimeUnit.SECONDS.toNanos(180);

    private final SimulatedAgent agent;
    private final Shard shard;
    private final Behaviour behaviour;
    private final Wire wire;
    private final RxTx counters = new RxTx();
    private final long startedNs = System.nanoTime();

    private ServerMessage.@Nullable AuthAck authAck;
    private boolean loginComplete;
    private long heartbeatNs;
    private long heartbeats;
    private long lastInputNs = startedNs;
    private long lastTextNs = startedNs;
    private EventLoop.@Nullable Timer heartbeatTimer;
    private EventLoop.@Nullable Timer silenceTimer;
    private @Nullable Integer closeCode;
    private int retryAfterS;

    Session(SimulatedAgent agent, Shard shard, Endpoint endpoint, Behaviour behaviour) throws IOException {
        this.agent = agent;
        this.shard = shard;
        this.behaviour = behaviour;
        this.wire = new Wire(shard.loop, endpoint, behaviour.receiveBuffer(), shard.random, this);
    }

    @Override
    public void opened() {
        AgentMessage.Auth auth = agent.auth();
        if (auth == null) {
            wire.abort("neither a key nor an enrollment token");
            return;
        }
        send(auth);
    }

    @Override
    public void ping(byte[] buffer, int offset, int length) {
        if (!behaviour.pingReachesAgent()) {
            return;
        }
        lastInputNs = System.nanoTime();
        shard.stats.pings.increment();
        counters.rxPing++;
        counters.rxBytes += length;
        PingPayload payload = PingPayload.read(ByteBuffer.wrap(buffer, offset, length));
        if (payload != null) {
            counters.lastPingSeq = payload.counter();
        }
        if (behaviour.pongs()) {
            wire.send(Frames.PONG, buffer, offset, length);
        }
    }

    @Override
    public void text(byte[] buffer, int offset, int length) {
        long now = System.nanoTime();
        String text = new String(buffer, offset, length, StandardCharsets.UTF_8);
        Decoded<ServerMessage> decoded = ServerMessageCodec.decode(text);
        Behaviour.TextFate fate = loginComplete && decoded instanceof Decoded.Usable<ServerMessage>(var message)
                ? behaviour.fateOf(message)
                : Behaviour.TextFate.HANDLED;
        if (fate == Behaviour.TextFate.LOST) {
            return;
        }
        lastInputNs = now;
        lastTextNs = now;
        counters.rxText++;
        counters.rxBytes += length;
        switch (fate) {
            case HANDLED -> handle(decoded, text, buffer, offset, length, now);
            case UNPARSABLE -> parseError("simulated parse error", buffer, offset, length);
            case IGNORED, LOST -> {}
        }
    }

    private void handle(
            Decoded<ServerMessage> decoded, String text, byte[] buffer, int offset, int length, long receivedNs) {
        switch (decoded) {
            case Decoded.Usable<ServerMessage>(var message) -> {
                switch (message) {
                    case ServerMessage.AuthAck ack -> admitted(ack);
                    case ServerMessage.AuthReject reject -> rejected(reject);
                    case ServerMessage.ConfigUpdate update -> configured(update);
                    case ServerMessage.Echo echo -> {
                        shard.stats.echoes.increment();
                        send(new AgentMessage.EchoReply(echo.nonce(), counters.rx(), counters.tx()));
                    }
                    case ServerMessage.Command command ->
                        agent.command(this, command, length, shard.sha256(buffer, offset, length), receivedNs);
                    default -> agent.message(this, message);
                }
            }
            case Decoded.Unusable<ServerMessage>(var code, var detail, var receivedType) -> {
                parseError(detail, buffer, offset, length);
                String sha256 = shard.sha256(buffer, offset, length);
                send(unusable(code, detail, receivedType, text, length, sha256));
            }
        }
    }

    /** Promise 3: what cannot be used is answered, as a refused command where it can be told that it was one. */
    private static AgentMessage unusable(
            ProtocolFault.Code code,
            String detail,
            @Nullable String receivedType,
            String text,
            int length,
            String sha256) {
        if ("Command".equals(receivedType)) {
            var glimpse = ServerMessageCodec.glimpse(text);
            return new AgentMessage.CommandNack(
                    glimpse.commandId(), glimpse.attempt(), AgentMessage.NackCode.UNPARSABLE, detail, length, sha256);
        }
        return new AgentMessage.ProtocolError(new ProtocolFault(code, detail, receivedType, length, sha256));
    }

    private void parseError(String message, byte[] buffer, int offset, int length) {
        counters.parseErrors++;
        counters.lastError =
                new AgentMessage.LastError(shard.sha256(buffer, offset, length), message, shard.clock.instant());
    }

    private void admitted(ServerMessage.AuthAck ack) {
        boolean first = authAck == null;
        authAck = ack;
        if (!first) {
            return;
        }
        shard.stats.logins.increment();
        shard.stats.loggedIn(System.nanoTime() - startedNs);
        shard.stats.live.incrementAndGet();
        heartbeatNs = TimeUnit.SECONDS.toNanos(ack.heartbeatIntervalS());
        agent.admitted(this, ack);
        heartbeatTimer = shard.loop.after((long) (heartbeatNs * shard.random.nextDouble()), this::beat);
        if (behaviour.noticesSilence()) {
            watchSilence();
        }
    }

    private void rejected(ServerMessage.AuthReject reject) {
        shard.stats.rejections.increment();
        retryAfterS = reject.retryAfterS();
    }

    private void configured(ServerMessage.ConfigUpdate update) {
        heartbeatNs = TimeUnit.SECONDS.toNanos(update.config().heartbeatIntervalS());
        send(new AgentMessage.ConfigAck(update.configVersion(), true, null));
        if (!loginComplete) {
            loginComplete = true;
            behaviour.loggedIn(agent, this);
        }
    }

    private void beat() {
        if (isOpen()) {
            if (behaviour.beats()) {
                heartbeat();
            }
            heartbeatTimer = shard.loop.after(shard.jittered(heartbeatNs, HEARTBEAT_JITTER), this::beat);
        }
    }

    void heartbeat() {
        shard.stats.heartbeats.increment();
        send(agent.heartbeat(++heartbeats, counters));
    }

    private void watchSilence() {
        ServerMessage.AuthAck ack = authAck;
        if (!isOpen() || ack == null) {
            return;
        }
        long now = System.nanoTime();
        long idleLeft = lastInputNs + TimeUnit.SECONDS.toNanos(ack.idleTimeoutS()) - now;
        long textLeft = lastTextNs + TEXT_SILENCE_NS - now;
        if (idleLeft <= 0) {
            abort("silent");
        } else if (textLeft <= 0) {
            abort("text_silent");
        } else {
            silenceTimer = shard.loop.after(Math.min(idleLeft, textLeft), this::watchSilence);
        }
    }

    void send(AgentMessage message) {
        sendRaw(AgentMessageCodec.encode(message));
    }

    void sendRaw(String text) {
        counters.txText++;
        counters.txBytes += wire.sendText(text);
    }

    @Override
    public void closeReceived(int code, String reason) {
        closeCode = code;
        if (!behaviour.letsGo(agent.isNewest(this))) {
            return;
        }
        if (!wire.closeSent()) {
            wire.sendClose(code == 1005 ? 1000 : code, "");
            wire.flush();
        }
        wire.abort("close " + code);
    }

    /** A polite end by the agent. */
    void close(String reason) {
        wire.sendClose(1000, reason);
    }

    void abort(String why) {
        wire.abort(why);
    }

    @Override
    public void ended(String why) {
        stopTimers();
        if (authAck != null) {
            shard.stats.live.decrementAndGet();
        }
        shard.stats.closed(closeCode == null ? why : "close " + closeCode);
        agent.ended(this, closeCode, why, retryAfterS, authAck == null ? 0 : System.nanoTime() - startedNs);
    }

    /** For a process that stops: nothing more is read or sent, and the kernel keeps the socket. */
    void freeze() {
        stopTimers();
        wire.stopReading();
    }

    private void stopTimers() {
        if (heartbeatTimer != null) {
            heartbeatTimer.cancel();
        }
        if (silenceTimer != null) {
            silenceTimer.cancel();
        }
    }

    void stopReading() {
        wire.stopReading();
    }

    /** Logged in, and nobody has ended it. */
    boolean isOpen() {
        return authAck != null && wire.isOpen();
    }

    @Nullable
    String connectionId() {
        return authAck == null ? null : authAck.connectionId().toString();
    }
}
