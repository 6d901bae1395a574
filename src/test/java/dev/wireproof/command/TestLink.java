package dev.wireproof.command;

import dev.wireproof.connection.AgentLink;
import dev.wireproof.connection.EchoTrace;
import dev.wireproof.connection.OutboundText;
import dev.wireproof.connection.SendObserver;
import dev.wireproof.connection.SendOutcome;
import dev.wireproof.id.AgentId;
import dev.wireproof.id.ConnectionId;
import dev.wireproof.protocol.CloseCode;
import dev.wireproof.protocol.Decoded;
import dev.wireproof.protocol.ServerMessage;
import dev.wireproof.protocol.ServerMessageCodec;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;

/** A connection whose other end is the test: it decides what is written, read and answered, and when. */
final class TestLink implements AgentLink {
    private static final AtomicLong EPOCHS = new AtomicLong();

    /** What was put on the queue, with what became of it. */
    record Sent(OutboundText text, SendObserver observer) {}

    private final ConnectionId id = new ConnectionId(UUID.randomUUID());
    private final AgentId agent;
    private final long epoch = EPOCHS.incrementAndGet();
    private final AtomicLong ns = new AtomicLong(1_000);
    final List<Sent> sent = new CopyOnWriteArrayList<>();
    final List<Long> answered = new CopyOnWriteArrayList<>();
    volatile boolean live = true;
    volatile boolean offersAllowed = true;
    volatile boolean full;
    /** Whether frames are written at once, or stay in the queue. */
    volatile boolean writes = true;

    TestLink(AgentId agent) {
        this.agent = agent;
    }

    @Override
    public ConnectionId connectionId() {
        return id;
    }

    @Override
    public AgentId agentId() {
        return agent;
    }

    @Override
    public long epoch() {
        return epoch;
    }

    @Override
    public boolean live() {
        return live;
    }

    @Override
    public boolean offersAllowed() {
        return live && offersAllowed;
    }

    @Override
    public long nowNs() {
        return ns.addAndGet(1_000);
    }

    @Override
    public SendOutcome send(OutboundText text, SendObserver observer) {
        if (!live) {
            return new SendOutcome.Closed();
        }
        if (full) {
            return new SendOutcome.QueueFull(256, 4_000_000);
        }
        Sent one = new Sent(text, observer);
        sent.add(one);
        long enqueued = nowNs();
        if (writes) {
            write(one);
        }
        return new SendOutcome.Enqueued(enqueued);
    }

    void write(Sent one) {
        one.observer().writeStarted(nowNs());
        if (one.text().fenced()) {
            one.observer().fenced(sent.size());
        }
        one.observer().written(nowNs());
    }

    @Override
    public void answered(long sentNs) {
        answered.add(sentNs);
    }

    @Override
    public CompletableFuture<EchoTrace> echo() {
        return new CompletableFuture<>();
    }

    @Override
    public void trace(Duration duration) {}

    @Override
    public void close(CloseCode code, String reason) {
        live = false;
    }

    /** All texts of one type, in order. */
    <M extends ServerMessage> List<M> texts(Class<M> type) {
        return sent.stream()
                .map(one -> ServerMessageCodec.decode(one.text().json()))
                .map(decoded -> ((Decoded.Usable<ServerMessage>) decoded).message())
                .filter(type::isInstance)
                .map(type::cast)
                .toList();
    }

    List<Sent> sent(String type) {
        return sent.stream().filter(one -> one.text().type().equals(type)).toList();
    }
}
