package dev.wireproof.connection;

import dev.wireproof.connection.Deadlines.Phase;
import dev.wireproof.fleet.Admission;
import dev.wireproof.fleet.AgentAdmission;
import dev.wireproof.protocol.AgentMessage;
import dev.wireproof.protocol.CloseCode;
import dev.wireproof.protocol.ProtocolLimits;
import dev.wireproof.protocol.ServerMessage;
import dev.wireproof.protocol.ServerMessageCodec;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * From an Auth to a live connection, on a virtual thread of its own, because it asks the database. Nothing of the connection is read
 * meanwhile, so the agent's next message is handled after all this. How many are admitted at a time is bounded, so that a fleet that
 * comes back at once leaves the database to others as well.
 */
final class Welcome {
    private static final Logger log = LoggerFactory.getLogger(Welcome.class);
    private static final int AT_A_TIME = 8;
    private static final Duration LONGEST_WAIT = Duration.ofSeconds(30);

    private final AgentAdmission admission;
    private final EpochStore epochs;
    private final Switchboard board;
    private final String serverVersion;
    private final List<ServerMessage.SigningKey> signingKeys;
    private final Semaphore turns = new Semaphore(AT_A_TIME);

    /** @param signingKeys that agents are told; empty: commands are not signed */
    Welcome(
            AgentAdmission admission,
            EpochStore epochs,
            Switchboard board,
            String serverVersion,
            List<ServerMessage.SigningKey> signingKeys) {
        this.admission = admission;
        this.epochs = epochs;
        this.board = board;
        this.serverVersion = serverVersion;
        this.signingKeys = List.copyOf(signingKeys);
    }

    /** Returns at once. The connection reads on when it is done. */
    void begin(Connection connection, AgentMessage.Auth auth) {
        connection.course().enter(Phase.ADMITTING, connection.board().nowMs());
        Thread.startVirtualThread(() -> {
            try {
                admit(connection, auth);
            } catch (RuntimeException e) {
                log.atWarn()
                        .addKeyValue("connection", connection.connectionId())
                        .setCause(e)
                        .log("connection.admission_failed");
                connection.close(CloseCode.OVERLOADED, "credentials cannot be checked now");
            } finally {
                connection.demand();
            }
        });
    }

    private void admit(Connection connection, AgentMessage.Auth auth) {
        if (!myTurn()) {
            connection.close(CloseCode.OVERLOADED, "too many agents wait to be let in");
            return;
        }
        Admission answer;
        EpochStore.Grant grant = null;
        try {
            answer = admission.admit(auth, connection.peer().agentAddress());
            if (answer instanceof Admission.Admitted admitted) {
                grant = epochs.next(admitted.agentId(), auth.lastEpoch());
            }
        } finally {
            turns.release();
        }
        switch (answer) {
            case Admission.Refused refused -> refuse(connection, refused);
            case Admission.Admitted admitted -> {
                if (grant != null) {
                    letIn(connection, auth, admitted, grant);
                }
            }
        }
    }

    /** @return false when it did not come in time: who waits longer has connected again meanwhile */
    private boolean myTurn() {
        try {
            return turns.tryAcquire(LONGEST_WAIT.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private static void refuse(Connection connection, Admission.Refused refused) {
        connection.board().metrics().authRefused(refused.code());
        send(connection, new ServerMessage.AuthReject(refused.code(), refused.message(), refused.retryAfterS()));
        CloseCode code =
                refused.code() == ServerMessage.RejectCode.RATE_LIMITED ? CloseCode.TOO_MANY : CloseCode.AUTH_REFUSED;
        connection.close(code, refused.message(), true);
    }

    private void letIn(
            Connection connection, AgentMessage.Auth auth, Admission.Admitted admitted, EpochStore.Grant grant) {
        connection.authenticated(
                new Identity(
                        admitted.agentId(),
                        grant.epoch(),
                        auth.instanceId(),
                        admitted.pending(),
                        admitted.configVersion(),
                        board.now()),
                admitted.newAgentKey() != null);
        board.rows().opened(connection);
        if (grant.held() || conflicts(connection, auth)) {
            connection.close(
                    CloseCode.IDENTITY_CONFLICT, "two processes use this identity; an operator has to release it");
            return;
        }
        // Queued before anybody can see the connection, so that they come first; sent when it is seen, so that who
        // reads AuthAck is live.
        connection.outbox().cork();
        greet(connection, admitted);
        Connection loser = board.registry().register(connection);
        if (loser == connection) {
            connection.superseded();
            return;
        }
        if (loser != null) {
            takeOver(loser, connection);
        }
        Course.Ending ending = connection.course().ending();
        if (ending != null) { // it was closed while it was being let in
            board.registry().leave(connection);
            board.rows().closed(connection, ending);
            return;
        }
        connection.opened();
        Duration traced = board.history().tracedFor(connection.agentId(), board.nowMs());
        if (traced.isPositive()) {
            connection.trace(traced);
        }
        connection.outbox().uncork();
        board.tellOpened(connection, auth, connection.authenticated().authenticatedAt());
    }

    /** These go first on every session; what others send comes behind. */
    private void greet(Connection connection, Admission.Admitted admitted) {
        ConnectionProperties settings = board.settings();
        send(
                connection,
                new ServerMessage.AuthAck(
                        admitted.agentId(),
                        admitted.newAgentKey(),
                        connection.connectionId(),
                        connection.epoch(),
                        admitted.config().heartbeatIntervalS(),
                        (int) settings.pingInterval().toSeconds(),
                        (int) settings.idleTimeout().toSeconds(),
                        ProtocolLimits.AGENT_MESSAGE_BYTES,
                        board.now(),
                        serverVersion,
                        signingKeys));
        send(connection, new ServerMessage.ConfigUpdate(admitted.configVersion(), admitted.config()));
        connection.sendEcho(null);
    }

    static void send(Connection connection, ServerMessage message) {
        connection.send(
                OutboundText.of(ServerMessageCodec.typeName(message), ServerMessageCodec.encode(message), null, false),
                SendObserver.NONE);
    }

    private void takeOver(Connection older, Connection newer) {
        Identity before = older.authenticated();
        if (!before.instanceId().equals(newer.authenticated().instanceId())) {
            board.history()
                    .superseded(
                            before.agentId(), before.instanceId(), older.peer().agentAddress());
        }
        older.superseded();
    }

    /** A process that comes back after another one superseded it, again and again: both are put on hold. */
    private boolean conflicts(Connection connection, AgentMessage.Auth auth) {
        AgentHistory history = board.history();
        String address = connection.peer().agentAddress();
        if (!history.returned(connection.agentId(), auth.instanceId(), address, board.nowMs())) {
            return false;
        }
        board.metrics().conflict();
        List<String> addresses = history.addresses(connection.agentId());
        epochs.hold(connection.agentId(), board.now(), addresses);
        log.atWarn()
                .addKeyValue("agent", connection.agentId())
                .addKeyValue("addresses", addresses)
                .log("connection.identity_conflict");
        board.registry()
                .connectionOf(connection.agentId())
                .ifPresent(other -> other.close(CloseCode.IDENTITY_CONFLICT, "two processes use this identity"));
        return true;
    }
}
