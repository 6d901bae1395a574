package dev.wireproof.simulator;

import dev.wireproof.protocol.AgentMessage;
import dev.wireproof.protocol.CloseCode;
import dev.wireproof.protocol.ServerMessage;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** One simulated machine: who it is, when it connects again, and what its behaviour lets it do. On its loop. */
final class SimulatedAgent {
    private static final String BOOT_ID = UUID.randomUUID().toString();
    private static final int BACK_OFF_LIMIT_S = 60;
    private static final int LARGEST_EXPONENT = 6;
    private static final long STEADY_NS = TimeUnit.SECONDS.toNanos(60);
    private static final long SUPERSEDED_WAIT_NS = TimeUnit.SECONDS.toNanos(60);
    private static final long CONFLICT_WAIT_NS = TimeUnit.HOURS.toNanos(1);

    private final Shard shard;
    private final Endpoint endpoint;
    private final Identity identity;
    private final Behaviour behaviour;
    private final CommandHandler commands;
    private final IdentityListener identities;
    private final long startedNs = System.nanoTime();

    private @Nullable Session newest;
    private boolean frozen;
    private boolean stopping;
    private int failures;
    private @Nullable String previousConnectionId;
    private @Nullable String previousClose;

    /** Told when there is something new to remember about who an agent is. */
    interface IdentityListener {
        IdentityListener NONE = _ -> {};

        void changed(Identity identity);
    }

    SimulatedAgent(
            Shard shard, Endpoint endpoint, Identity identity, Behaviour behaviour, IdentityListener identities) {
        this.shard = shard;
        this.endpoint = endpoint;
        this.identity = identity;
        this.behaviour = behaviour;
        this.identities = identities;
        this.commands = new CommandHandler(this, shard, identity, behaviour);
    }

    Identity identity() {
        return identity;
    }

    Behaviour behaviour() {
        return behaviour;
    }

    void connect() {
        if (newest == null && !stopping && !frozen) {
            connectBeside();
        }
    }

    /** Opens a connection whether there is one or not. */
    void connectBeside() {
        shard.stats.connects.increment();
        try {
            newest = new Session(this, shard, endpoint, behaviour);
        } catch (IOException e) {
            shard.stats.closed("no socket: " + e.getMessage());
            newest = null;
            reconnectIn(backOffNs());
        }
    }

    AgentMessage.@Nullable Auth auth() {
        AgentMessage.Credentials credentials = identity.credentials();
        return credentials == null
                ? null
                : new AgentMessage.Auth(
                        credentials,
                        identity.name,
                        new AgentMessage.Os("linux", "Simulated Linux", "1", "x86_64"),
                        "simulator-1",
                        identity.instanceId,
                        BOOT_ID,
                        identity.lastEpoch(),
                        Map.of("simulated", behaviour.fault().optionName()),
                        List.of(),
                        identity.ledger.ledgerId(),
                        identity.ledger.sequence(),
                        previousConnectionId,
                        previousClose,
                        identity.ledger.unfinished(64));
    }

    void admitted(Session session, ServerMessage.AuthAck ack) {
        if (ack.agentKey() != null) {
            shard.stats.enrolments.increment();
        }
        identity.admitted(ack.agentId(), ack.agentKey(), ack.epoch());
        identities.changed(identity);
        if (isNewest(session)) {
            commands.resendResults(session);
        }
    }

    AgentMessage.Heartbeat heartbeat(long sequence, RxTx counters) {
        return new AgentMessage.Heartbeat(
                sequence,
                TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - startedNs),
                counters.rx(),
                counters.tx(),
                identity.ledger.unfinished(64),
                0,
                counters.lastError,
                null);
    }

    void command(Session session, ServerMessage.Command command, int bytes, String sha256, long receivedNs) {
        if (isNewest(session)) { // Promise 5: never on a frame of an older connection.
            commands.offered(session, command, bytes, sha256, receivedNs);
        }
    }

    void message(Session session, ServerMessage message) {
        if (!isNewest(session)) {
            return;
        }
        switch (message) {
            case ServerMessage.CommandCancel cancel -> commands.cancel(session, cancel);
            case ServerMessage.CommandLedgerQuery query -> commands.ledgerQuery(session, query);
            case ServerMessage.CommandResultAck ack -> commands.resultConfirmed(ack.commandId());
            case ServerMessage.ProtocolError error -> commands.protocolError(error.fault());
            default -> {} // The session's own.
        }
    }

    /**
     * @param connectedNs how long it was logged in, 0 for never
     * @param closeCode of a Close that came, else null
     */
    void ended(Session session, @Nullable Integer closeCode, String why, int retryAfterS, long connectedNs) {
        if (newest != session) {
            return;
        }
        newest = null;
        if (session.connectionId() != null) {
            previousConnectionId = session.connectionId();
        }
        previousClose = closeCode == null ? why : String.valueOf(closeCode);
        if (stopping) {
            return;
        }
        if (connectedNs > 0) {
            shard.stats.drops.increment();
        }
        failures = connectedNs >= STEADY_NS ? 0 : Math.min(failures + 1, LARGEST_EXPONENT);
        CloseCode known = closeCode == null ? null : CloseCode.of(closeCode).orElse(null);
        if (known == null) {
            reconnectIn(backOffNs());
            return;
        }
        switch (known.reaction()) {
            case RECONNECT_WITH_JITTER, BACK_OFF -> reconnectIn(backOffNs());
            case NOT_BEFORE_RETRY_AFTER -> reconnectIn(TimeUnit.SECONDS.toNanos(retryAfterS) + backOffNs());
            case WAIT_60_S_UNLESS_CONNECTED -> reconnectIn(SUPERSEDED_WAIT_NS);
            case TRY_EACH_HOUR -> reconnectIn(CONFLICT_WAIT_NS);
            case NOTHING, STOP_AND_ENROL_AGAIN -> {
                stopping = true;
                shard.stats.stopped.incrementAndGet();
            }
        }
    }

    private void reconnectIn(long delayNs) {
        later(delayNs, this::connect);
    }

    /** Full jitter: random in 0…min(60 s, 1 s · 2^n). */
    private long backOffNs() {
        return randomUpTo(TimeUnit.SECONDS.toNanos(Math.min(BACK_OFF_LIMIT_S, 1L << Math.max(0, failures - 1))));
    }

    long randomUpTo(long ns) {
        return shard.random.nextLong(ns + 1);
    }

    /** Unless it froze or stopped meanwhile. */
    EventLoop.Timer later(long delayNs, Runnable action) {
        return shard.loop.after(delayNs, () -> {
            if (!frozen && !stopping) {
                action.run();
            }
        });
    }

    boolean isNewest(Session session) {
        return newest == session;
    }

    /** @return null while there is no connection that is logged in */
    @Nullable
    Session openSession() {
        Session session = newest;
        return session != null && session.isOpen() ? session : null;
    }

    /** Its process stops for good, as by SIGSTOP. */
    void freeze() {
        frozen = true;
        if (newest != null) {
            newest.freeze();
        }
    }

    /** The fleet ends. */
    void stop() {
        stopping = true;
        if (newest != null && !frozen) {
            newest.close("the simulator ends");
        }
    }
}
