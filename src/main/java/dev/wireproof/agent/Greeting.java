package dev.wireproof.agent;

import dev.wireproof.id.CommandId;
import dev.wireproof.protocol.AgentMessage;
import dev.wireproof.protocol.AgentMessage.Credentials;
import dev.wireproof.protocol.CloseCode;
import dev.wireproof.protocol.ServerMessage.AuthAck;
import dev.wireproof.protocol.ServerMessage.AuthReject;
import dev.wireproof.protocol.ServerMessage.RejectCode;
import dev.wireproof.protocol.ServerMessage.SigningKey;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Who this agent says it is, and what it makes of the answer. Owned by the core's thread. */
final class Greeting {
    private final AgentOptions options;
    private final Machine machine;
    private final Ledger ledger;
    private final Path identityFile;
    private final AgentLog log;
    private final String version;
    private final UUID instanceId = UUID.randomUUID();
    private @Nullable Identity identity;
    private @Nullable String previousConnection;
    private @Nullable String previousClose;

    Greeting(
            AgentOptions options,
            Machine machine,
            @Nullable Identity identity,
            Ledger ledger,
            Path identityFile,
            String version,
            AgentLog log) {
        this.options = options;
        this.machine = machine;
        this.identity = identity;
        this.ledger = ledger;
        this.identityFile = identityFile;
        this.version = version;
        this.log = log;
    }

    /** Who this agent is by now; null: not enrolled yet. */
    @Nullable
    Identity identity() {
        return identity;
    }

    AgentMessage.Auth auth(List<CommandId> runningCommands) {
        Identity known = identity;
        return new AgentMessage.Auth(
                known == null
                        // AgentMain refuses to start with neither.
                        ? new Credentials.Enrolling(String.valueOf(options.enrollmentToken()), machine.deviceId())
                        : new Credentials.Enrolled(known.agentId(), known.agentKey()),
                machine.hostname(),
                machine.os(),
                version,
                instanceId,
                machine.bootId(),
                known == null || known.lastEpoch() == 0 ? null : known.lastEpoch(),
                options.tags(),
                capabilities(),
                ledger.id(),
                ledger.seq(),
                previousConnection,
                previousClose,
                runningCommands);
    }

    private static List<String> capabilities() {
        List<String> found = new ArrayList<>();
        for (Interpreter one : Interpreter.values()) {
            if (one.find().isPresent()) {
                found.add("shell:" + one.wireName());
            }
        }
        return found;
    }

    /** @return false when this connection cannot go on */
    boolean accepted(Session session, AuthAck ack) {
        Identity known = identity;
        if (known != null && !known.agentId().equals(ack.agentId())) {
            session.close(CloseCode.PROTOCOL_ERROR, "AuthAck names another agent");
            return false;
        }
        String key = ack.agentKey() != null ? ack.agentKey() : known == null ? null : known.agentKey();
        if (key == null) {
            session.close(CloseCode.PROTOCOL_ERROR, "AuthAck of an enrolment holds no agent_key");
            return false;
        }
        Map<String, String> pinned = known == null ? Map.of() : known.signingKeys();
        Map<String, String> signingKeys = PinnedKeys.after(pinned, ack.signingKeys());
        if (!signingKeys.equals(pinned)) {
            log.info("signing_keys.pinned", "keys", signingKeys.keySet());
        }
        for (SigningKey told : ack.signingKeys()) {
            if (!signingKeys.containsKey(told.keyId())) {
                log.warn("signing_key.refused", "key", told.keyId());
            }
        }
        Identity fresh = new Identity(
                ack.agentId(), key, Math.max(ack.epoch(), known == null ? 0 : known.lastEpoch()), signingKeys);
        try {
            fresh.store(identityFile);
        } catch (IOException e) {
            // Ended without a word: the server then gives the same identity to the same token again.
            log.warn("identity.not_stored", "error", e.getMessage());
            session.abort("the identity could not be stored");
            return false;
        }
        identity = fresh;
        previousConnection = ack.connectionId().toString();
        log.info("connected", "agent", ack.agentId(), "connection", ack.connectionId(), "epoch", ack.epoch());
        return true;
    }

    void rejected(Session session, AuthReject reject) {
        log.warn("auth.rejected", "code", reject.code(), "message", reject.message());
        session.rejected(Duration.ofSeconds(reject.retryAfterS()), reject.code() == RejectCode.REVOKED);
    }

    void ended(Session session, Session.End end) {
        previousClose = end.told();
        log.info(
                "disconnected",
                "code",
                end.code(),
                "reason",
                end.reason(),
                "connected_s",
                session.connectedFor().toSeconds());
    }
}
