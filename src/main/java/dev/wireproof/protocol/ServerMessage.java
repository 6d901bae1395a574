package dev.wireproof.protocol;

import dev.wireproof.id.AgentId;
import dev.wireproof.id.CommandId;
import dev.wireproof.id.ConnectionId;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A text that the server sends. Wire names live in the codec. */
public sealed interface ServerMessage {

    /**
     * A key that signs commands.
     *
     * @param publicKey X.509 in base64
     * @param endorsedBy the id of an earlier key that signed for this one; null: of the first
     * @param endorsement its signature of {@link SigningKeys#endorsement}, in base64; null without {@code endorsedBy}
     */
    record SigningKey(
            String keyId,
            String publicKey,
            @Nullable String endorsedBy,
            @Nullable String endorsement) {
        public SigningKey(String keyId, String publicKey) {
            this(keyId, publicKey, null, null);
        }
    }

    /** @param agentKey only when this Auth enrolled the agent; shown once */
    record AuthAck(
            AgentId agentId,
            @Nullable String agentKey,
            ConnectionId connectionId,
            long epoch,
            int heartbeatIntervalS,
            int pingIntervalS,
            int idleTimeoutS,
            int maxMessageBytes,
            Instant serverTime,
            String serverVersion,
            List<SigningKey> signingKeys)
            implements ServerMessage {
        public AuthAck {
            signingKeys = List.copyOf(signingKeys);
        }

        /** Secrets do not belong in logs. */
        @Override
        public String toString() {
            return "AuthAck[agentId=" + agentId + ", connectionId=" + connectionId + ", epoch=" + epoch
                    + ", with a key: " + (agentKey != null) + "]";
        }
    }

    enum RejectCode {
        BAD_CREDENTIALS,
        REVOKED,
        TOKEN_EXPIRED,
        TOKEN_USED_UP,
        RATE_LIMITED
    }

    record AuthReject(RejectCode code, String message, int retryAfterS) implements ServerMessage {}

    /** What an agent is to do; the same for all until a site or an agent has its own. */
    record AgentConfig(
            int heartbeatIntervalS,
            int maxConcurrentCommands,
            long maxOutputBytes,
            List<String> allowedInterpreters,
            boolean trace) {
        public AgentConfig {
            allowedInterpreters = List.copyOf(allowedInterpreters);
        }
    }

    record ConfigUpdate(long configVersion, AgentConfig config) implements ServerMessage {}

    record Signature(String keyId, String document, String value) {}

    /**
     * @param attempt 1 and up
     * @param interpreter sh, bash, powershell, cmd or python
     * @param cwd null: the agent's own choice
     */
    record Command(
            CommandId commandId,
            int attempt,
            String kind,
            String interpreter,
            String script,
            List<String> args,
            Map<String, String> env,
            @Nullable String cwd,
            int timeoutS,
            long maxOutputBytes,
            Instant issuedAt,
            Instant expiresAt,
            @Nullable Signature signature)
            implements ServerMessage {
        public Command {
            args = List.copyOf(args);
            env = Map.copyOf(env);
        }
    }

    record Echo(String nonce) implements ServerMessage {}

    /** @param commandIds at most 500 */
    record CommandLedgerQuery(List<CommandId> commandIds) implements ServerMessage {
        public CommandLedgerQuery {
            commandIds = List.copyOf(commandIds);
        }
    }

    record CommandCancel(CommandId commandId, @Nullable String reason) implements ServerMessage {}

    record CommandResultAck(CommandId commandId) implements ServerMessage {}

    record ProtocolError(ProtocolFault fault) implements ServerMessage {}
}
