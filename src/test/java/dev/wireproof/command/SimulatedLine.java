package dev.wireproof.command;

import dev.wireproof.connection.AgentLink;
import dev.wireproof.connection.AgentMessageHandler;
import dev.wireproof.connection.EchoTrace;
import dev.wireproof.connection.OutboundText;
import dev.wireproof.connection.Received;
import dev.wireproof.connection.SendObserver;
import dev.wireproof.connection.SendOutcome;
import dev.wireproof.id.AgentId;
import dev.wireproof.id.ConnectionId;
import dev.wireproof.protocol.AgentMessage;
import dev.wireproof.protocol.CloseCode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * A connection between a {@link SimulatedServer} and a {@link SimulatedMachine}: a model of the connection room and of TCP. Each direction
 * keeps its order; texts come late, twice, or, when the path is cut, not at all, with everything behind them.
 */
final class SimulatedLine implements AgentLink {
    private final SimulatedWorld world;
    private final SimulatedServer server;
    private final SimulatedMachine machine;
    private final ConnectionId id;
    private final long epoch;
    private final long openedNs;
    private final List<SendObserver> unwritten = new ArrayList<>();
    private long lastDownNs;
    private long lastUpNs;
    private long fences;
    private boolean live = true;
    private boolean open = true;
    private boolean cut;

    SimulatedLine(SimulatedWorld world, SimulatedServer server, SimulatedMachine machine, long epoch) {
        this.world = world;
        this.server = server;
        this.machine = machine;
        this.epoch = epoch;
        this.id = new ConnectionId(new UUID(0xC0, epoch));
        this.openedNs = world.nowNs();
    }

    boolean belongsTo(SimulatedServer other) {
        return server == other;
    }

    private boolean serverHasIt() {
        return open && world.server() == server;
    }

    // ---- the server's end

    @Override
    public ConnectionId connectionId() {
        return id;
    }

    @Override
    public AgentId agentId() {
        return machine.id();
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
        return live;
    }

    @Override
    public long nowNs() {
        return world.nowNs() - openedNs + 1;
    }

    @Override
    public SendOutcome send(OutboundText text, SendObserver observer) {
        world.crashHere();
        world.leaves(this, text);
        if (!open || !live) {
            return new SendOutcome.Closed();
        }
        if (world.faulty(0.01)) {
            return new SendOutcome.QueueFull(256, 4 << 20);
        }
        unwritten.add(observer);
        lastDownNs = Math.max(lastDownNs, world.nowNs() + world.random.nextLong(2_000_000));
        world.at(lastDownNs, () -> write(text, observer));
        world.crashHere();
        return new SendOutcome.Enqueued(nowNs());
    }

    private void write(OutboundText text, SendObserver observer) {
        if (!serverHasIt() || !unwritten.remove(observer)) {
            return;
        }
        observer.writeStarted(nowNs());
        long fence = text.fenced() ? ++fences : 0;
        if (fence > 0) {
            observer.fenced(fence);
        }
        observer.written(nowNs());
        lastDownNs = Math.max(lastDownNs, world.nowNs() + delayNs());
        world.at(lastDownNs, () -> arrive(text, observer, fence));
    }

    private void arrive(OutboundText text, SendObserver observer, long fence) {
        if (cut) {
            return;
        }
        machine.received(this, text.json());
        if (world.faulty(0.02)) {
            machine.received(this, text.json());
        }
        if (fence > 0) {
            up(() -> observer.peerRead(nowNs(), 1));
        }
    }

    /** The server hears that it is over: nothing that was not written ever will be. */
    void closedAtServer() {
        if (!serverHasIt()) {
            return;
        }
        open = false;
        live = false;
        List.copyOf(unwritten).forEach(observer -> observer.neverWritten(nowNs()));
        unwritten.clear();
        server.dispatcher.closed(this, null, "gone", world.now());
    }

    void superseded() {
        live = false;
        world.after(world.random.nextLong(TimeUnit.SECONDS.toNanos(5)), this::closedAtServer);
    }

    @Override
    public void answered(long sentNs) {
        // the deadlines of connections are not part of this
    }

    @Override
    public CompletableFuture<EchoTrace> echo() {
        return new CompletableFuture<>();
    }

    @Override
    public void trace(Duration duration) {}

    @Override
    public void close(CloseCode code, String reason) {
        closedAtServer();
    }

    // ---- the path

    /** What is on its way is lost. The server may believe in it for a long time. */
    void cut() {
        if (!cut) {
            cut = true;
            long belief = TimeUnit.SECONDS.toNanos(world.chance(0.3) ? 45 : 1);
            world.after(world.random.nextLong(belief), this::closedAtServer);
        }
    }

    private long delayNs() {
        return world.faulty(0.03) ? world.random.nextLong(8_000_000_000L) : world.random.nextLong(20_000_000);
    }

    private void up(Runnable arrival) {
        lastUpNs = Math.max(lastUpNs, world.nowNs() + delayNs());
        boolean[] lost = {false};
        world.at(lastUpNs, () -> {
            lost[0] = cut && world.chance(0.5);
            if (serverHasIt() && !lost[0]) {
                arrival.run();
            }
        });
    }

    // ---- the machine's end

    <M extends AgentMessage> void say(AgentMessageHandler<M> to, M message) {
        Runnable arrival = () -> to.handle(this, new Received<>(message, world.now(), nowNs(), 100));
        up(arrival);
        if (world.faulty(0.02)) {
            up(arrival);
        }
    }

    AgentReports reports() {
        return server.reports;
    }
}
